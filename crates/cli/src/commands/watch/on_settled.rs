//! The command that a watch runs when its task has settled.

use std::io::{self, Write as _};
use std::process::{Command, ExitStatus, Stdio};

use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::error::{CliError, Kind};
use crate::screen::layout::one_line;

/// Runs a command in the shell, with the result on its stdin, and waits for its end. It writes where the watch writes.
pub(super) async fn run(command: &str, result: &Value) -> Result<(), CliError> {
    let (mut shell, line) = (shell(command), format!("{result}\n"));
    let ended = spawn_blocking(move || run_now(&mut shell, &line)).await;
    let failure = match ended.unwrap_or_else(|panicked| Err(panicked.into())) {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("failed: {status}"),
        Err(error) => format!("could not be run: {error}"),
    };
    let task = one_line(result["taskId"].as_str().unwrap_or_default());
    let advice = format!("`northbound watch {task} -o json` prints the result again, and ends at once");
    Err(CliError::own(
        Kind::System,
        format!("the task has settled, and the command of --on-settled {failure}"),
        advice,
    ))
}

fn run_now(shell: &mut Command, line: &str) -> io::Result<ExitStatus> {
    let mut child = shell.stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command need not read it.
        let _ = stdin.write_all(line.as_bytes());
    }
    child.wait()
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

/// With /S, `cmd` takes off the outer quotes and leaves the others as they are.
#[cfg(windows)]
fn shell(command: &str) -> Command {
    use std::os::windows::process::CommandExt as _;
    let mut shell = Command::new("cmd");
    shell.args(["/S", "/C"]).raw_arg(format!("\"{command}\""));
    shell
}
