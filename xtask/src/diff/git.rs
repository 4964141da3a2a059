//! Files as they were at a revision, asked from git.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use semver::Version;

/// A revision to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    /// Its name for git.
    pub(super) revision: String,
    /// What it is, for a person.
    pub(super) shown: String,
}

/// The revision that the user names or, without one, the newest release or, before the first release, the commit that brought
/// `file` in.
pub(super) fn base(root: &Path, named: Option<&str>, file: &str) -> anyhow::Result<Base> {
    if git(root, &["rev-parse", "--git-dir"])?.is_none() {
        bail!("{} is in no git repository: there is no revision to compare with", root.display());
    }
    if let Some(name) = named {
        let commit = format!("{name}^{{commit}}");
        let known =
            !name.starts_with('-') && git(root, &["rev-parse", "--verify", "--quiet", &commit])?.is_some();
        ensure!(
            known,
            "git knows no revision {name:?} here: check its name, or fetch it{}",
            shallow_hint(root)?
        );
        return Ok(Base { revision: name.to_owned(), shown: name.to_owned() });
    }
    if let Some((_, tag)) = newest_release(root, &[])? {
        return Ok(Base {
            revision: format!("refs/tags/{tag}"),
            shown: format!("{tag}, the newest release"),
        });
    }
    let hint = shallow_hint(root)?;
    ensure!(
        hint.is_empty(),
        "there is no release tag (vX.Y.Z) here, and the first commit with {file} cannot be told{hint}"
    );
    let added = ["log", "--diff-filter=A", "--reverse", "--format=%H", "--", file];
    let commits = git(root, &added)?.unwrap_or_default();
    let first = commits.lines().next().with_context(|| format!("no commit has {file} yet"))?;
    let short = first.get(..12).unwrap_or(first);
    let shown = format!("{short}, the first commit with the document: nothing is released yet");
    Ok(Base { revision: first.to_owned(), shown })
}

/// The newest release that this commit contains, and its tag; further options of `git tag` choose among the tags.
pub(crate) fn newest_release(root: &Path, options: &[&str]) -> anyhow::Result<Option<(Version, String)>> {
    let list = [&["tag", "--list", "v*", "--merged", "HEAD"], options].concat();
    let tags = git(root, &list)?.unwrap_or_default();
    let releases = tags.lines().filter_map(|tag| Some((Version::parse(tag.strip_prefix('v')?).ok()?, tag)));
    Ok(releases.max().map(|(version, tag)| (version, tag.to_owned())))
}

/// A file as it was at the revision.
pub(super) fn show(root: &Path, base: &Base, file: &str) -> anyhow::Result<String> {
    let object = format!("{}:./{file}", base.revision);
    let text = git(root, &["show", &object])?;
    let hint = shallow_hint(root)?;
    text.with_context(|| format!("there is no {file} at {}{hint}", base.shown))
}

/// What to do where history was cut off.
fn shallow_hint(root: &Path) -> anyhow::Result<&'static str> {
    let answer = git(root, &["rev-parse", "--is-shallow-repository"])?;
    Ok(match answer.as_deref().map(str::trim) {
        Some("true") => {
            ": this clone is shallow, so get the rest (git fetch --unshallow --tags), or name a revision that is there (--base)"
        }
        _ => "",
    })
}

/// What git prints; nothing, if it fails.
pub(crate) fn git(root: &Path, arguments: &[&str]) -> anyhow::Result<Option<String>> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(root)
        .output()
        .context("cannot run git: install it, since the document is compared with one in its history")?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}
