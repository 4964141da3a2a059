//! `cargo xtask lint --external`: what the linters of others say of the document, in pinned versions.
//!
//! Our own lint leaves to them what they report. So that no fault falls between the tools, each fault of `faults.txt` has to be
//! reported by one of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use northbound_openapi::document::Document;
use northbound_openapi::lint::lint;

use crate::{DOCUMENT, Outcome, print, tools};

/// What is installed, pinned: `package-lock.json` for Node, `requirements.txt` for Python.
const PINS: &str = "xtask/tools/lint";
/// A block for each fault: its name after `#`, and the edit of the document as in a unified diff.
const FAULTS: &str = "xtask/tools/lint/faults.txt";
/// What the linters read, beside each other in one folder.
const READ: [&str; 6] = [
    DOCUMENT,
    "spec/redocly.yaml",
    "spec/.redocly.lint-ignore.yaml",
    "spec/.spectral.yaml",
    "crates/emulator/control.json",
    "xtask/tools/lint/replies.py",
];

/// A linter, and how it is called from the folder of the document. It fails if it finds anything, warnings included.
struct Linter {
    name: &'static str,
    program: PathBuf,
    arguments: &'static str,
}

/// Runs every linter on the document of the project at `root`, and shows what it finds.
///
/// # Errors
/// When one cannot be installed or run, or when it overlooks a fault that each of them has to find.
pub fn run(root: &Path) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Done;
    let linters = linters(root)?;
    let sound = copy(root, str::to_owned)?;
    for linter in &linters {
        match linter.findings(sound.path())? {
            None => print(&format!("{}: nothing to find fault with", linter.name)),
            Some(findings) => {
                print(&format!("{}:\n{findings}", linter.name));
                outcome = Outcome::Broken;
            }
        }
    }
    // With a reference to nothing, which every linter reports.
    let faulty = copy(root, |text| {
        let schemas = "#/components/schemas/";
        [format!("$ref: '{schemas}"), format!("\"$ref\": \"{schemas}")]
            .iter()
            .fold(text.to_owned(), |text, reference| text.replacen(reference, &format!("{reference}No"), 1))
    })?;
    for linter in &linters {
        if linter.findings(faulty.path())?.is_none() {
            bail!("{} overlooks a reference to nothing: its configuration makes it blind", linter.name);
        }
    }
    for fault in crate::read(root, FAULTS)?.trim_end().split("\n\n") {
        let (name, edit) = fault.split_once('\n').unwrap_or((fault, ""));
        let reporter = reporter(root, &linters, edit)?;
        print(&format!("{:<42}{}", name.trim_start_matches("# "), reporter.unwrap_or("reported by nobody")));
        if reporter.is_none() {
            outcome = Outcome::Broken;
        }
    }
    Ok(outcome)
}

/// Who reports the document with this edit: our own lint, or else the first of the linters that does.
fn reporter<'l>(root: &Path, linters: &'l [Linter], edit: &str) -> anyhow::Result<Option<&'l str>> {
    let side = |other: char| -> String {
        let lines = edit.lines().filter(|line| !line.starts_with(other));
        lines.map(|line| format!("{}\n", line.get(1..).unwrap_or_default())).collect()
    };
    let text = crate::read(root, DOCUMENT)?;
    ensure!(text.contains(&side('+')), "{FAULTS}: the document has no such lines any more:\n{}", side('+'));
    let faulty = text.replacen(&side('+'), &side('-'), 1);
    if Document::parse(DOCUMENT, faulty.clone()).is_ok_and(|document| lint(&document).is_empty()) {
        let folder = copy(root, |other| if other == text { faulty.clone() } else { other.to_owned() })?;
        for linter in linters {
            if linter.findings(folder.path())?.is_some() {
                return Ok(Some(linter.name));
            }
        }
        return Ok(None);
    }
    Ok(Some("cargo xtask lint"))
}

fn linters(root: &Path) -> anyhow::Result<[Linter; 5]> {
    let pins = root.join(PINS);
    let node = tools::node(&pins)?;
    let python = tools::python(root, "lint-python", &pins.join("requirements.txt"))?;
    let (redocly, spectral) = (node.join("redocly"), node.join("spectral"));
    let linter = |name, program, arguments| Linter { name, program, arguments };
    Ok([
        linter("Redocly CLI", redocly.clone(), "lint --config redocly.yaml northbound"),
        linter("Redocly CLI, on control.json", redocly, "lint --config redocly.yaml control"),
        linter("Spectral", spectral, "lint --ruleset .spectral.yaml --fail-severity=warn openapi.yaml"),
        linter("openapi-spec-validator", python.join("openapi-spec-validator"), "openapi.yaml"),
        linter("openapi-schema-validator, on replies", python.join("python"), "replies.py openapi.yaml"),
    ])
}

impl Linter {
    /// What the linter says if it fails; nothing if it is content.
    fn findings(&self, folder: &Path) -> anyhow::Result<Option<String>> {
        let output = Command::new(&self.program)
            .args(self.arguments.split(' '))
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

/// A folder with everything that the linters read; the documents are changed by `edit`.
fn copy(root: &Path, edit: impl Fn(&str) -> String) -> anyhow::Result<tempfile::TempDir> {
    let copy = tempfile::tempdir().context("cannot make a folder for the copy")?;
    for path in READ {
        let text = crate::read(root, path)?;
        let name = Path::new(path).file_name().unwrap_or_default();
        fs::write(copy.path().join(name), edit(&text)).with_context(|| format!("cannot copy {path}"))?;
    }
    Ok(copy)
}
