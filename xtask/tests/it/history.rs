//! `cargo xtask diff` in repositories of every kind. Needs git; without it there is nothing to compare with, and to test.

use std::fs;
use std::path::Path;
use std::process::Command;

use xtask::tools::Needed;
use xtask::{Outcome, api, diff};

use super::GOOD;

const CHANGED: (&str, &str) = ("  calls: 100\n", "  calls: 200\n");

/// The comparison without oasdiff, which sees that change.
fn report(root: &Path, base: Option<&str>) -> Result<(Outcome, String), String> {
    let own = |old: &_, new: &_| Ok(diff::extension_changes(old, new));
    diff::report(root, base, own).map_err(|error| format!("{error:#}"))
}

fn outcome(root: &Path, base: Option<&str>) -> Result<Outcome, String> {
    report(root, base).map(|(outcome, _)| outcome)
}

/// A project of a document and a changelog, under git; nothing, if git is not there.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Option<Self> {
        Needed { program: "git", get: "git" }.found().ok()?;
        let repository = Self(tempfile::tempdir().expect("a folder"));
        git(repository.root(), &["init", "--quiet"]);
        Some(repository)
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, document: &str, changelog: &str) {
        fs::create_dir_all(self.root().join("spec")).expect("a folder");
        fs::write(self.root().join(xtask::DOCUMENT), document).expect("a file");
        fs::write(self.root().join(diff::CHANGELOG), changelog).expect("a file");
    }

    fn commit(&self) {
        git(self.root(), &["add", "--all"]);
        git(self.root(), &["commit", "--quiet", "--allow-empty", "--message", "A state"]);
    }

    fn diff(&self, base: Option<&str>) -> Result<Outcome, String> {
        outcome(self.root(), base)
    }
}

/// What must not depend on whose machine this is.
const CONFIG: &str = "-c user.name=A -c user.email=a@example -c commit.gpgsign=false -c tag.gpgsign=false \
    -c core.autocrlf=false -c init.defaultBranch=main";

fn git(folder: &Path, arguments: &[&str]) {
    let status = Command::new("git")
        .args(CONFIG.split(' '))
        .args(arguments)
        .current_dir(folder)
        // Set where the tests run in a hook of another repository.
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .status()
        .expect("git runs");
    assert!(status.success(), "git {arguments:?}");
}

fn changed() -> String {
    assert!(GOOD.contains(CHANGED.0));
    GOOD.replacen(CHANGED.0, CHANGED.1, 1)
}

fn at_version(document: &str, version: &str) -> String {
    document.replacen("  version: 1.0.0\n", &format!("  version: {version}\n"), 1)
}

#[test]
fn before_the_first_release_the_first_commit_with_the_document_is_the_base() {
    let Some(repository) = Repository::new() else { return };
    repository.commit();
    assert!(repository.diff(None).expect_err("no document").contains("no commit has spec/openapi.yaml yet"));
    repository.write(GOOD, "");
    repository.commit();
    assert_eq!(repository.diff(None), Ok(Outcome::Done));
    repository.write(&changed(), "");
    repository.commit();
    assert_eq!(repository.diff(None), Ok(Outcome::Broken));
    repository.write(&at_version(&changed(), "1.1.0"), "");
    assert_eq!(repository.diff(None), Ok(Outcome::Broken), "the changelog has not moved");
    repository.write(&at_version(&changed(), "1.1.0"), "### Document 1.1.0\n\n* More calls.\n");
    assert_eq!(repository.diff(None), Ok(Outcome::Done));
}

#[test]
fn the_newest_release_is_the_base_and_another_one_can_be_named() {
    let Some(repository) = Repository::new() else { return };
    repository.write(GOOD, "");
    repository.commit();
    git(repository.root(), &["tag", "v0.9.0"]);
    repository.write(&at_version(&changed(), "1.1.0"), "");
    repository.commit();
    git(repository.root(), &["tag", "v0.10.0"]);
    git(repository.root(), &["tag", "vnext"]);
    assert_eq!(repository.diff(None), Ok(Outcome::Done), "nothing has changed since 0.10.0");
    assert_eq!(repository.diff(Some("v0.9.0")), Ok(Outcome::Broken));
}

#[test]
fn what_git_does_not_have_is_named() {
    let Some(repository) = Repository::new() else { return };
    repository.write(GOOD, "");
    git(repository.root(), &["commit", "--quiet", "--allow-empty", "--message", "Nothing"]);
    git(repository.root(), &["tag", "empty"]);
    repository.commit();
    for (base, message) in [
        ("nowhere", "git knows no revision \"nowhere\" here: check its name, or fetch it"),
        ("--all", "git knows no revision \"--all\" here: check its name, or fetch it"),
        ("empty", "there is no spec/openapi.yaml at empty"),
    ] {
        assert_eq!(repository.diff(Some(base)), Err(message.to_owned()));
    }
    let elsewhere = tempfile::tempdir().expect("a folder");
    let error = report(elsewhere.path(), None).expect_err("no repository");
    assert!(error.ends_with("is in no git repository: there is no revision to compare with"), "{error}");
}

#[test]
fn a_shallow_clone_says_how_to_get_the_rest() {
    let Some(repository) = Repository::new() else { return };
    repository.write(GOOD, "");
    repository.commit();
    repository.write(&changed(), "");
    repository.commit();
    let clone = tempfile::tempdir().expect("a folder");
    let origin = format!("file://{}", repository.root().display());
    git(clone.path(), &["clone", "--quiet", "--depth=1", &origin, "."]);
    let error = report(clone.path(), None).expect_err("history is cut off");
    let advice = "this clone is shallow, so get the rest (git fetch --unshallow --tags)";
    assert!(error.contains(advice), "{error}");
    assert_eq!(outcome(clone.path(), Some("HEAD")), Ok(Outcome::Done));
}

#[test]
fn a_change_that_no_rule_classifies_counts_as_breaking() {
    let Some(repository) = Repository::new() else { return };
    repository.write(GOOD, "");
    repository.commit();
    repository.write(&GOOD.replacen("            maximum: 250\n", "            maximum: 500\n", 1), "");
    let (outcome, text) = report(repository.root(), None).expect("both can be read");
    assert_eq!(outcome, Outcome::Broken);
    assert!(text.contains("breaking: the documents promise different things"), "{text}");
}

#[test]
fn what_a_release_had_in_its_public_api_stays_until_a_version_that_may_break() {
    let Some(repository) = Repository::new() else { return };
    let listings = |text: &str| {
        for room in ["sdk", "client", "emulator", "gateway", "shared"] {
            let folder = repository.root().join("crates").join(room);
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join("api.txt"), if room == "sdk" { text } else { "" }).expect("a file");
        }
        repository.commit();
    };
    let broken = |version: &str| {
        api::broken_promises(repository.root(), &version.parse().expect("a version")).expect("an answer")
    };
    listings("pub fn a(b: u8)\npub fn c()\n");
    assert_eq!(broken("0.1.0"), [""; 0], "nothing is released");
    git(repository.root(), &["tag", "v0.1.0"]);
    listings("pub fn a(b: u16)\npub fn c()\npub fn new()\n");
    let told = "error: crates/sdk/api.txt: v0.1.0 has `pub fn a(b: u8)`; bring it back, or raise the version from 0.1.0 to the next 0.x";
    assert_eq!(broken("0.1.1"), [told]);
    assert_eq!(broken("0.2.0"), [""; 0]);
    git(repository.root(), &["tag", "v0.1.1"]);
    assert_eq!(broken("0.1.1"), [told], "the tag of this commit is not the release before it");
}
