//! `cargo xtask dist`: the command `northbound` as one static Linux program, for machines without a toolchain.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::tools::{self, Needed, SHA256SUM};
use crate::{Outcome, docs, emulator, print, target_folder};

/// What it is built for: musl is a C library that can be linked in whole.
const TARGET: &str = "x86_64-unknown-linux-musl";
/// ring, which encrypts, is partly written in C.
const COMPILER: Needed =
    Needed { program: "musl-gcc", get: "a C compiler for musl (on Debian: apt-get install musl-tools)" };
/// Says what a program needs when it starts.
const LDD: Needed = Needed { program: "ldd", get: "ldd (on Debian: apt-get install libc-bin)" };

/// Runs the command in the project at `root`.
///
/// # Errors
/// When the machine lacks something, which is named, or the program is not what it should be.
pub fn run(root: &Path) -> anyhow::Result<Outcome> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "this needs Linux on x86-64: what is built is run as well"
    );
    let (ldd, sha256sum) = (LDD.found()?, SHA256SUM.found()?);
    COMPILER.found()?;
    let library =
        tools::output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    ensure!(
        Path::new(library.trim()).is_dir(),
        "Rust's own library for {TARGET} is missing: run `rustup target add {TARGET}`"
    );

    let built = emulator::build_with(root, &["--release", "--target", TARGET])?;
    let folder = target_folder(root).join("dist");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let program = folder.join("northbound");
    fs::copy(&built, &program).with_context(|| format!("cannot write {}", program.display()))?;

    let said = tools::output(Command::new(ldd).arg(&program))?;
    ensure!(said.contains("statically linked"), "{} is not static; it needs\n{said}", program.display());
    docs::serving(&program, root)?;

    let sum = tools::output(Command::new(sha256sum).arg("northbound").current_dir(&folder))?;
    fs::write(folder.join("northbound.sha256"), &sum).context("cannot write northbound.sha256")?;
    let bytes = fs::metadata(&program).context("cannot look at the program")?.len();
    print(&format!(
        "{}: static, {bytes} bytes, sha256 {}",
        program.display(),
        sum.split_whitespace().next().unwrap_or_default()
    ));
    Ok(Outcome::Done)
}
