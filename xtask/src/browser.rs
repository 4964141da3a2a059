//! `cargo xtask browser`: the docs page and the reports in a browser. `tests/browser` says what is looked at; this gets it what it needs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::tools::{self, NODE, Needed};
use crate::{Outcome, docs, emulator, target_folder};

const CHROMIUM: Needed = Needed {
    program: "chromium",
    get: "Chromium (on Debian: apt-get install --no-install-recommends chromium), or set CHROMIUM to the path of another build of it",
};

/// Runs the tests of `tests/browser` in the project at `root`; with `pictures`, they take the READMEs' pictures again.
///
/// # Errors
/// When the command `northbound` cannot be built, or the machine lacks Chromium or Node.js.
pub fn run(root: &Path, pictures: bool) -> anyhow::Result<Outcome> {
    let chromium =
        std::env::var_os("CHROMIUM").map_or_else(|| CHROMIUM.found(), |path| Ok(PathBuf::from(path)))?;
    let tests = root.join("tests/browser");
    tools::node(&tests)?;
    let (northbound, target) = (emulator::build(root)?, target_folder(root));
    let docs = target.join("docs");
    docs::write(root, &northbound, &docs)?;
    let mut node = Command::new(NODE.found()?);
    node.arg("--test").current_dir(tests).env("NORTHBOUND", northbound).env("CHROMIUM", chromium);
    node.env("DOCS", docs).env("BROWSER_OUT", target.join("browser"));
    if pictures {
        node.env("PICTURES", "yes");
    }
    let status = node.status().context("cannot run Node.js")?;
    Ok(if status.success() { Outcome::Done } else { Outcome::Broken })
}
