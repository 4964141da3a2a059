//! `northbound emulator`: the stand-in for the platform as a server.

use clap::{Args, Subcommand};
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;

use northbound::QUOTA;
use northbound_emulator::{Certificates, Emulator, Scenario, StartError};

use crate::arguments::list::{List, ListParser};
use crate::error::CliError;
use crate::results::result_of;
use crate::screen::layout::counted;
use crate::session::context::Context;
use crate::session::hanging::reading;
use crate::session::listening;

#[derive(Debug, Subcommand)]
pub(crate) enum EmulatorCommand {
    /// Serve the emulator until it is interrupted; the first line says where it listens
    ///
    /// --quota sets the quota. Without it, the scenario file does. Without both, the quota is 100 calls in 60 seconds.
    Serve(ServeOptions),
    /// Print an example of a scenario file, or the JSON Schema of scenario files
    Scenario(ScenarioOptions),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ScenarioOptions {
    /// An example of a file for `emulator serve --scenario`: applications, tasks with rows of your own, faults (TOML)
    #[arg(long)]
    pub(crate) example: bool,
    /// The JSON Schema of scenario files, for editors
    #[arg(long)]
    pub(crate) schema: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// Where to listen, as address or name; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8743")]
    pub(crate) listen: String,
    /// Answer requests for this host too, such as the name of a container
    ///
    /// The emulator answers under localhost, loopback addresses and the address that it listens on. It refuses other hosts, and
    /// web pages of other sites, because a page in a browser on this machine could otherwise control it. A name without a port
    /// stands for every port.
    #[arg(long, value_name = "NAME", value_parser = ListParser(listening::host))]
    pub(crate) allow_host: Vec<List<String>>,
    /// Number of subtasks of the batch task `demo`
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with = "scenario")]
    pub(crate) subtasks: u32,
    /// Scenario file with the applications, tasks and faults of the emulator (TOML) [default: the built-in scenario]
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Use TLS with the certificates ca.pem and server.pem in this folder; if the folder has neither, they are made
    #[arg(long, value_name = "DIR")]
    pub(crate) tls: Option<PathBuf>,
    /// Require a certificate from each client, issued by the authority in ca.pem; client.pem is one
    #[arg(long, requires = "tls")]
    pub(crate) mutual: bool,
}

pub(crate) async fn run(context: &mut Context<'_>, command: &EmulatorCommand) -> Result<(), CliError> {
    match command {
        EmulatorCommand::Serve(options) => serve(context, options).await,
        EmulatorCommand::Scenario(options) => {
            let text = if options.schema { Scenario::SCHEMA } else { Scenario::EXAMPLE_FILE };
            Ok(context.stdout.write_all(text.as_bytes())?)
        }
    }
}

async fn serve(context: &mut Context<'_>, options: &ServeOptions) -> Result<(), CliError> {
    let scenario = scenario(options, context.global.quota)?;
    let known = known(options, &scenario);
    let builder = Emulator::builder().scenario(scenario).listen(listening::address(&options.listen).await?);
    let builder =
        List::all(&options.allow_host).iter().fold(builder, |builder, host| builder.allow_host(host));
    #[cfg(feature = "docs")]
    let builder = builder.docs(northbound_emulator::Docs {
        yaml: northbound::DOCUMENT,
        json: northbound::DOCUMENT_AS_JSON,
        page: include_str!("../docs.html"),
    });
    let builder = match &options.tls {
        None => builder,
        Some(folder) => {
            let certificates = Certificates::read_or_make(folder).map_err(StartError::from)?;
            if options.mutual { builder.mutual_tls(certificates) } else { builder.tls(certificates) }
        }
    };
    #[cfg(unix)]
    listening::raise_descriptor_limit();
    let mut emulator = builder.start().await?;
    if context.global.output().is_json() {
        context.deliver_json(&result_of(Some(&emulator.url()), []))?;
    } else {
        writeln!(context.stdout, "listening on {}", emulator.url())?;
        context.deliver()?;
    }
    context.note(&format!("{known}; stop with Ctrl-C"))?;
    if let Some(warning) = warning(emulator.addr()) {
        context.note(&warning)?;
    }
    // It serves until it is stopped, so that is no failure.
    tokio::select! {
        _ = context.interrupt.wait() => {}
        error = emulator.accept_failed() => {
            let text = "warning: cannot accept a connection";
            context.note(&format!("{text}: {error}; the emulator goes on trying, and does not repeat this warning"))?;
            context.interrupt.wait().await;
        }
    }
    emulator.stop().await;
    Ok(())
}

fn warning(listening: SocketAddr) -> Option<String> {
    (!listening.ip().to_canonical().is_loopback()).then(|| {
        format!(
            "warning: the emulator listens on {listening}, beyond this machine: whoever can reach it can control it, without a \
             password"
        )
    })
}

/// What was typed goes before the file, the file before what the platform is like.
fn scenario(options: &ServeOptions, quota: Option<u32>) -> Result<Scenario, CliError> {
    let scenario = match &options.scenario {
        Some(path) => read(path).map_err(|what| {
            let advice =
                "`northbound emulator scenario --example` prints a file that works, and --schema a JSON Schema for editors";
            CliError::usage(what, advice)
        })?,
        None => Scenario::default().with_demo_subtasks(options.subtasks).with_quota(QUOTA.calls),
    };
    let quota = quota.unwrap_or(scenario.quota);
    Ok(scenario.with_quota(quota))
}

fn read(path: &Path) -> Result<Scenario, String> {
    let text = reading(&path.display().to_string(), || fs::read_to_string(path));
    let text = text.map_err(|error| format!("cannot read the scenario {}: {error}", path.display()))?;
    let folder = path.parent().unwrap_or(path);
    Scenario::from_toml_in(&text, folder)
        .map_err(|error| format!("the scenario {} is wrong: {error}", path.display()))
}

/// What a person needs to know to make the first call.
fn known(options: &ServeOptions, scenario: &Scenario) -> String {
    let quota = match scenario.quota {
        0 => "no quota".to_owned(),
        calls => format!("quota {} in 60 s", counted(calls, "call")),
    };
    match &options.scenario {
        Some(path) => format!(
            "scenario {}: {}, {}; {quota}",
            path.display(),
            counted(scenario.applications.len() as u64, "application"),
            counted(scenario.tasks.len() as u64, "batch task")
        ),
        None => format!(
            "application {}, secret {}; batch tasks {} ({}), {} and {}; {quota}",
            Scenario::DEMO_APP_ID,
            Scenario::DEMO_SECRET,
            Scenario::DEMO_TASK,
            counted(options.subtasks, "subtask"),
            Scenario::LIVE_TASK,
            Scenario::EXAMPLE_TASK,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_beyond_this_machine_gets_a_warning() {
        let warned = |listening: &str| warning(listening.parse().unwrap()).is_some();
        for (listening, expected) in [
            ("127.0.0.1:1", false),
            ("[::1]:1", false),
            ("[::ffff:127.0.0.1]:1", false),
            ("0.0.0.0:1", true),
            ("[::]:1", true),
            ("192.0.2.7:1", true),
        ] {
            assert_eq!(warned(listening), expected, "{listening}");
        }
    }
}
