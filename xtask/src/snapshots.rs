//! Snapshots after a change of the document: insta finds what changed; it is shown here, and accepted when asked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::derived::unified_diff;
use crate::{Outcome, print};

/// Shows the snapshots that differ from what the tests see now. With `accept`, insta replaces them instead.
///
/// The tests with a snapshot run, and only if something could have changed: a derived file did, or an earlier run left something
/// to review.
pub fn review(root: &Path, changed: bool, accept: bool) -> anyhow::Result<Outcome> {
    let earlier = snapshots(root, ".snap.new")?;
    if !changed && !accept && earlier.is_empty() {
        return Ok(Outcome::Done);
    }
    for new in earlier {
        fs::remove_file(&new).with_context(|| format!("cannot remove {}", new.display()))?;
    }
    print("running the tests to see what changes in the snapshots");
    let output = crate::cargo()
        .args(["test", "--workspace", "--quiet", "--no-fail-fast", "--"])
        .args(tests_with_snapshots(root)?)
        .envs([("INSTA_UPDATE", if accept { "always" } else { "new" }), ("INSTA_FORCE_PASS", "1")])
        .current_dir(root)
        .output()
        .context("cannot run cargo for the snapshots")?;
    let pending = snapshots(root, ".snap.new")?;
    for new in &pending {
        let old = new.with_extension("");
        // insta notes the line of the assertion in a pending snapshot only.
        let text = |path: &Path| -> String {
            let lines = fs::read_to_string(path).unwrap_or_default();
            lines.split_inclusive('\n').filter(|line| !line.starts_with("assertion_line: ")).collect()
        };
        let name = old.strip_prefix(root).unwrap_or(&old).to_string_lossy().replace('\\', "/");
        print(&unified_diff(&name, &text(&old), &text(new)));
    }
    if !output.status.success() {
        print(&String::from_utf8_lossy(&output.stdout));
        print(&String::from_utf8_lossy(&output.stderr));
        print("the derived files are written, but what uses them does not build or pass: see above");
        return Ok(Outcome::Broken);
    }
    if pending.is_empty() {
        return Ok(Outcome::Done);
    }
    print(&format!(
        "{} snapshots to review: read the changes above, then run `cargo xtask generate --accept`",
        pending.len()
    ));
    Ok(Outcome::Stale)
}

/// The names of the tests that have snapshots. insta names the file for them: `CRATE__MODULE__TEST.snap`.
fn tests_with_snapshots(root: &Path) -> anyhow::Result<Vec<String>> {
    let name = |path: &PathBuf| Some(path.file_stem()?.to_str()?.rsplit("__").next()?.to_owned());
    Ok(snapshots(root, ".snap")?.iter().filter_map(name).collect())
}

/// The files of this ending in the project's packages, in order.
fn snapshots(root: &Path, ending: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("crates"), root.join("tests"), root.join("xtask")];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("cannot list {}", folder.display()))?.path();
            if path.is_dir() && !path.ends_with("node_modules") {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_with_snapshots_are_found() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let tests = tests_with_snapshots(root).unwrap();
        assert!(tests.contains(&"every_fault_is_found_and_every_check_finds_one".to_owned()), "{tests:?}");
    }
}
