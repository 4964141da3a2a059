//! `northbound gateway`: the platform's calls on this machine, for programs in any language.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::Args;
use northbound::{ClientBuilder, Counters};
use northbound_gateway::{Gateway, Listen};

use crate::arguments::list::{List, ListParser};
use crate::error::CliError;
use crate::results::result_of;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::listening;
use crate::session::secret::secret_in;

/// How long a call may take unless --deadline is given. A caller that has gone waits for nothing, so it is long: others may have the
/// next minutes of the quota.
const DEADLINE: Duration = Duration::from_secs(15 * 60);
/// Lines of the log that wait to be written. Further ones are left out while stderr takes none.
const LINES: usize = 10_000;
/// How long the last lines may take.
const LAST_LINES: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub(crate) struct GatewayOptions {
    /// Where to listen, as address or name; port 0 takes a free one. To listen beyond this machine, --key-file is required
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8744")]
    pub(crate) listen: String,
    /// Listen on a Unix socket instead, which only the same user can open
    #[cfg(unix)]
    #[arg(long, value_name = "PATH", conflicts_with = "listen")]
    pub(crate) unix: Option<PathBuf>,
    /// File that holds a key. Callers must log in with it as their secret. Without a key, every program on this machine is served
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Allow callers to create batch tasks, which send commands to real devices
    #[arg(long, requires = "key_file")]
    pub(crate) allow_create: bool,
    /// Answer requests for this host too, such as the name of a container
    ///
    /// The gateway answers under localhost, loopback addresses and the address that it listens on. It refuses other hosts, and web
    /// pages of other sites, because a page in a browser on this machine could otherwise use it. A name without a port stands for
    /// every port.
    #[arg(long, value_name = "NAME", value_parser = ListParser(listening::host))]
    pub(crate) allow_host: Vec<List<String>>,
    /// Memory for the rows of reads, in MiB; a read that needs more is refused
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub(crate) memory: u32,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &GatewayOptions) -> Result<(), CliError> {
    let listen = listen(options).await?;
    let key = options.key_file.as_deref().map(|path| secret_in("key file", path)).transpose()?;
    if key.as_ref().is_some_and(|key| key.expose().is_empty()) {
        return Err(CliError::usage("the key file is empty", "write a long random text into it"));
    }
    let counters = Counters::default();
    let adjust = |builder: ClientBuilder| {
        let builder = builder.counters(counters.clone());
        if context.global.deadline.is_none() { builder.deadline(DEADLINE) } else { builder }
    };
    let connection = Connection::open_with(context, &adjust).await?;
    let (log, written) = log();
    let memory = usize::try_from(options.memory).unwrap_or(usize::MAX).saturating_mul(1024 * 1024);
    let builder =
        Gateway::builder(connection.client.clone()).allow_create(options.allow_create).memory(memory);
    let builder = key.into_iter().fold(builder, northbound_gateway::Builder::key);
    let builder =
        List::all(&options.allow_host).into_iter().fold(builder, northbound_gateway::Builder::allow_host);
    #[cfg(feature = "docs")]
    let builder = builder.docs(northbound_gateway::Docs { swagger_ui: northbound_emulator::swagger_ui_file });
    // With -q the log is dropped, so nothing is written.
    let builder = if context.global.quiet {
        drop(log);
        builder
    } else {
        builder.log(log)
    };
    #[cfg(unix)]
    listening::raise_descriptor_limit();
    let gateway = builder.start(listen).await?;
    if context.global.output().is_json() {
        context.deliver_json(&result_of(Some(gateway.url()), []))?;
    } else {
        writeln!(context.stdout, "listening on {}", gateway.url())?;
        context.deliver()?;
    }
    let may = if options.allow_create { "callers may create batch tasks" } else { "it only reads" };
    context.note(&format!(
        "application {} on {}; {may}; stop with Ctrl-C",
        connection.client.app_id(),
        connection.endpoint()
    ))?;
    // It serves until it is stopped, so that is no failure.
    context.interrupt.wait().await;
    gateway.stop().await;
    // Nobody waits for a reader that has stopped.
    let _ = written.recv_timeout(LAST_LINES);
    Ok(())
}

async fn listen(options: &GatewayOptions) -> Result<Listen, CliError> {
    #[cfg(unix)]
    if let Some(path) = &options.unix {
        return Ok(Listen::Unix(path.clone()));
    }
    listening::address(&options.listen).await.map(Listen::Tcp)
}

/// Takes lines for stderr, which another thread writes: calls do not wait for it. The second part hears when the first one is dropped
/// and all lines are written.
fn log() -> (impl Fn(String) + Send + Sync, mpsc::Receiver<()>) {
    let (lines, to_write) = mpsc::sync_channel::<String>(LINES);
    let (done, written) = mpsc::channel();
    thread::spawn(move || {
        for line in to_write {
            // Where stderr is closed, there is nothing to report that to.
            let _ = writeln!(io::stderr(), "{line}");
        }
        let _ = done.send(());
    });
    (move |line| drop(lines.try_send(line)), written)
}
