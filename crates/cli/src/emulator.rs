//! `northbound emulator`: the stand-in for the platform as a server.

use std::fs;
use std::io::Write;
use std::path::Path;

use northbound_emulator::{Certificates, Emulator, Scenario, StartError};

use crate::arguments::{EmulatorCommand, ServeOptions};
use crate::failure::Failure;
use crate::signals::Signals;

/// Calls in 60 seconds that the platform allows an application.
const QUOTA: u32 = 100;

pub(crate) async fn run(
    command: &EmulatorCommand,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Result<(), Failure> {
    let EmulatorCommand::Serve(options) = command;
    let scenario = scenario(options)?;
    let known = known(options, &scenario);
    // A signal that comes as soon as the address is known must find someone who listens.
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let builder = Emulator::builder().scenario(scenario).listen(options.listen);
    let builder = match &options.tls {
        None => builder,
        Some(folder) => {
            let certificates = Certificates::read_or_make(folder).map_err(StartError::from)?;
            if options.mutual { builder.mutual_tls(certificates) } else { builder.tls(certificates) }
        }
    };
    let emulator = builder.start().await?;
    writeln!(stdout, "listening on {}", emulator.url())?;
    stdout.flush()?;
    writeln!(stderr, "{known}; stop with Ctrl-C")?;
    signals.wait().await;
    emulator.stop().await;
    Ok(())
}

/// What was typed goes before the file, the file before what the platform is like.
fn scenario(options: &ServeOptions) -> Result<Scenario, Failure> {
    let scenario = match &options.scenario {
        Some(path) => read(path)?,
        None => Scenario::default().with_demo_subtasks(options.subtasks).with_quota(QUOTA),
    };
    Ok(match options.quota {
        Some(quota) => scenario.with_quota(quota),
        None => scenario,
    })
}

fn read(path: &Path) -> Result<Scenario, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("cannot read the scenario {}: {error}", path.display())))?;
    Scenario::from_toml(&text)
        .map_err(|error| Failure::Usage(format!("the scenario {} is wrong: {error}", path.display())))
}

/// What a person needs to know to make the first call.
fn known(options: &ServeOptions, scenario: &Scenario) -> String {
    let quota = match scenario.quota {
        0 => "no quota".to_owned(),
        calls => format!("quota {calls} calls in 60 s"),
    };
    match &options.scenario {
        Some(path) => format!(
            "scenario {}: {} applications, {} batch tasks; {quota}",
            path.display(),
            scenario.applications.len(),
            scenario.tasks.len()
        ),
        None => format!(
            "application {}, secret {}; batch tasks {} ({} subtasks), {} and {}; {quota}",
            Scenario::DEMO_APP_ID,
            Scenario::DEMO_SECRET,
            Scenario::DEMO_TASK,
            options.subtasks,
            Scenario::LIVE_TASK,
            Scenario::EXAMPLE_TASK,
        ),
    }
}
