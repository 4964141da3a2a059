//! `cargo xtask api`: compares the public API of the crates that others depend on with the listing beside each, and with that
//! of the last release.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use semver::{Version, VersionReq};

use crate::derived::{replace, unified_diff};
use crate::diff::git;
use crate::tools::output;
use crate::{Outcome, cargo_in, print, target_folder};

/// The crates, by the name that rustdoc gives its file, and the listings.
const CRATES: [(&str, &str, &str); 5] = [
    ("northbound", "northbound", "crates/sdk/api.txt"),
    ("northbound-client", "northbound_client", "crates/client/api.txt"),
    ("northbound-emulator", "northbound_emulator", "crates/emulator/api.txt"),
    ("northbound-gateway", "northbound_gateway", "crates/gateway/api.txt"),
    ("northbound-shared", "northbound_shared", "crates/shared/api.txt"),
];

/// Whose rustdoc made the listings; another one may list other things. Raise it together with xtask/tools/api/Cargo.toml.
const RUSTC: &str = "rustc 1.95.";

/// Runs the command in the project at `root`. With `accept`, writes the listings instead of showing what changed.
///
/// # Errors
/// When a crate does not compile, or the listings cannot be read or written.
pub fn run(root: &Path, accept: bool) -> anyhow::Result<Outcome> {
    // Build scripts look at the variable below, so cargo would build all dependencies again in its usual folder.
    let folder = target_folder(root).join("api");
    let mut outcome = Outcome::Done;
    for (package, file, listing) in CRATES {
        let path = root.join(listing);
        let present = fs::read_to_string(&path).unwrap_or_default();
        let mut rustdoc = cargo_in(root, &folder, &["rustdoc", "--quiet", "--package", package, "--lib"]);
        // rustdoc's JSON is unstable; this lets a stable toolchain write it.
        rustdoc.env("RUSTC_BOOTSTRAP", "1");
        output(rustdoc.args(["--", "-Zunstable-options", "--output-format=json", "--cap-lints=warn"]))?;
        let json = folder.join("doc").join(file).with_extension("json");
        let run = ["run", "--quiet", "--locked", "--manifest-path", "xtask/tools/api/Cargo.toml", "--"];
        let wanted = output(cargo_in(root, &folder, &run).arg(json))?;
        if wanted == present {
            continue;
        }
        if accept {
            replace(&path, &wanted)?;
            print(&format!("wrote {listing}"));
        } else {
            print(&unified_diff(listing, &present, &wanted));
            outcome = Outcome::Stale;
        }
    }
    if outcome == Outcome::Stale {
        let rustc =
            output(Command::new("rustc").arg("--version")).context("cannot ask rustc for its version")?;
        if !rustc.starts_with(RUSTC) {
            print(&format!("these listings come from {RUSTC}x, and you have {rustc}"));
        }
        print("the public API changed: read the changes above, then run `cargo xtask api --accept`");
    }
    let now = Version::parse(env!("CARGO_PKG_VERSION")).context("the version of the crates")?;
    let broken = broken_promises(root, &now)?;
    broken.iter().for_each(|line| print(line));
    Ok(if broken.is_empty() { outcome } else { Outcome::Broken })
}

/// What was public in the release before this commit and is not any more, though this version promises that it is.
///
/// # Errors
/// When git cannot be run, or a listing cannot be read.
pub fn broken_promises(root: &Path, now: &Version) -> anyhow::Result<Vec<String>> {
    // When this commit is itself a release, the one before it counts.
    let Some((before, tag)) = git::newest_release(root, &["--no-contains", "HEAD"])? else {
        print("nothing is released yet: the first release is what later ones are compared with");
        return Ok(Vec::new());
    };
    // As cargo reads it: 0.1.1 takes the place of 0.1.0, and 0.2.0 does not.
    let promises = VersionReq::parse(&before.to_string()).context("the version of the release")?.matches(now);
    let mut broken = Vec::new();
    for (_, _, listing) in CRATES.into_iter().filter(|_| promises) {
        let released = git::git(root, &["show", &format!("{tag}:{listing}")])?.unwrap_or_default();
        broken.extend(gone(&released, &crate::read(root, listing)?).map(|line| {
            format!("error: {listing}: {tag} has `{line}`; bring it back, or raise the version from {before} to the next 0.x")
        }));
    }
    Ok(broken)
}

/// The lines of a listing that another one does not have.
fn gone<'a>(before: &'a str, now: &'a str) -> impl Iterator<Item = &'a str> {
    let present: HashSet<&str> = now.lines().collect();
    before.lines().filter(move |line| !present.contains(line))
}
