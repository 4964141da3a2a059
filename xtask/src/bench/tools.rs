//! What the benchmark needs besides cargo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Pins what comes from npm.
const PACKAGE: &str = include_str!("package.json");
const PRISM: &str = "@stoplight/prism-cli";

/// Programs that are there.
pub(super) struct Tools {
    pub(super) nginx: PathBuf,
    /// Prism's script, for node.
    pub(super) prism: PathBuf,
}

impl Tools {
    /// Finds everything; `folder` is where Prism is, or will be.
    pub(super) fn find(folder: &Path) -> anyhow::Result<Self> {
        let needed = [("wrk", "wrk"), ("nginx", "nginx-light"), ("node", "nodejs"), ("npm", "npm")];
        let missing: Vec<_> = needed.into_iter().filter(|(name, _)| program(name).is_none()).collect();
        let (names, packages): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
        if !names.is_empty() {
            bail!(
                "not installed: {}; on Debian, run `apt-get install {}`",
                names.join(", "),
                packages.join(" ")
            );
        }
        Ok(Self { nginx: program("nginx").unwrap_or_default(), prism: prism(folder)? })
    }
}

/// Where a program is. nginx stands where not every user's path leads.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Prism in the pinned version, from npm if it is not there yet.
fn prism(folder: &Path) -> anyhow::Result<PathBuf> {
    let pinned: Value = serde_json::from_str(PACKAGE).context("the package file of the benchmark")?;
    let pinned = &pinned["dependencies"][PRISM];
    let package = folder.join("node_modules").join(PRISM);
    let version = || serde_json::from_slice::<Value>(&fs::read(package.join("package.json")).ok()?).ok();
    let there = || version().is_some_and(|installed| installed["version"] == *pinned);
    if !there() {
        crate::print(&format!("installing {PRISM} {pinned} from npm into {}", folder.display()));
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(folder.join("package.json"), PACKAGE).context("cannot write the package file")?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]);
        let output = npm.current_dir(folder).output().context("cannot run npm")?;
        if !output.status.success() || !there() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("npm does not install {PRISM} {pinned} in {}:\n{said}", folder.display());
        }
    }
    Ok(package.join("dist/index.js"))
}
