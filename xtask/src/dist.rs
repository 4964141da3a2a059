//! `cargo xtask dist`: what is handed out: the command as a Linux program and as a Python wheel, and the crates' packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::emulator::without_own_package;
use crate::tools::{self, SHA256SUM, output};
use crate::{Outcome, cargo_in, docs, print, target_folder};

/// What the program is built for. With the linker of Zig it runs where the C library is glibc 2.17 (2012) or newer.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// The same for Python, and what maturin checks: no symbol of the C library is newer.
const PYTHON_PLATFORM: &str = "manylinux2014";
/// Where the checksums are.
const SUMS: &str = "SHA256SUMS";

/// Makes what is handed out of the project at `root`, and tries it in empty environments. With `reproduce`, makes it again in
/// another folder, from the last commit, and compares.
///
/// # Errors
/// When the machine lacks something, which is named, or something is not what it should be.
pub fn run(root: &Path, reproduce: bool) -> anyhow::Result<Outcome> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "this needs Linux on x86-64: what is built is run as well"
    );
    let tools = tools::python(root, "dist", &root.join("xtask/tools/dist/requirements.txt"))?;
    let folder = make(root, &target_folder(root), &tools)?;
    let sums = crate::read(&folder, SUMS)?;
    if reproduce {
        let elsewhere = tempfile::tempdir().context("cannot make a folder for the second build")?;
        let copy = elsewhere.path().join("another/folder");
        output(Command::new("git").args(["clone", "--quiet"]).arg(root).arg(&copy))?;
        let again = crate::read(&make(&copy, &copy.join("target"), &tools)?, SUMS)?;
        let unequal = unequal(&sums, &again);
        ensure!(
            unequal.is_empty(),
            "two builds of one commit differ (are all changes committed?): {}",
            unequal.join(", ")
        );
        print("a second build in another folder gives the same bytes");
    }
    let tried = Command::new(root.join(".ci/dist-try")).arg(&folder).status();
    ensure!(tried.context("cannot run .ci/dist-try")?.success(), "what was made does not work: see above");
    print(&format!("{}:\n{sums}", folder.display()));
    Ok(Outcome::Done)
}

/// Makes everything in a folder `dist` of a target folder; returns it.
fn make(root: &Path, target: &Path, tools: &Path) -> anyhow::Result<PathBuf> {
    let folder = target.join("dist");
    let time = output(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(root))?;
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let program = wheel(root, target, tools, &folder, time.trim())?;
    docs::serving(&program, root)?;
    archive(root, &program, &folder, time.trim())?;
    packages(root, &folder)?;

    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).context("cannot list what was made")? {
        names.push(entry.context("cannot list what was made")?.file_name());
    }
    names.sort();
    let sums = output(Command::new(SHA256SUM.found()?).args(names).current_dir(&folder))?;
    fs::write(folder.join(SUMS), sums).with_context(|| format!("cannot write {SUMS}"))?;
    Ok(folder)
}

/// Builds the wheel, and the program in it; returns where the program is.
fn wheel(root: &Path, target: &Path, tools: &Path, folder: &Path, time: &str) -> anyhow::Result<PathBuf> {
    let sysroot = PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?.trim());
    // The program names files of its code where it panics: by these names, on every machine.
    let names =
        [(root.to_owned(), "northbound"), (cargo_home()?.join("registry/src"), "crates"), (sysroot, "rust")];
    let maps = |option: &str, separator: &str| {
        names.each_ref().map(|(path, name)| format!("{option}={}=/{name}", path.display())).join(separator)
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([tools.to_owned()].into_iter().chain(std::env::split_paths(&path)))?;
    let mut maturin = Command::new(tools.join("maturin"));
    without_own_package(&mut maturin).current_dir(root.join("crates/cli"));
    maturin.args(["build", "--quiet", "--release", "--locked", "--zig", "--target", TARGET]);
    maturin.args(["--compatibility", PYTHON_PLATFORM, "--out"]).arg(folder);
    maturin.env("CARGO_ENCODED_RUSTFLAGS", maps("--remap-path-prefix", "\u{1f}"));
    maturin.env("CFLAGS", maps("-ffile-prefix-map", " ")).env("SOURCE_DATE_EPOCH", time);
    output(maturin.env("PATH", path).env("CARGO_TARGET_DIR", target))?;
    Ok(target.join(TARGET).join("release/northbound"))
}

/// Packs the program with its licences, manual and completions.
fn archive(root: &Path, program: &Path, folder: &Path, time: &str) -> anyhow::Result<()> {
    let place = tempfile::tempdir().context("cannot make a folder for the archive")?;
    let name = format!("northbound-{}-{TARGET}", env!("CARGO_PKG_VERSION"));
    let stage = place.path().join(&name);
    for part in ["man/man1", "completions"] {
        fs::create_dir_all(stage.join(part)).context("cannot make a folder for the archive")?;
    }
    let pages = ["README.md", "LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY-NOTICES.txt"];
    let pages = pages.map(|page| (root.join("crates/cli").join(page), page));
    for (from, to) in pages.into_iter().chain([(program.to_owned(), "northbound")]) {
        fs::copy(&from, stage.join(to)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let northbound = || Command::new(program);
    output(northbound().args(["man", "--out"]).arg(stage.join("man/man1")))?;
    let completions = [
        ("bash", "northbound.bash"),
        ("fish", "northbound.fish"),
        ("powershell", "_northbound.ps1"),
        ("zsh", "_northbound"),
    ];
    for (shell, file) in completions {
        let file = stage.join("completions").join(file);
        output(northbound().args(["completions", shell, "--out"]).arg(file))?;
    }
    // Equal bytes on every machine.
    let equal = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"];
    let mut tar = Command::new("tar");
    tar.args(equal).arg(format!("--mtime=@{time}")).args(["--use-compress-program=gzip -9n", "-cf"]);
    output(tar.arg(folder.join(format!("{name}.tar.gz"))).arg("-C").arg(place.path()).arg(name))?;
    Ok(())
}

/// Packages the crates that are published. Whether they build, `.ci/dist-try` shows.
fn packages(root: &Path, folder: &Path) -> anyhow::Result<()> {
    // Cargo keeps packages by the path of the target folder and never compares them with what it packages now.
    let target = tempfile::tempdir().context("cannot make a folder for the packages")?;
    let package = ["package", "--quiet", "--workspace", "--no-verify", "--allow-dirty"];
    let mut cargo = cargo_in(root, target.path(), &package);
    for crate_of_ours in ["northbound-testkit", "northbound-tests", "xtask"] {
        cargo.args(["--exclude", crate_of_ours]);
    }
    output(without_own_package(&mut cargo))?;
    for entry in fs::read_dir(target.path().join("package")).context("cannot list the packages")? {
        let path = entry.context("cannot list the packages")?.path();
        if let (Some("crate"), Some(name)) = (path.extension().and_then(|end| end.to_str()), path.file_name())
        {
            fs::copy(&path, folder.join(name)).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}

/// Where cargo keeps the code of dependencies.
fn cargo_home() -> anyhow::Result<PathBuf> {
    let home = || std::env::home_dir().map(|home| home.join(".cargo"));
    std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(home).context("where is CARGO_HOME?")
}

/// The lines that are in one of two lists of checksums only.
fn unequal<'a>(one: &'a str, other: &'a str) -> Vec<&'a str> {
    let missing =
        |from: &'a str, of: &'a str| of.lines().filter(move |line| from.lines().all(|it| it != *line));
    missing(other, one).chain(missing(one, other)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_builds_are_equal_only_if_each_file_has_the_same_checksum() {
        assert_eq!(unequal("12  a\n34  b\n", "12  a\n34  b\n"), [""; 0]);
        assert_eq!(unequal("12  a\n34  b\n", "12  a\n56  b\n78  c\n"), ["34  b", "56  b", "78  c"]);
    }
}
