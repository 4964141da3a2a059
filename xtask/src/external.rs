//! `cargo xtask lint --external`: what the linters of others say of the document, in pinned versions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::tools::{NODE, Tools};
use crate::{DOCUMENT, Outcome, print};

/// What is installed, pinned: `package-lock.json` for Node, `requirements.txt` for Python.
const PINS: &str = "xtask/tools/lint";
/// What the linters read, from the folder of the document.
const READ: [&str; 4] = ["openapi.yaml", "redocly.yaml", ".redocly.lint-ignore.yaml", ".spectral.yaml"];

/// A linter, and how it is called from the folder of the document. It fails if it finds anything, warnings included.
struct Linter {
    name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
}

/// Runs every linter on the document of the project at `root`, and shows what it finds.
///
/// # Errors
/// When one cannot be installed or run, or when it overlooks a fault that is made for it to find.
pub fn run(root: &Path) -> anyhow::Result<Outcome> {
    let folder = root.join(DOCUMENT);
    let folder = folder.parent().context("the document stands in a folder")?;
    let mut outcome = Outcome::Done;
    let linters = linters(root)?;
    for linter in &linters {
        match linter.findings(folder)? {
            None => print(&format!("{}: nothing to find fault with", linter.name)),
            Some(findings) => {
                print(&format!("{}:\n{findings}", linter.name));
                outcome = Outcome::Broken;
            }
        }
    }
    let faulty = faulty_copy(folder)?;
    for linter in &linters {
        if linter.findings(faulty.path())?.is_none() {
            bail!("{} overlooks a reference to nothing: its configuration makes it blind", linter.name);
        }
    }
    Ok(outcome)
}

fn linters(root: &Path) -> anyhow::Result<[Linter; 3]> {
    let (tools, pins) = (Tools::of(root), root.join(PINS));
    NODE.found()?;
    let node = tools.node("lint-node", &pins)?.join("node_modules/.bin");
    let python = tools.python("lint-python", &pins.join("requirements.txt"))?;
    Ok([
        Linter {
            name: "Redocly CLI",
            program: node.join("redocly"),
            arguments: &["lint", "--config", "redocly.yaml", "northbound"],
        },
        Linter {
            name: "Spectral",
            program: node.join("spectral"),
            arguments: &["lint", "--ruleset", ".spectral.yaml", "--fail-severity=warn", "openapi.yaml"],
        },
        Linter {
            name: "openapi-spec-validator",
            program: python.join("openapi-spec-validator"),
            arguments: &["openapi.yaml"],
        },
    ])
}

impl Linter {
    /// What the linter says if it fails; nothing if it is content.
    fn findings(&self, folder: &Path) -> anyhow::Result<Option<String>> {
        let output = Command::new(&self.program)
            .args(self.arguments)
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
            .current_dir(folder)
            .output()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        if output.status.success() {
            return Ok(None);
        }
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        Ok(Some(format!("{stdout}{stderr}")))
    }
}

/// The document with a reference to nothing in it, which every linter reports, beside the same configurations.
fn faulty_copy(folder: &Path) -> anyhow::Result<tempfile::TempDir> {
    let copy = tempfile::tempdir().context("cannot make a folder for the copy")?;
    for name in READ {
        let text = crate::read(folder, name)?;
        let text = match name == READ[0] {
            true => text.replacen("$ref: '#/components/schemas/", "$ref: '#/components/schemas/No", 1),
            false => text,
        };
        fs::write(copy.path().join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(copy)
}
