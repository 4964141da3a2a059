//! `northbound emulator`: the stand-in for the platform as a server.

use std::io::Write;

use northbound_emulator::{Emulator, Scenario};

use crate::arguments::EmulatorCommand;
use crate::failure::Failure;

pub(crate) async fn run(
    command: &EmulatorCommand,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Result<(), Failure> {
    let EmulatorCommand::Serve { listen, subtasks } = *command;
    let scenario = Scenario::default().with_demo_subtasks(subtasks);
    let emulator = Emulator::builder().scenario(scenario).listen(listen).start().await?;
    writeln!(stdout, "listening on {}", emulator.url())?;
    stdout.flush()?;
    writeln!(
        stderr,
        "application {}, secret {}; batch tasks {} ({subtasks} subtasks) and {}; stop with Ctrl-C",
        Scenario::DEMO_APP_ID,
        Scenario::DEMO_SECRET,
        Scenario::DEMO_TASK,
        Scenario::EXAMPLE_TASK,
    )?;
    tokio::signal::ctrl_c().await.map_err(Failure::Runtime)?;
    emulator.stop().await;
    Ok(())
}
