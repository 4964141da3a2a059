//! Tools of other languages, in pinned versions, and programs that the machine has to have.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::target_folder;

/// A virtual environment `name` of the project at `root`, in cargo's target folder, with what `requirements` pins, each package
/// with its hashes; returns the folder of its programs. What is there already is kept.
///
/// # Errors
/// When Python is missing, or pip cannot install what is pinned.
pub fn python(root: &Path, name: &str, requirements: &Path) -> anyhow::Result<PathBuf> {
    let folder = target_folder(root).join("tools").join(name);
    output(Command::new(PYTHON.found()?).args(["-m", "venv"]).arg(&folder))
        .context("Python cannot make a virtual environment; on Debian, install python3-venv")?;
    let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"];
    output(Command::new(programs.join("python")).args(pip).arg(requirements))?;
    Ok(programs)
}

/// Installs what `package-lock.json` in a folder locks, beside it; returns the folder of its programs.
///
/// # Errors
/// When Node.js is missing, or npm cannot install what is locked.
pub fn node(folder: &Path) -> anyhow::Result<PathBuf> {
    NODE.found()?;
    // Scripts of packages are not run: none that we use needs them.
    let ci = ["ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    output(Command::new(NPM.found()?).args(ci).current_dir(folder))?;
    Ok(folder.join("node_modules/.bin"))
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

#[cfg(test)]
mod tests {
    use super::*;

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
