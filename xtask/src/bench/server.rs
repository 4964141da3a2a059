//! The servers that are compared, each a process of its own that ends with its [`Server`].

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::{OWN, cpu_seconds};

/// How long a server may take until it listens, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A process that listens.
pub(super) struct Server {
    name: &'static str,
    process: Child,
    log: PathBuf,
    pub(super) address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// `northbound emulator serve`, without a quota.
    pub(super) fn emulator(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(program);
        command.args(["emulator", "serve", "--quota", "0", "--listen", &address.to_string()]);
        Self::start("the emulator", command, address, &folder.join("emulator.log"))
    }

    /// Prism, which answers from the examples of the document in `folder`.
    pub(super) fn prism(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let mut command = Command::new("node");
        command.arg(program).args(["mock", "-v", "silent", "-h", &host, "-p", &port]);
        // In production it would start a process for each core.
        command.arg(folder.join("openapi.json")).env_remove("NODE_ENV");
        Self::start("Prism", command, address, &folder.join("prism.log"))
    }

    /// nginx with the files of `folder`, and nothing of what the system has set up for it.
    pub(super) fn nginx(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let config = include_str!("nginx.conf")
            .replace("FOLDER", &folder.display().to_string())
            .replace("PORT", &address.port().to_string());
        let file = folder.join("nginx.conf");
        fs::write(&file, config).context("cannot write nginx's configuration")?;
        let mut command = Command::new(program);
        command.args(["-e", "stderr", "-p"]).arg(folder).arg("-c").arg(file);
        Self::start("nginx", command, address, &folder.join("nginx.log"))
    }

    fn start(
        name: &'static str,
        mut command: Command,
        address: SocketAddr,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let process = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let mut server = Self { name, process, log: log.to_owned(), address };
        let start = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            if server.process.try_wait()?.is_some() || start.elapsed() > PATIENCE {
                bail!("{} does not listen on {address}:\n{}", server.name, server.said());
            }
            sleep(PAUSE);
        }
        Ok(server)
    }

    /// Time that the process has spent on the CPU.
    pub(super) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        cpu_seconds(&self.process.id().to_string(), OWN)
            .with_context(|| format!("{} has ended: {}", self.name, self.said()))
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// An address that was free a moment ago: nginx and Prism cannot say which port they were given.
fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    listener.local_addr().context("no port is free")
}
