//! What the doctor has seen on the way to the platform, before anything is decided from it.

use super::network::Route;
use super::problem::{Cause, Problem};
use super::setting::Setting;
use super::wire::WireCall;

/// Everything that was seen.
#[derive(Clone, Debug)]
pub(super) struct Evidence<'a> {
    pub(super) setting: &'a Setting,
    /// `None` if the endpoint or the proxy is set wrong.
    pub(super) route: Option<&'a Route>,
    /// How the first call went; `None` if none could be made.
    pub(super) call: Option<Result<(), &'a Problem>>,
    /// What went over the wire until then.
    pub(super) wire_calls: &'a [WireCall],
    /// How many subtasks the given task has, once the platform has said so; `None` if no task was given.
    pub(super) task: Option<Option<u64>>,
}

impl Evidence<'_> {
    /// Whether anything came back over HTTP.
    pub(super) fn is_answered(&self) -> bool {
        self.wire_calls.iter().any(|wire_call| wire_call.status.is_some())
    }

    /// Why the route was not explored.
    pub(super) fn no_route(&self) -> &'static str {
        match self.setting.endpoint {
            Ok(_) => "the proxy has to be set right first",
            Err(_) => "the endpoint has to be set right first",
        }
    }

    /// Why no call was made.
    pub(super) fn no_call(&self) -> &'static str {
        if self.setting.is_sound() {
            "the platform cannot be reached"
        } else {
            "no call can be made with these settings"
        }
    }

    /// Why the call says nothing.
    pub(super) fn no_answer(&self) -> &'static str {
        match self.call {
            None => self.no_call(),
            Some(Err(problem)) => match problem.cause {
                Cause::Distrust => "the TLS handshake failed",
                Cause::Unreachable => "no reply came",
                Cause::Credentials | Cause::Application => "the application is refused",
                Cause::Token => "the token is refused",
                Cause::Throttled => "the quota is used up",
                _ => "the platform does not answer as it should",
            },
            Some(Ok(())) => "nothing is known",
        }
    }

    /// Whether a login was made, and brought a token.
    pub(super) fn has_logged_in(&self) -> bool {
        self.wire_calls.iter().any(|wire_call| wire_call.is_login && wire_call.status == Some(200))
            && self.wire_calls.last().is_some_and(|wire_call| !wire_call.is_login)
    }

    /// Whether the platform took application id and token, whatever it answered then.
    pub(super) fn is_let_in(&self) -> bool {
        match self.call {
            Some(Ok(())) => true,
            Some(Err(problem)) => {
                let asked = self.wire_calls.last().is_some_and(|wire_call| !wire_call.is_login);
                asked && matches!(problem.cause, Cause::NoTask | Cause::Input | Cause::Application)
            }
            None => false,
        }
    }
}
