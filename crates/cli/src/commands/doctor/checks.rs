//! Decides from what was seen on the way to the platform whether it is right, in the order in which one thing needs another.

mod caller;
mod trust;
mod way;

use super::fault::{Fault, Kind};
use super::finding::{Finding, Mark};
use super::network::Way;
use super::setting::Setting;
use super::wire::Exchange;

/// Everything that was seen.
#[derive(Clone, Debug)]
pub(super) struct Sight<'a> {
    pub(super) setting: &'a Setting,
    /// `None` if the endpoint or the proxy is set wrong.
    pub(super) way: Option<&'a Way>,
    /// How the first call went; `None` if none could be made.
    pub(super) call: Option<Result<(), &'a Fault>>,
    /// What went over the wire until then.
    pub(super) exchanges: &'a [Exchange],
    /// How many subtasks the task has that was given, once the platform has told; `None` if no task was given.
    pub(super) task: Option<Option<u64>>,
}

impl Sight<'_> {
    pub(super) fn findings(&self) -> Vec<Finding> {
        let checks = [
            self.endpoint(),
            self.name(),
            self.connection(),
            self.certificate(),
            self.clock(),
            self.answer(),
            self.application(),
            self.secret(),
            self.proxy_headers(),
        ];
        checks.into_iter().chain(self.task()).collect()
    }

    /// Whether anything came back over HTTP.
    fn is_answered(&self) -> bool {
        self.exchanges.iter().any(|exchange| exchange.status.is_some())
    }

    /// Why the way was not explored.
    fn no_way(&self) -> &'static str {
        match self.setting.endpoint {
            Ok(_) => "the proxy has to be set right first",
            Err(_) => "the endpoint has to be set right first",
        }
    }

    /// Why no call was made.
    fn no_call(&self) -> &'static str {
        if self.setting.is_sound() {
            "the platform cannot be reached"
        } else {
            "no call can be made with these settings"
        }
    }

    /// Why a call tells nothing.
    fn no_answer(&self) -> &'static str {
        match self.call {
            None => self.no_call(),
            Some(Err(fault)) => match fault.kind {
                Kind::Distrust => "the TLS handshake failed",
                Kind::Unreachable => "no reply came",
                Kind::Credentials | Kind::Application => "the application is refused",
                Kind::Token => "the token is refused",
                Kind::Throttled => "the quota is used up",
                _ => "the platform does not answer as it should",
            },
            Some(Ok(())) => "nothing is known",
        }
    }
}

fn ok(name: &'static str, found: impl Into<String>) -> Finding {
    Finding::new(Mark::Ok, name, found)
}

fn not_checked(name: &'static str, why: &str) -> Finding {
    Finding::new(Mark::NotChecked, name, why)
}

fn wrong(name: &'static str, fault: &Fault) -> Finding {
    Finding::new(Mark::Wrong, name, fault.found.clone()).help(&*fault.help)
}
