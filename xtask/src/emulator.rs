//! The emulator of this project as a process of its own, for commands that need a server. Nothing of it is linked: this
//! crate is quick to build, and checks from outside.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

/// A running `northbound emulator serve`, on a free port of this machine. It stops when it is dropped.
pub(crate) struct Emulator {
    process: Child,
    url: String,
}

impl Emulator {
    /// Starts the command `northbound` with these further arguments.
    pub(crate) fn start(northbound: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        Self::listening(
            Command::new(northbound).args(["emulator", "serve", "--listen", "127.0.0.1:0"]).args(arguments),
        )
    }

    /// Starts a server whose first line says where it listens.
    pub(crate) fn listening(command: &mut Command) -> anyhow::Result<Self> {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let stdout = process.stdout.take();
        // From here on it is stopped whatever happens.
        let mut emulator = Self { process, url: String::new() };
        let mut line = String::new();
        let stdout = stdout.context("the server has no standard output")?;
        BufReader::new(stdout).read_line(&mut line).context("cannot read where the server listens")?;
        match line.trim().strip_prefix("listening on ") {
            Some(url) => url.clone_into(&mut emulator.url),
            None => bail!("the server did not start; see {command:?}"),
        }
        Ok(emulator)
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What it serves under a path.
    pub(crate) fn fetch(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let url = format!("{}{path}", self.url);
        let mut reply = ureq::get(&url).call().with_context(|| format!("cannot fetch {url}"))?;
        reply.body_mut().read_to_vec().with_context(|| format!("cannot read {url}"))
    }

    /// What it answers to JSON that is posted to a path; a refusal is an error.
    pub(crate) fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("{}{path}", self.url);
        let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
        let mut reply =
            agent.post(&url).send(body.to_string()).with_context(|| format!("cannot call {url}"))?;
        let text = reply.body_mut().read_to_string().with_context(|| format!("cannot read {url}"))?;
        ensure!(reply.status().is_success(), "{url}: {} {text}", reply.status());
        serde_json::from_str(&text).with_context(|| format!("{url} answers {text}"))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It fails only if the process has ended, which is what is wanted.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// Starts without what cargo tells this process of its own package: some dependencies would be built again.
pub(crate) fn without_own_package(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Builds the command `northbound` of the project at `root`; where it is.
///
/// # Errors
/// When cargo fails.
pub fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let mut cargo = crate::cargo();
    cargo.args(["build", "--quiet", "--package", "northbound-cli"]);
    cargo.args(["--message-format", "json-render-diagnostics"]).current_dir(root).stderr(Stdio::inherit());
    let output = without_own_package(&mut cargo).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the command `northbound` does not build: see above");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable =
        messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
            let is_command = message.pointer("/target/name")?.as_str()? == "northbound";
            message.get("executable")?.as_str().filter(|_| is_command).map(PathBuf::from)
        });
    executable.context("cargo does not tell where it put the command `northbound`")
}
