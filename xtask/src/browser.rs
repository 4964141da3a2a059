//! A browser without a window, steered through the DevTools protocol: over a pipe, which needs no further program and no port.

pub(crate) mod seen;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::print;
use crate::tools::Needed;

const CHROMIUM: Needed = Needed {
    program: "chromium",
    get: "Chromium (on Debian: apt-get install --no-install-recommends chromium)",
};

/// How long the browser may take for one command; a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// The pipes that Chromium speaks through are its files 3 and 4, which only a shell can hand over.
const PIPES: &str = r#"exec "$@" 3<&0 4>&1 0</dev/null 1>&2"#;

/// A running browser with one page. It stops when it is dropped.
pub(crate) struct Browser {
    process: Child,
    commands: ChildStdin,
    replies: Receiver<Value>,
    /// What happened on the page that nobody has asked for yet.
    events: Vec<Value>,
    session: String,
    last_id: u64,
    /// Its profile; goes with it.
    _profile: TempDir,
}

impl Browser {
    /// Starts it. It finds no host but this machine's, and its page is so large.
    ///
    /// # Errors
    /// When it is not installed or does not start: says how to get it.
    pub(crate) fn start(width: u32, height: u32) -> anyhow::Result<Self> {
        let chromium = CHROMIUM.found()?;
        let profile = tempfile::tempdir().context("cannot make a folder for the browser")?;
        let mut process = Command::new("sh")
            .args(["-c", PIPES, "sh"])
            .arg(chromium)
            .args([
                "--headless",
                "--remote-debugging-pipe",
                "--disable-gpu",
                "--hide-scrollbars",
                "--no-first-run",
            ])
            // Its own sandbox is not to be had as root; it sees nothing but our own pages.
            .args(["--no-sandbox", "--disable-dev-shm-usage"])
            .args([
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--disable-background-networking",
            ])
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the browser")?;
        let (Some(commands), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            bail!("the browser has no pipes");
        };
        let (sender, replies) = mpsc::channel();
        std::thread::spawn(move || {
            for message in BufReader::new(stdout).split(0) {
                let Ok(message) = message else { return };
                let Ok(message) = serde_json::from_slice(&message) else { return };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let (events, session) = (Vec::new(), String::new());
        let mut browser = Self { process, commands, replies, events, session, last_id: 0, _profile: profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", attach)?;
        browser.session = attached["sessionId"].as_str().context("the browser opens no page")?.to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}))?;
        }
        browser.resize(width, height)?;
        Ok(browser)
    }

    /// Makes the page so large.
    pub(crate) fn resize(&mut self, width: u32, height: u32) -> anyhow::Result<()> {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size).map(drop)
    }

    /// Lets the page believe that it is on this medium (its own if that is empty), and that its reader likes dark colours or
    /// light ones.
    pub(crate) fn imitate(&mut self, medium: &str, dark: bool) -> anyhow::Result<()> {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "media": medium, "features": features })).map(drop)
    }

    /// Whether pages that are opened from now on may run scripts; what is evaluated on them runs all the same.
    pub(crate) fn allow_scripts(&mut self, allow: bool) -> anyhow::Result<()> {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": !allow })).map(drop)
    }

    /// The page on paper, as PDF.
    pub(crate) fn paper(&mut self) -> anyhow::Result<Vec<u8>> {
        let options = json!({ "printBackground": false, "paperWidth": 8.27, "paperHeight": 11.69 });
        let reply = self.call("Page.printToPDF", options)?;
        bytes(&reply)
    }

    /// Goes to an address and waits until the page has loaded.
    pub(crate) fn open(&mut self, url: &str) -> anyhow::Result<()> {
        let reply = self.call("Page.navigate", json!({ "url": url }))?;
        if let Some(error) = reply["errorText"].as_str() {
            bail!("the browser cannot open {url}: {error}");
        }
        let deadline = Instant::now() + PATIENCE;
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.next(deadline).with_context(|| format!("{url} does not load"))?;
            self.events.push(event);
        }
        Ok(())
    }

    /// The value of a piece of JavaScript on the page, which may be a promise.
    pub(crate) fn evaluate(&mut self, script: &str) -> anyhow::Result<Value> {
        let parameters = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let reply = self.call("Runtime.evaluate", parameters)?;
        if let Some(exception) = reply.get("exceptionDetails") {
            let what = &exception["exception"]["description"];
            bail!("the page: {}", what.as_str().map_or_else(|| exception.to_string(), str::to_owned));
        }
        Ok(reply["result"]["value"].clone())
    }

    /// A picture of what the page shows in its window, as PNG.
    pub(crate) fn picture(&mut self) -> anyhow::Result<Vec<u8>> {
        let reply = self.call("Page.captureScreenshot", json!({ "format": "png" }))?;
        bytes(&reply)
    }

    /// Takes a picture for a README, which must have fewer bytes than that.
    pub(crate) fn take_picture(&mut self, root: &Path, path: &str, bytes: usize) -> anyhow::Result<()> {
        let png = self.picture()?;
        ensure!(png.len() < bytes, "the picture has {} bytes, too many for a README", png.len());
        fs::write(root.join(path), &png).with_context(|| format!("cannot write {path}"))?;
        print(&format!("wrote {path}, {} bytes", png.len()));
        Ok(())
    }

    /// What happened on the page since this was asked the last time, in the words of the DevTools protocol.
    pub(crate) fn events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    fn call(&mut self, method: &str, params: Value) -> anyhow::Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({ "id": id, "method": method, "params": params });
        if !self.session.is_empty() {
            command["sessionId"] = Value::from(self.session.clone());
        }
        let message = command.to_string() + "\0";
        self.commands
            .write_all(message.as_bytes())
            .with_context(|| format!("the browser is gone at {method}"))?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut reply = self.next(deadline).with_context(|| format!("no answer to {method}"))?;
            if reply["id"] == id {
                if let Some(error) = reply.get("error") {
                    bail!("the browser refuses {method}: {error}");
                }
                return Ok(reply["result"].take());
            }
            self.events.push(reply);
        }
    }

    fn next(&mut self, deadline: Instant) -> anyhow::Result<Value> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.replies.recv_timeout(left).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                anyhow::anyhow!("the browser took more than {} s", PATIENCE.as_secs())
            }
            RecvTimeoutError::Disconnected => anyhow::anyhow!("the browser ended"),
        })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It fails only if the process has ended, which is what is wanted.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// The data of a reply.
fn bytes(reply: &Value) -> anyhow::Result<Vec<u8>> {
    use base64::Engine as _;
    let data = reply["data"].as_str().context("the browser sends no data")?;
    base64::engine::general_purpose::STANDARD.decode(data).context("the browser sends no base64")
}

/// The address of a file.
pub(crate) fn file_url(path: &Path) -> String {
    format!("file://{}", path.display())
}
