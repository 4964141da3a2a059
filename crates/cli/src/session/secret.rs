//! Where the application's secret comes from: a file, or a command that prints it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use northbound::{Secret, TokenError, without_line_ends};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use crate::error::CliError;
use crate::session::hanging::reading;

/// More bytes than any secret has: the file may be a wrong one.
const LONGEST_SECRET: u64 = 64 * 1024;
/// How long a command may take to print the secret.
const PATIENCE: Duration = Duration::from_secs(30);

/// The secret that a file holds.
pub(crate) fn secret_in(what: &str, path: &Path) -> Result<Secret, CliError> {
    let content = || io::read_to_string(File::open(path)?.take(LONGEST_SECRET));
    let text = read(what, path, content)?;
    Ok(Secret::from(without_line_ends(&text)))
}

/// Reads a file that a setting names.
pub(crate) fn read<T>(
    what: &str,
    path: &Path,
    content: impl FnOnce() -> io::Result<T>,
) -> Result<T, CliError> {
    reading(&path.display().to_string(), content).map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::InvalidData => "save the file as UTF-8",
            _ => "check the path, and that you may read the file",
        };
        CliError::usage(format!("cannot read the {what} {}: {error}", path.display()), advice)
    })
}

/// The secret that a command prints. What it writes to stderr goes there; its arguments are not shown.
pub(crate) async fn secret_of(words: Vec<OsString>) -> Result<Secret, TokenError> {
    let Some((program, arguments)) = words.split_first() else { return Err("no command is given".into()) };
    let named = Path::new(program).display();
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let printed = async {
        let mut running = command.spawn()?;
        let mut text = Vec::new();
        if let Some(stdout) = running.stdout.take() {
            stdout.take(LONGEST_SECRET).read_to_end(&mut text).await?;
        }
        io::Result::Ok((running.wait().await?, text))
    };
    let printed = timeout(PATIENCE, printed)
        .await
        .map_err(|_| format!("the secret-command {named} printed none within {} s", PATIENCE.as_secs()))?;
    match printed {
        Err(error) => Err(format!("the secret-command {named} cannot be run: {error}").into()),
        Ok((status, _)) if !status.success() => {
            Err(format!("the secret-command {named} failed: {status}").into())
        }
        Ok((_, text)) => {
            let text =
                String::from_utf8(text).map_err(|_| format!("the secret-command {named} prints no UTF-8"))?;
            match without_line_ends(&text) {
                "" => Err(format!("the secret-command {named} prints nothing").into()),
                text if text.contains(['\n', '\r']) => {
                    Err(format!("the secret-command {named} prints more than one line").into())
                }
                text => Ok(Secret::from(text)),
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_prints_one_line() {
        for (text, expected) in
            [("a\\n", Ok(())), ("", Err("prints nothing")), ("a\\nb", Err("prints more than one line"))]
        {
            let words = ["printf", text].map(OsString::from).to_vec();
            let read = secret_of(words).await.map(drop).map_err(|error| error.to_string());
            assert_eq!(read, expected.map_err(|what| format!("the secret-command printf {what}")));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_that_prints_nothing_is_stopped() {
        let words = ["sleep", "600"].map(OsString::from).to_vec();
        let error = secret_of(words).await.unwrap_err().to_string();
        assert_eq!(error, "the secret-command sleep printed none within 30 s");
    }
}
