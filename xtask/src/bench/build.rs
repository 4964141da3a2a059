//! What a consumer's cold build costs: of the SDK, and of the generated client alone with the TLS that the SDK has by default.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use toml::{Table, Value};

use super::{CHILDREN, cpu_seconds, median};
use crate::{Outcome, print, target_folder};

const RUNS: usize = 3;
/// CPU of the SDK's build in terms of the client's.
const GOAL: f64 = 1.15;

/// A crate that depends on one of ours and does nothing.
struct Consumer {
    name: &'static str,
    dependencies: Table,
    cpu_seconds: Vec<f64>,
}

/// Builds both consumers in turn, each time from nothing, and compares the CPU time.
///
/// # Errors
/// When a consumer does not build.
pub(super) fn run(root: &Path) -> anyhow::Result<Outcome> {
    let target = target_folder(root);
    fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
    let folder = tempfile::tempdir_in(&target).context("cannot make a folder for the consumers")?;
    let mut consumers = consumers(root)?;
    for consumer in &consumers {
        consumer.write(root, folder.path())?;
        consumer.cargo(folder.path(), &["fetch", "--quiet"])?;
    }
    for _ in 0..RUNS {
        for consumer in &mut consumers {
            let before = cpu_seconds("self", CHILDREN)?;
            consumer.cargo(folder.path(), &["build", "--quiet"])?;
            consumer.cpu_seconds.push(cpu_seconds("self", CHILDREN)? - before);
            fs::remove_dir_all(folder.path().join(consumer.name).join("target"))
                .context("cannot remove what was built")?;
        }
    }
    report(&consumers, folder.path())
}

fn report(consumers: &[Consumer], folder: &Path) -> anyhow::Result<Outcome> {
    print(&format!(
        "CPU seconds (user and system) of cold builds with default features; median of {RUNS} in turn"
    ));
    print(&format!("{:18} {:>6} {:>8}   {}", "consumer of", "crates", "median", "each"));
    for consumer in consumers {
        let each: Vec<String> = consumer.cpu_seconds.iter().map(|seconds| format!("{seconds:.1}")).collect();
        let (crates, median) = (consumer.crates(folder)?, median(&consumer.cpu_seconds));
        print(&format!("{:18} {crates:>6} {median:>8.1}   {}", consumer.name, each.join(" ")));
    }
    let medians: Vec<f64> = consumers.iter().map(|consumer| median(&consumer.cpu_seconds)).collect();
    let ratio = medians[0] / medians[1];
    print(&format!("ratio {ratio:.2} ({} {GOAL})", if ratio <= GOAL { "<=" } else { "OVER" }));
    Ok(if ratio <= GOAL { Outcome::Done } else { Outcome::Broken })
}

/// The SDK as it comes, and the client with what the SDK's feature `rustls` asks of reqwest and rustls.
fn consumers(root: &Path) -> anyhow::Result<[Consumer; 2]> {
    let manifest = fs::read_to_string(root.join("Cargo.toml")).context("cannot read Cargo.toml")?;
    let manifest: Table = manifest.parse().context("Cargo.toml")?;
    let shared = |name: &str| {
        let dependency = manifest["workspace"]["dependencies"].get(name);
        dependency.cloned().with_context(|| format!("Cargo.toml does not list {name}"))
    };
    let mut reqwest = shared("reqwest")?;
    reqwest
        .as_table_mut()
        .context("reqwest in Cargo.toml is no table")?
        .insert("features".to_owned(), Value::from(vec!["rustls-no-provider"]));
    let ours = |name: &str, folder: &str| {
        let path = root.join("crates").join(folder).display().to_string();
        (name.to_owned(), Value::from(Table::from_iter([("path".to_owned(), Value::from(path))])))
    };
    let sdk = Table::from_iter([ours("northbound", "sdk")]);
    let client = Table::from_iter([
        ours("northbound-client", "client"),
        ("reqwest".to_owned(), reqwest),
        ("rustls".to_owned(), shared("rustls")?),
    ]);
    Ok([("northbound", sdk), ("northbound-client", client)].map(|(name, dependencies)| Consumer {
        name,
        dependencies,
        cpu_seconds: Vec::new(),
    }))
}

impl Consumer {
    /// Writes the crate, with the versions of the project's own lock file.
    fn write(&self, root: &Path, folder: &Path) -> anyhow::Result<()> {
        let folder = folder.join(self.name);
        let write = |path: &str, text: &str| {
            fs::write(folder.join(path), text).with_context(|| format!("cannot write {path}"))
        };
        fs::create_dir_all(folder.join("src")).context("cannot make a consumer")?;
        // A workspace of its own, for the folder is within ours.
        let head = "[package]\nname = \"consumer\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n";
        write("Cargo.toml", &format!("{head}{}", inline(&self.dependencies)))?;
        write("src/lib.rs", "")?;
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
        Ok(())
    }

    /// How many crates are built.
    fn crates(&self, folder: &Path) -> anyhow::Result<usize> {
        let arguments = ["tree", "--prefix", "none", "--no-dedupe", "--edges", "normal,build"];
        let tree = self.cargo(folder, &arguments)?;
        let crates: std::collections::BTreeSet<_> = tree.lines().filter(|line| !line.is_empty()).collect();
        // The consumer is one of them.
        Ok(crates.len() - 1)
    }

    fn cargo(&self, folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
        let folder = folder.join(self.name);
        let output = crate::cargo()
            .args(arguments)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            // A cache of compiled crates would answer in place of the compiler.
            .env_remove("RUSTC_WRAPPER")
            .env_remove("RUSTC_WORKSPACE_WRAPPER")
            .current_dir(&folder)
            .output()
            .context("cannot run cargo")?;
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stderr);
            bail!("cargo {} fails for a consumer of {}:\n{told}", arguments.join(" "), self.name);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// A line for each dependency.
fn inline(dependencies: &Table) -> String {
    dependencies.iter().map(|(name, dependency)| format!("{name} = {dependency}\n")).collect()
}
