//! Tools of other languages, in pinned versions, installed under the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::target_folder;

/// Where tools are installed: `tools` in cargo's target folder, a folder for each set.
#[derive(Clone, Debug)]
pub struct Tools {
    folder: PathBuf,
}

impl Tools {
    /// The tools of the project at `root`.
    pub fn of(root: &Path) -> Self {
        Self { folder: target_folder(root).join("tools") }
    }

    /// A virtual environment `name` with what `requirements` pins, each package with its hashes; returns the folder of its
    /// programs.
    ///
    /// # Errors
    /// When Python is missing, or pip cannot install what is pinned.
    pub fn python(&self, name: &str, requirements: &Path) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(name);
        let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
        install(&folder, &[requirements], || {
            output(Command::new(PYTHON.found()?).args(["-m", "venv"]).arg(&folder))
                .context("Python cannot make a virtual environment; on Debian, install python3-venv")?;
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"];
            output(Command::new(programs.join("python")).args(pip).arg("-r").arg(requirements))
        })?;
        Ok(programs)
    }

    /// A folder `name` with the `node_modules` of `package.json` and `package-lock.json` in `source`; returns it.
    ///
    /// # Errors
    /// When Node is missing, or npm cannot install what is locked.
    pub fn node(&self, name: &str, source: &Path) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(name);
        let [package, lock] = ["package.json", "package-lock.json"].map(|file| source.join(file));
        install(&folder, &[&package, &lock], || {
            for file in [&package, &lock] {
                let copy = folder.join(file.file_name().unwrap_or_default());
                fs::copy(file, copy).with_context(|| format!("cannot copy {}", file.display()))?;
            }
            // Scripts of packages are not run: none that we use needs them.
            let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
            output(Command::new(NPM.found()?).args(ci).current_dir(&folder))
        })?;
        Ok(folder)
    }
}

/// A program that the machine has to have, and how to get it.
#[derive(Clone, Copy, Debug)]
pub struct Needed {
    /// Its name on the path.
    pub program: &'static str,
    /// What to do when it is not there.
    pub get: &'static str,
}

/// Python, to make virtual environments.
pub const PYTHON: Needed = Needed {
    program: "python3",
    get: "Python 3.11 or newer with venv (on Debian: apt-get install python3 python3-venv)",
};
/// Node.js, to run what npm installs.
pub const NODE: Needed = Needed { program: "node", get: "Node.js 20 or newer, from nodejs.org" };
/// npm, to install packages for Node.js.
pub const NPM: Needed =
    Needed { program: "npm", get: "npm, which comes with Node.js 20 or newer, from nodejs.org" };
/// Go, which builds and runs programs that a `go.mod` pins.
pub const GO: Needed = Needed {
    program: "go",
    get: "Go 1.21 or newer, which fetches a newer one where a program needs it (on Debian: apt-get install golang-go)",
};
/// sha256sum, to check or make checksums.
pub const SHA256SUM: Needed =
    Needed { program: "sha256sum", get: "sha256sum (on Debian: apt-get install coreutils)" };

impl Needed {
    /// The program's path.
    ///
    /// # Errors
    /// When it is not on the path: says how to get it.
    pub fn found(self) -> anyhow::Result<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let name = format!("{}{}", self.program, std::env::consts::EXE_SUFFIX);
        let found = std::env::split_paths(&path).map(|folder| folder.join(&name)).find(|path| path.is_file());
        found.with_context(|| format!("{} is not on the path: install {}", self.program, self.get))
    }
}

/// Runs a program to its end and returns what it printed.
///
/// # Errors
/// When it cannot be started, or fails: with all that it said.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    if output.status.success() {
        return Ok(stdout);
    }
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    bail!("`{name} {}` failed ({}):\n{stdout}{stderr}", arguments.join(" "), output.status)
}

/// Fills `folder` anew unless it was filled from pins of these very contents.
fn install<T>(folder: &Path, pins: &[&Path], fill: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<()> {
    let read =
        |path: &&Path| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let wanted = pins.iter().map(read).collect::<anyhow::Result<String>>()?;
    // Written last, so that what was broken off half-way is done again.
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fill()?;
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_is_kept_until_its_pins_change_unless_it_failed() {
        let folder = tempfile::tempdir().unwrap();
        let (pins, tools) = (folder.path().join("pins"), folder.path().join("tools"));
        let installs = |(text, works): (&str, bool)| {
            fs::write(&pins, text).unwrap();
            let mut filled = false;
            let result = install(&tools, &[&pins], || {
                filled = true;
                if works {
                    fs::write(tools.join(text), "").context("cannot write")
                } else {
                    bail!("no network")
                }
            });
            assert_eq!(result.is_ok(), works || !filled);
            filled
        };
        let tries = [("one", false), ("one", true), ("one", true), ("two", true)];
        assert_eq!(tries.map(installs), [true, true, false, true]);
        assert!(tools.join("two").exists() && !tools.join("one").exists());
    }

    #[test]
    fn a_missing_program_is_named_with_how_to_get_it() {
        let needed = Needed { program: "no-such-program", get: "it from somewhere" };
        let error = needed.found().unwrap_err().to_string();
        assert_eq!(error, "no-such-program is not on the path: install it from somewhere");
    }

    #[test]
    fn a_program_that_fails_is_quoted_with_what_it_said() {
        let error = output(crate::cargo().arg("no-such-command")).unwrap_err().to_string();
        assert!(error.contains("no-such-command` failed") && error.contains("no such command"), "{error}");
    }
}
