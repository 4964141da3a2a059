//! Why a call failed, in words that can be shown to anybody. An error of the SDK is not: it names the task, and may repeat the
//! platform's words and the beginning of a reply.

use northbound::{Error, ErrorCode, ErrorKind};

use super::finding::{Finding, wrong};
use crate::error::{CliError, in_options};

/// Why something failed, without any id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) cause: Cause,
    pub(super) found: String,
    pub(super) help: String,
}

/// What it says about the way to the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// What was typed cannot work.
    Setting,
    /// Nothing came back.
    Unreachable,
    /// The two sides do not trust each other, or do not both speak TLS.
    Distrust,
    /// Application id and secret do not belong together.
    Credentials,
    /// The application is unknown, frozen, or not allowed to ask.
    Application,
    /// The token is refused.
    Token,
    /// The task does not exist.
    NoTask,
    /// A parameter is refused.
    Input,
    /// The quota is used up.
    Throttled,
    /// Something answers, and not as the platform does.
    Strange,
}

impl Problem {
    /// What a check finds that this problem fails.
    pub(super) fn finding(&self) -> Finding {
        wrong(&*self.found, &*self.help)
    }

    /// Whether the platform refuses what was asked for, and not who asks.
    pub(super) fn is_of_the_question(&self) -> bool {
        matches!(self.cause, Cause::NoTask | Cause::Input)
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let cause = cause(error);
        let found = match (error.code(), cause) {
            (Some(code), _) => platform(code, error),
            (None, Cause::Strange) => strange(error),
            _ => error.found().to_owned(),
        };
        let help = if error.is_redirect() {
            // The address may hold anything, and only a report has to do without it.
            "`northbound summary TASK_ID` tells the address: use it as the endpoint if you trust it"
                .to_owned()
        } else {
            in_options(error.remedy(), "doctor")
        };
        Self { cause, found, help }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<CliError> for Problem {
    fn from(error: CliError) -> Self {
        match error {
            CliError::Call(error) => Self::from(error),
            _ => Self {
                cause: Cause::Setting,
                found: error.to_string(),
                help: error.advice().unwrap_or_default(),
            },
        }
    }
}

fn cause(error: &Error) -> Cause {
    match error.kind() {
        ErrorKind::Refused | ErrorKind::NoToken => Cause::Setting,
        ErrorKind::Tls => Cause::Distrust,
        ErrorKind::Connection | ErrorKind::Timeout if error.status().is_none() => Cause::Unreachable,
        _ if error.code() == Some(&ErrorCode::WrongCredentials) => Cause::Credentials,
        _ if error.is_misconfigured() => Cause::Application,
        _ if error.is_invalid_token() => Cause::Token,
        _ if error.is_task_not_found() => Cause::NoTask,
        _ if error.is_invalid_input() => Cause::Input,
        _ if error.is_throttled() => Cause::Throttled,
        _ => Cause::Strange,
    }
}

/// What the catalogue says, since the platform's words may repeat an id.
fn platform(code: &ErrorCode, error: &Error) -> String {
    let (code, status) = (code.as_str(), error.status().map_or(0, |status| status.as_u16()));
    match error.info() {
        Some(info) => format!("HTTP {status}, {code}: {}", info.meaning),
        // What is in the place of a code may be anything.
        None if code.len() <= 12 && code.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("HTTP {status}, {code}: the platform reports an undocumented error")
        }
        None => format!("HTTP {status}: the platform reports an error whose code is no number"),
    }
}

/// What can be said of a reply without showing any of it.
fn strange(error: &Error) -> String {
    let status = error.status().map_or(0, |status| status.as_u16());
    if error.is_redirect() {
        format!("HTTP {status} points to another address, and is not followed")
    } else if let Some(member) = error.member() {
        format!("the reply of HTTP {status} cannot be understood at {}", place(member))
    } else if error.is_too_large() || error.is_connection() || error.is_timeout() {
        error.found().to_owned()
    } else {
        format!("HTTP {status} without an error code of the platform")
    }
}

/// The member of a reply that is wrong. The name of an undocumented member may hold anything: only a simple one is shown.
fn place(member: &str) -> &str {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '[' | ']' | '_');
    if member.len() <= 60 && member.chars().all(known) { member } else { "some member" }
}
