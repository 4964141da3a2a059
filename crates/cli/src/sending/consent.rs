//! Asking whether a command may go to devices: on the terminal, or by --yes.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};

use crate::error::{CliError, Kind};
use crate::session::context::Context;
use crate::session::interrupt::may_hang;

/// The terminal of the process. Stdin may be the list of devices.
#[cfg(unix)]
const TERMINAL: &str = "/dev/tty";
#[cfg(not(unix))]
const TERMINAL: &str = "CONIN$";

/// Shows the plan, and asks unless the user has agreed in advance. `missing` says what the command line would have to say for that.
pub(super) fn agree(
    context: &mut Context<'_>,
    plan: &[String],
    agreed: bool,
    missing: &str,
) -> Result<(), CliError> {
    // Nobody who reads: an error, also where a closed pipe is none, because nothing is sent.
    if agreed {
        return context.note(&plan.join("\n")).map_err(CliError::Output);
    }
    let stderr = &mut context.stderr;
    if !stderr.is_terminal() {
        let what =
            "nothing was sent: a command to devices needs your consent, and there is no terminal to ask on";
        return Err(CliError::usage(what, format!("read what --dry-run prints, and add {missing}")));
    }
    let asked = stderr.write_lines(plan).and_then(|()| write!(stderr, "Type yes to send: "));
    asked.and_then(|()| stderr.flush()).map_err(CliError::Output)?;
    let answer = may_hang(answer).map_err(|error| {
        let what = format!("nothing was sent: the terminal cannot be asked: {error}");
        CliError::usage(what, format!("read what --dry-run prints, and add {missing}"))
    })?;
    match answer.trim().eq_ignore_ascii_case("yes") {
        true => Ok(()),
        false => Err(CliError::own(Kind::Declined, "nothing was sent: the answer was not yes", "")),
    }
}

fn answer() -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(File::open(TERMINAL)?).read_line(&mut line)?;
    Ok(line)
}
