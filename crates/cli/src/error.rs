//! How a command fails: what a person and a script see, and the exit code.

use std::fmt;
use std::io::{self, Write};

use heck::ToKebabCase as _;
use northbound::Remedy;
use serde_json::json;

use crate::arguments::global::Output;
use crate::screen::layout::one_line;
use crate::screen::outlet::Outlet;
use crate::screen::palette::{ERROR, HELP};

/// Every exit code of the command, and when it comes. Help, manual and README show this table.
pub(crate) const EXIT_CODES: [(u8, &str); 8] = [
    (0, "success, also if the program that reads the output has closed the pipe"),
    (1, "a call or another step failed, or `doctor` found something wrong"),
    (2, "wrong usage: nothing was sent"),
    (3, "more subtasks failed or timed out than `watch --fail-above` allows"),
    (4, "gave up waiting: the task had not settled at the end of `watch --timeout`"),
    (5, "it is not known whether `send` or `resend` sent its command: the devices may have received it"),
    (130, "stopped by Ctrl-C"),
    (143, "stopped by SIGTERM"),
];

/// Why the command failed. Display says what happened, on one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// What the command itself finds wrong.
    #[error("{what}")]
    Own { kind: Kind, what: String, advice: String },
    /// Whatever it was, something is left that the user can go on with.
    #[error("{cause}")]
    Left { cause: Box<Self>, advice: String },
    /// What the user asked a command for, such as `export of task demo`, failed.
    #[error("{}", during(what, cause))]
    During { command: &'static str, what: String, cause: Box<Self> },
    /// The call failed, or was refused before it was sent.
    #[error("{}", without_remedy(.0))]
    Call(#[from] northbound::Error),
    /// The time that the user gave to a wait is over.
    #[error("{}", without_remedy(.0))]
    GaveUp(northbound::Error),
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
    /// Whoever read the output has seen enough.
    #[error("the reader has closed the pipe")]
    ClosedPipe,
    /// The user, or the system, has asked the command to stop.
    #[error("stopped")]
    Interrupted(Signal),
}

/// The kinds of failure of the command itself. A script reads them in `error.kind`, beside those of the SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What was typed cannot work, and nothing was sent.
    Usage,
    /// A file cannot be read or written, or is not as it was left.
    File,
    /// Rows could not be read, or have another status than was asked for.
    Rows,
    /// Rows are missing from a read, or come twice.
    Incomplete,
    /// The doctor found something wrong.
    Unsound,
    /// More subtasks failed than the user allows.
    TooManyFailed,
    /// The time for a wait is over.
    GaveUp,
    /// The user was asked, and did not agree.
    Declined,
    /// A command may have been sent to devices, and nobody knows whether it was.
    OutcomeUnknown,
    /// A signal came.
    Stopped,
    /// The system refuses what the command needs.
    System,
}

/// What asks a command to stop. The number is the exit code: what a shell reports for a process that the signal has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt = 130,
    /// SIGTERM: what a service manager or a container sends.
    Terminate = 143,
}

impl CliError {
    /// What was typed cannot work, and what to type instead.
    pub(crate) fn usage(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::own(Kind::Usage, what, advice)
    }

    /// Something is wrong, and what to do about it.
    pub(crate) fn own(kind: Kind, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Own { kind, what: what.into(), advice: advice.into() }
    }

    /// A file cannot be used, and what to do about it.
    pub(crate) fn file(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::own(Kind::File, what, advice)
    }

    /// The system refuses what the command needs.
    pub(crate) fn system(what: String) -> Self {
        Self::own(Kind::System, what, "")
    }

    /// The same as a failure of what the user asked for; a wrong usage, a signal or a file speak for themselves.
    pub(crate) fn during(self, command: &'static str, task: &str) -> Self {
        let speaks_for_itself = match self.cause() {
            Self::Call(error) => error.is_refused(),
            Self::Own { kind, .. } => !matches!(kind, Kind::Rows | Kind::Incomplete | Kind::TooManyFailed),
            cause => !matches!(cause, Self::GaveUp(_)),
        };
        let of = if command == "task" { String::new() } else { format!("{command} of ") };
        let what = format!("{of}task {}", one_line(task));
        if speaks_for_itself { self } else { Self::During { command, what, cause: Box::new(self) } }
    }

    /// What kind of failure it is, as in `too-many-failed`.
    fn kind(&self) -> String {
        kebab(match self.cause() {
            Self::Call(error) if !error.is_refused() => return kebab(error.kind()),
            Self::Own { kind, .. } => *kind,
            Self::Call(_) => Kind::Usage,
            Self::GaveUp(_) => Kind::GaveUp,
            Self::Interrupted(_) => Kind::Stopped,
            _ => Kind::File,
        })
    }

    /// What failed, whatever is left.
    pub(crate) fn cause(&self) -> &Self {
        match self {
            Self::Left { cause, .. } | Self::During { cause, .. } => cause.cause(),
            _ => self,
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self.cause() {
            Self::ClosedPipe => 0,
            Self::Own { kind: Kind::Usage, .. } => 2,
            Self::Own { kind: Kind::TooManyFailed, .. } => 3,
            Self::Call(error) if error.is_refused() => 2,
            Self::GaveUp(_) => 4,
            Self::Own { kind: Kind::OutcomeUnknown, .. } => 5,
            Self::Call(error) if error.is_outcome_unknown() => 5,
            Self::Interrupted(signal) => *signal as u8,
            _ => 1,
        }
    }

    /// What to do about it, on one line, with the options of the command that failed.
    pub(crate) fn advice(&self) -> Option<String> {
        self.advice_in("")
    }

    fn advice_in(&self, command: &str) -> Option<String> {
        match self {
            Self::Own { advice, .. } => Some(advice.clone()),
            Self::Call(error) | Self::GaveUp(error) => Some(in_options(error.remedy(), command)),
            Self::During { command, cause, .. } => cause.advice_in(command),
            Self::Left { cause, advice } => {
                Some(cause.advice_in(command).map(|first| first + "; ").unwrap_or_default() + advice)
            }
            Self::Output(_) => Some("check that the disk has room and the file may be written".to_owned()),
            _ => None,
        }
        .filter(|advice| !advice.is_empty())
    }

    /// Tells a person on two lines, or a script as one line of JSON.
    pub(crate) fn show(&self, output: Output, stderr: &mut Outlet<'_>) -> io::Result<()> {
        if output.is_json() {
            return writeln!(stderr, "{}", self.json());
        }
        let palette = stderr.palette;
        writeln!(stderr, "{} {}", palette.paint(ERROR, "error:"), self)?;
        if let Some(advice) = self.advice() {
            writeln!(stderr, "{}  {advice}", palette.paint(HELP, "help:"))?;
        }
        Ok(())
    }

    fn json(&self) -> serde_json::Value {
        let mut error = json!({
            "kind": self.kind(),
            "message": self.to_string(),
            "help": self.advice(),
            "exitCode": self.exit_code(),
        });
        if let Self::Call(call) | Self::GaveUp(call) = self.cause() {
            error["code"] = json!(call.code().map(|code| code.as_str()));
            error["httpStatus"] = json!(call.status().map(|status| status.as_u16()));
            error["attempts"] = json!(call.attempts());
        }
        json!({ "error": error })
    }
}

/// The name of a kind as it is printed.
pub(crate) fn kebab(kind: impl fmt::Debug) -> String {
    format!("{kind:?}").to_kebab_case()
}

/// A fault in what was typed: `text` is what the parser says, the fault first.
pub(crate) fn usage_of_parser(text: &str) -> CliError {
    let (what, help) = text.trim().split_once("\n\n").unwrap_or((text.trim(), ""));
    let lines = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    CliError::usage(lines(what.trim_start_matches("error:")), lines(help))
}

/// A remedy with the options of a command where the SDK names its methods.
pub(crate) fn in_options(remedy: &Remedy, command: &str) -> String {
    let has_pages = matches!(command, "subtasks" | "export");
    let or_smaller_pages = if has_pages { ", or ask for smaller pages with --page-size" } else { "" };
    match remedy {
        Remedy::CheckToken => "check that NORTHBOUND_TOKEN holds the whole token and nothing else",
        Remedy::ReplaceToken => {
            "the token came from NORTHBOUND_TOKEN: set a newer one, or unset it to log in with the secret"
        }
        Remedy::StopOtherLogins => {
            "another process may log in with the same application, and so cancel this one's token: stop it, give it an application of \
             its own, or give both one token in NORTHBOUND_TOKEN; or a proxy drops the header app_key, as nginx does unless \
             underscores_in_headers is on"
        }
        Remedy::ShareQuota => {
            "if other programs use this application's quota, give each a part with --quota; if the platform's quota is smaller than \
             --quota, lower it to that; or try again later, or raise --deadline"
        }
        Remedy::CheckTokenSource => {
            "if --share, NORTHBOUND_SHARE or the profile names a Redis, check that it runs, that this machine reaches it, and its user and password; else \
             log in again with --no-token-cache"
        }
        Remedy::CheckSecretSource => {
            "run the secret-command of the profile by hand: it has to print the secret, and nothing else, within 30 s and without a terminal"
        }
        Remedy::CheckQuotaStore => {
            "if --share, NORTHBOUND_SHARE or the profile names a Redis, check that it runs, that this machine reaches it, and its user and password; else \
             check that no stopped process keeps the files of the command's cache folder locked; or raise --deadline"
        }
        Remedy::TrustAuthority => "add --ca-cert FILE, with the platform's own authority or its certificate",
        Remedy::GiveClientCertificate => {
            "add --client-cert FILE, with the certificate that the platform's operator issued"
        }
        Remedy::ResolveName => {
            "write the certificate's name in the endpoint, and give its address with --resolve HOST:ADDR"
        }
        Remedy::UseHttps => "use https",
        Remedy::RaiseTimeout | Remedy::RaiseBodyLimit => return format!("try again later{or_smaller_pages}"),
        Remedy::RaiseDeadlineForToken => {
            "another process may be logging in with the same application; raise --deadline"
        }
        Remedy::RaiseDeadlineForQuota => "call less often, or raise --deadline",
        Remedy::RaiseDeadlineForReply => return format!("raise --deadline{or_smaller_pages}"),
        Remedy::WatchLonger => {
            "raise --timeout, or read the subtasks that are still open with `northbound subtasks`"
        }
        Remedy::AllowEmpty => "check the task id, raise --timeout, or allow an empty task with --allow-empty",
        Remedy::ReadSubtasks { other, total } => {
            return format!(
                "read them with `northbound subtasks`: {other} of {total} were not found in a documented status: \
                 they have another one, have just changed it, or are gone"
            );
        }
        Remedy::LookForTask => {
            "the task may exist, and no call finds its id: look for its name in the platform's portal. If it is there, note its id \
             with `northbound task ID --adopt NAME`; if it is not, repeat the command with --may-repeat. A repeat that is \
             answered with 105001 or 105002 proves nothing, since another program may have used the name, or have an \
             unfinished task"
        }
        Remedy::ReadAllPages => "give one status or none, or leave --page out",
        // A single page is no better where page numbers mean nothing.
        Remedy::ReadPageByPage { because } => {
            return format!("show the operator what `northbound doctor --task` finds: {because}");
        }
        Remedy::ReadWithoutStatus { because } => {
            let whole = if has_pages { "leave --status out" } else { "read all with `northbound subtasks`" };
            return format!("try again; if that fails too, {whole}: {because}");
        }
        Remedy::Text(text) => text,
        other => return other.to_string(),
    }
    .to_owned()
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Output(error),
        }
    }
}

/// What failed for the user, and which page or login it was if that says more.
fn during(what: &str, cause: &CliError) -> String {
    let (CliError::Call(error) | CliError::GaveUp(error)) = cause.cause() else {
        return format!("{what}: {cause}");
    };
    let asked = error.asked().unwrap_or_default();
    let detail = match asked.split_once(" of the subtasks of batch task ") {
        Some((page, _)) if page != "page 0" => format!("{page}: "),
        None if asked.starts_with("login") => format!("{asked}: "),
        _ => String::new(),
    };
    format!("{what}: {detail}{}", error.found())
}

/// What the SDK says of an error, without its advice: see [`in_options`].
fn without_remedy(error: &northbound::Error) -> String {
    error.asked().map(|asked| format!("{asked}: ")).unwrap_or_default() + error.found()
}

/// The emulator did not start: the error with its causes on one line.
#[cfg(feature = "emulator")]
impl From<northbound_emulator::StartError> for CliError {
    fn from(error: northbound_emulator::StartError) -> Self {
        Self::system(with_causes(&error))
    }
}

/// The gateway did not start.
#[cfg(feature = "gateway")]
impl From<northbound_gateway::StartError> for CliError {
    fn from(error: northbound_gateway::StartError) -> Self {
        use northbound_gateway::StartError::{NoKey, NoKeyForCreating};
        match error {
            NoKey(_) | NoKeyForCreating => Self::usage(error.to_string(), "add --key-file FILE"),
            _ => Self::system(with_causes(&error)),
        }
    }
}

#[cfg(any(feature = "emulator", feature = "gateway"))]
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_kinds_stay_what_scripts_know() {
        use northbound::ErrorKind::*;
        let printed = [NoToken, Connection, Tls, Timeout, Platform, Status, Redirect].map(kebab);
        assert_eq!(printed.join(" "), "no-token connection tls timeout platform status redirect");
        let printed = [Undecodable, TooLarge, Incomplete].map(kebab);
        assert_eq!(printed.join(" "), "undecodable too-large incomplete");
        let refused = CliError::from(northbound::AppId::new("").unwrap_err());
        assert_eq!([refused.kind(), kebab(Kind::TooManyFailed)], ["usage", "too-many-failed"]);
    }

    #[test]
    fn every_exit_code_is_in_the_table() {
        let failures = [
            CliError::ClosedPipe,
            CliError::file("x", "y"),
            CliError::usage("x", "y"),
            CliError::own(Kind::TooManyFailed, "x", "y"),
            CliError::GaveUp(northbound::AppId::new("").unwrap_err()),
            CliError::own(Kind::OutcomeUnknown, "x", "y"),
            CliError::Interrupted(Signal::Interrupt),
            CliError::Interrupted(Signal::Terminate),
        ];
        let codes = failures.iter().map(CliError::exit_code);
        assert!(codes.eq(EXIT_CODES.iter().map(|(code, _)| *code)));
    }
}
