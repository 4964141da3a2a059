//! Snapshots after a change of the document: what changed is shown, and accepted when asked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::derived::{replace, unified_diff};
use crate::{Outcome, print};

/// The packages whose tests hold snapshots, and the folders in which these stand.
const HOLDERS: [(&str, &str); 4] = [
    ("northbound-tests", "tests"),
    ("northbound-cli", "crates/cli/tests"),
    ("northbound-openapi", "crates/openapi/tests"),
    ("northbound-conformance", "crates/conformance/tests"),
];

/// Shows the snapshots that differ from what the tests see now, and accepts them if asked.
///
/// The tests run only if something could have changed: a derived file did, or an earlier run left something to review.
pub fn review(root: &Path, changed: bool, accept: bool) -> anyhow::Result<Outcome> {
    if !changed && !accept && pending(root)?.is_empty() {
        return Ok(Outcome::Done);
    }
    for stale in pending(root)? {
        fs::remove_file(&stale).with_context(|| format!("cannot remove {}", stale.display()))?;
    }
    print("running the tests to see what changes in the snapshots");
    let tests = run_tests(root)?;
    let pending = pending(root)?;
    for new in &pending {
        print(&show(root, new)?);
        if accept {
            accept_one(new)?;
        }
    }
    if tests == Tests::Failed {
        print("the derived files are written, but what uses them does not build or pass: see above");
        return Ok(Outcome::Broken);
    }
    if pending.is_empty() || accept {
        return Ok(Outcome::Done);
    }
    print(&format!(
        "{} snapshots to review: read the changes above, then run `cargo xtask generate --accept`",
        pending.len()
    ));
    Ok(Outcome::Stale)
}

#[derive(PartialEq, Eq)]
enum Tests {
    Passed,
    Failed,
}

fn run_tests(root: &Path) -> anyhow::Result<Tests> {
    let output = crate::cargo()
        .args(["test", "--quiet", "--no-fail-fast"])
        .args(HOLDERS.map(|(package, _)| format!("--package={package}")))
        .envs([("INSTA_UPDATE", "new"), ("INSTA_FORCE_PASS", "1")])
        .current_dir(root)
        .output()
        .context("cannot run cargo for the snapshots")?;
    if output.status.success() {
        return Ok(Tests::Passed);
    }
    print(&String::from_utf8_lossy(&output.stdout));
    print(&String::from_utf8_lossy(&output.stderr));
    Ok(Tests::Failed)
}

/// The snapshots that wait for a review.
fn pending(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for (_, folder) in HOLDERS {
        collect(&root.join(folder), ".snap.new", &mut found)?;
    }
    found.sort();
    Ok(found)
}

/// Looks for files of this ending, in subfolders as well.
fn collect(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot list {}", folder.display()))?.path();
        if path.is_dir() {
            collect(&path, ending, found)?;
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    Ok(())
}

fn show(root: &Path, new: &Path) -> anyhow::Result<String> {
    let old = fs::read_to_string(accepted(new)).unwrap_or_default();
    let text = fs::read_to_string(new).with_context(|| format!("cannot read {}", new.display()))?;
    let path = accepted(new);
    let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
    Ok(unified_diff(&name, &old, &without_line_number(&text)))
}

fn accept_one(new: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(new).with_context(|| format!("cannot read {}", new.display()))?;
    replace(&accepted(new), &without_line_number(&text))?;
    fs::remove_file(new).with_context(|| format!("cannot remove {}", new.display()))
}

fn accepted(new: &Path) -> PathBuf {
    new.with_extension("")
}

/// insta notes the line of the assertion in a pending snapshot only: it would change with every edit of a test.
fn without_line_number(text: &str) -> String {
    let mut in_header = true;
    text.split_inclusive('\n')
        .enumerate()
        .filter(|(number, line)| {
            in_header &= *number == 0 || line.trim_end() != "---";
            !(in_header && line.starts_with("assertion_line:"))
        })
        .map(|(_, line)| line)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_snapshot_stands_where_a_review_finds_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut found = Vec::new();
        for folder in ["crates", "tests", "xtask"] {
            collect(&root.join(folder), ".snap", &mut found).unwrap();
        }
        let held = |path: &Path| HOLDERS.iter().any(|(_, folder)| path.starts_with(root.join(folder)));
        let lost: Vec<_> = found.iter().filter(|path| !held(path)).collect();
        assert!(found.len() > 30 && lost.is_empty(), "{} snapshots, not reviewed: {lost:?}", found.len());
    }

    #[test]
    fn only_the_header_loses_its_line_number() {
        let text = "---\nsource: a.rs\nassertion_line: 7\nexpression: x\n---\nassertion_line: stays\n";
        let kept = "---\nsource: a.rs\nexpression: x\n---\nassertion_line: stays\n";
        assert_eq!(without_line_number(text), kept);
    }
}
