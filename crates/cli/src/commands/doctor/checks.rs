//! Decides from what was seen on the way to the platform whether it is right, in the order in which one thing needs another: the
//! route, trust between the two sides, and the application that calls. What is seen of tasks is judged in `assumptions`.

use std::time::{Duration, SystemTime};

use super::finding::{Finding, not_checked, ok, warning, wrong};
use super::network::{NoAnswer, PATIENCE, Route};
use super::problem::{Cause, Problem};
use super::setting::{Proof, Setting};
use super::wire::WireCall;
use crate::screen::layout::counted;

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
            Ok(_) => "correct the proxy first",
            Err(_) => "correct the endpoint first",
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

/// A clock that differs by this much will differ more later. Tokens and certificates last for hours.
const SKEW_TO_WARN_OF: Duration = Duration::from_secs(30);
/// How much clocks may differ before something fails.
const WRONG_SKEW: Duration = Duration::from_secs(300);
/// In time to ask an operator for a new certificate.
const END_TO_WARN_OF: Duration = Duration::from_secs(14 * 86_400);
const DAY: u64 = 86_400;

pub(super) fn findings(seen: &Evidence<'_>) -> Vec<Finding> {
    let checks = [
        ("endpoint", seen.endpoint().unwrap_or_else(Problem::finding)),
        ("name", seen.name()),
        ("connection", seen.connection()),
        ("certificate", seen.certificate()),
        ("clock", seen.clock()),
        ("answer", seen.answer()),
        ("application", seen.application().unwrap_or_else(Problem::finding)),
        ("secret", seen.secret().unwrap_or_else(Problem::finding)),
        ("proxy headers", seen.proxy_headers().unwrap_or_else(Problem::finding)),
    ];
    let task = seen.task.map(|subtasks| ("task", seen.task(subtasks)));
    checks.into_iter().chain(task).map(|(name, finding)| finding.named(name)).collect()
}

impl Evidence<'_> {
    fn endpoint(&self) -> Result<Finding, &Problem> {
        let endpoint = self.setting.endpoint.as_ref()?;
        let url = endpoint.url.as_str().trim_end_matches('/');
        let stays = if endpoint.url.scheme() == "http" { ", which stays on this machine" } else { "" };
        Ok(ok(format!("{url}{stays}; from {}", endpoint.from)))
    }

    fn name(&self) -> Finding {
        let Some(route) = self.route else { return not_checked(self.no_route()) };
        let Route { host, is_proxy, is_given, .. } = route;
        let shown = if *is_proxy { format!("the proxy {host}") } else { host.clone() };
        let addresses = match &route.addresses {
            Ok(addresses) => addresses,
            Err(cause) => {
                return wrong(
                    format!("{shown} has no address ({cause})"),
                    match is_proxy {
                        true => "check the name of the proxy in the environment".to_owned(),
                        false => format!(
                            "check the spelling and this machine's DNS, or give the address with --resolve {host}:ADDR"
                        ),
                    },
                );
            }
        };
        let is_address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
        let first = addresses.first().map(ToString::to_string).unwrap_or_default();
        let more = match addresses.len() {
            0 | 1 => String::new(),
            several => format!(" and {} more", several - 1),
        };
        ok(match (is_given, is_address, is_proxy) {
            (true, ..) => format!("{shown} is {first}, by {}", self.setting.address),
            (_, true, _) => format!("{shown} is an address, so that nothing is looked up"),
            (_, _, true) => format!("{shown} is {first}{more}; it looks the platform's name up itself"),
            _ => format!("{shown} is {first}{more}"),
        })
    }

    fn connection(&self) -> Finding {
        let Some(route) = self.route else { return not_checked(self.no_route()) };
        let port = format!("{}port {}", if route.is_proxy { "the proxy's " } else { "" }, route.port);
        match &route.connected {
            Err(NoAnswer::NoAddress) => not_checked("there is no address"),
            Ok(address) => ok(format!("{port} of {address} answers")),
            Err(NoAnswer::Refused(address)) => wrong(
                format!("{port} of {address} refuses connections"),
                "check the port, and whether the platform is up",
            ),
            Err(NoAnswer::TimedOut(address)) => wrong(
                format!("{port} of {address} does not answer within {} s", PATIENCE.as_secs()),
                "look for a firewall on the way, or ask the platform's operator whether your address is let in",
            ),
            Err(NoAnswer::Other(cause)) => {
                wrong(format!("{port} cannot be reached ({cause})"), "check this machine's network")
            }
        }
    }

    fn certificate(&self) -> Finding {
        let Ok(endpoint) = &self.setting.endpoint else { return not_checked(self.no_route()) };
        if endpoint.url.scheme() == "http" {
            return ok("none is needed for plain http on this machine");
        }
        match (&self.setting.certificates, self.call) {
            (Err(problem), _) => return problem.finding(),
            (_, Some(Err(problem))) if problem.cause == Cause::Distrust => return problem.finding(),
            _ if !self.is_answered() => return not_checked(self.no_answer()),
            _ => {}
        }
        let given = self.setting.certificates.iter().flatten().map(|given| format!(", with {given}"));
        let given: String = given.collect();
        let end =
            |call: &WireCall| Some(call.certificate_ends?.duration_since(call.received).unwrap_or_default());
        match self.wire_calls.iter().rev().find_map(end) {
            Some(left) if left < END_TO_WARN_OF => warning(
                format!("trusted, and ends in {}{given}", days(left)),
                "ask the platform's operator for a new one in time",
            ),
            Some(left) => ok(format!("trusted, and valid for {}{given}", days(left))),
            None => ok(format!("trusted{given}")),
        }
    }

    fn clock(&self) -> Finding {
        if !self.is_answered() {
            return not_checked(self.no_answer());
        }
        let Some((skew, is_fast)) = self.wire_calls.iter().rev().find_map(skew) else {
            return not_checked("the replies do not tell the time");
        };
        let side = if is_fast { "ahead of" } else { "behind" };
        let found = format!("this machine's clock is {} {side} the platform's", clock_time(skew));
        let help = "set the clock, or let it be set over the network: tokens and certificates depend on it";
        match skew {
            skew if skew > WRONG_SKEW => wrong(found, help),
            skew if skew > SKEW_TO_WARN_OF => warning(found, help),
            _ => ok("this machine's clock and the platform's agree"),
        }
    }

    /// Whether it is the platform that answers, and whether it can.
    fn answer(&self) -> Finding {
        let problem = match self.call {
            None => return not_checked(self.no_call()),
            Some(Ok(())) => return ok("the platform answers"),
            Some(Err(problem)) => problem,
        };
        match problem.cause {
            Cause::Distrust => not_checked(self.no_answer()),
            Cause::Throttled if self.has_logged_in() && self.task.is_none() => {
                warning(&*problem.found, &*problem.help)
            }
            // When the quota is used up, nothing else could be checked: after a login, no task.
            Cause::Unreachable | Cause::Strange | Cause::Setting | Cause::Throttled => problem.finding(),
            _ => ok("the platform answers"),
        }
    }

    fn application(&self) -> Result<Finding, &Problem> {
        let application = self.setting.application.as_ref()?;
        Ok(match self.call {
            Some(Err(problem)) if problem.cause == Cause::Credentials => wrong(
                format!("{application} and the secret do not belong together: {}", problem.found),
                "compare both with what the platform's console shows; it does not tell which one is wrong",
            ),
            Some(Err(problem)) if problem.cause == Cause::Application => {
                wrong(format!("{application}: {}", problem.found), &*problem.help)
            }
            _ if self.is_let_in() || self.has_logged_in() => {
                ok(format!("{application}: the platform knows it"))
            }
            // A login that is refused for what only another call could be refused for.
            Some(Err(problem)) if problem.is_of_the_question() => problem.finding(),
            _ => not_checked(self.no_answer()),
        })
    }

    fn secret(&self) -> Result<Finding, &Problem> {
        let Proof { is_token, from } = self.setting.secret.as_ref()?;
        if self.has_logged_in() {
            return Ok(ok(format!("from {from}: a login was made, which cancelled every token before it")));
        }
        Ok(match self.call {
            Some(Err(problem)) if problem.cause == Cause::Credentials => {
                not_checked("the platform refuses it together with the application id")
            }
            Some(Err(problem)) if problem.cause == Cause::Token && *is_token => wrong(
                format!("the token of {from} is refused: {}", problem.found),
                "give a newer token, or the secret; tokens end after a time, and whenever the application logs in",
            ),
            Some(Err(problem)) if problem.cause == Cause::Token => problem.finding(),
            _ if !self.is_let_in() => not_checked(self.no_answer()),
            _ if *is_token => ok(format!("none is needed: the token of {from} is good")),
            _ => not_checked(
                "the token of an earlier login is still good; --no-token-cache logs in, which cancels that token",
            ),
        })
    }

    fn proxy_headers(&self) -> Result<Finding, &Problem> {
        self.setting.proxy.as_ref()?;
        let proxy = match self.route {
            Some(route) if route.is_proxy => {
                format!("calls go through the proxy {}:{}", route.host, route.port)
            }
            _ => "no proxy is set".to_owned(),
        };
        Ok(match self.call {
            Some(Err(problem)) if problem.cause == Cause::Token && self.has_logged_in() => wrong(
                format!("{proxy}, and a fresh token is refused: {}", problem.found),
                "a proxy on the way, most likely before the platform, drops the header app_key, as nginx does unless \
                 `underscores_in_headers on` is set; or another process logs in with this application all the time",
            ),
            _ if self.is_let_in() => ok(format!("application id and token arrive; {proxy}")),
            _ => not_checked(self.no_answer()),
        })
    }

    fn task(&self, subtasks: Option<u64>) -> Finding {
        match (self.call, subtasks) {
            (Some(Ok(())), Some(count)) => ok(format!("it is there, with {}", counted(count, "subtask"))),
            (Some(Ok(())), None) => ok("it is there; the platform does not say how many subtasks it has"),
            (Some(Err(problem)), _) if problem.is_of_the_question() => problem.finding(),
            _ => not_checked(self.no_answer()),
        }
    }
}

/// The least by which the clocks differ, and whether ours is ahead. The platform gives its time in whole seconds, and read it at some
/// moment between our request and its reply.
fn skew(wire_call: &WireCall) -> Option<(Duration, bool)> {
    let date = wire_call.date?;
    let after = |later: SystemTime, earlier: SystemTime| later.duration_since(earlier).unwrap_or_default();
    let ahead = after(wire_call.sent, date + Duration::from_secs(1));
    let behind = after(date, wire_call.received);
    Some(if ahead > behind { (ahead, true) } else { (behind, false) })
}

fn days(left: Duration) -> String {
    match left.as_secs() / DAY {
        1 => "1 day".to_owned(),
        days @ 0..=365 => format!("{days} days"),
        _ => "more than a year".to_owned(),
    }
}

/// Whole minutes once there are some.
fn clock_time(skew: Duration) -> String {
    match skew.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::commands::doctor::setting::GivenEndpoint;

    /// A firewall that drops everything: no test can wait for a real one.
    #[test]
    fn a_port_that_is_silent_names_the_firewall() {
        let problem = Problem { cause: Cause::Setting, found: "x".to_owned(), help: "y".to_owned() };
        let setting = Setting {
            endpoint: Err(problem.clone()),
            proxy: Ok(None),
            certificates: Ok(None),
            address: String::new(),
            application: Err(problem.clone()),
            secret: Err(problem),
        };
        let route = Route::straight(|address| Err(NoAnswer::TimedOut(address)));
        let seen =
            Evidence { setting: &setting, route: Some(&route), call: None, wire_calls: &[], task: None };
        let finding = seen.connection();
        assert_eq!(finding.found, "port 8743 of 10.0.0.7 does not answer within 10 s");
        assert!(finding.help.is_some_and(|help| help.contains("firewall")));
    }

    fn wire_call(sent: u64, received: u64, date: u64) -> WireCall {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        WireCall {
            is_login: false,
            sent: at(sent),
            received: at(received),
            status: Some(200),
            date: Some(at(date)),
            certificate_ends: None,
        }
    }

    #[test]
    fn clocks_agree_as_far_as_the_reply_can_tell() {
        let skew = |sent, received, date| {
            skew(&wire_call(sent, received, date)).map(|(skew, is_ahead)| (skew.as_secs(), is_ahead))
        };
        assert_eq!(skew(100, 160, 130), Some((0, false)), "told while we waited");
        assert_eq!(skew(100, 100, 99), Some((0, false)), "whole seconds");
        assert_eq!(skew(100, 101, 60), Some((39, true)));
        assert_eq!(skew(100, 101, 141), Some((40, false)));
        assert_eq!(super::skew(&WireCall { date: None, ..wire_call(0, 0, 0) }), None);
    }

    #[test]
    fn times_are_in_the_unit_that_a_person_would_use() {
        let told = |seconds| clock_time(Duration::from_secs(seconds));
        let times = [0, 119, 120, 7_199, 7_200, 172_799, 172_800].map(told);
        assert_eq!(times, ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]);
        let told = |days| super::days(Duration::from_secs(days * DAY + 1));
        assert_eq!([0, 1, 365, 366].map(told), ["0 days", "1 day", "365 days", "more than a year"]);
    }

    const CAUSES: [Cause; 10] = {
        use Cause::*;
        [Setting, Unreachable, Distrust, Credentials, Application, Token, NoTask, Input, Strange, Throttled]
    };

    /// Whether some check is wrong after these calls, logins and others with their statuses.
    fn is_wrong(call: Result<(), Cause>, history: &[(bool, u16)], secret: &Proof) -> bool {
        let url = "https://platform.example:8743".parse().unwrap();
        let setting = Setting {
            endpoint: Ok(GivenEndpoint { url, from: "--endpoint".to_owned() }),
            proxy: Ok(None),
            certificates: Ok(None),
            address: String::new(),
            application: Ok("a… from --app-id".to_owned()),
            secret: Ok(secret.clone()),
        };
        let problem = |cause| Problem { cause, found: "x".to_owned(), help: "y".to_owned() };
        let (call, at) = (call.map_err(problem), UNIX_EPOCH);
        let (date, certificate_ends) = (None, None);
        let wire_calls: Vec<_> = history
            .iter()
            .map(|&(is_login, status)| WireCall {
                is_login,
                sent: at,
                received: at,
                status: Some(status),
                date,
                certificate_ends,
            })
            .collect();
        let seen = Evidence {
            setting: &setting,
            route: Some(&Route::straight(Ok)),
            call: Some(call.as_ref().copied()),
            wire_calls: &wire_calls,
            task: call.is_err().then_some(None),
        };
        findings(&seen).iter().any(|finding| finding.mark.is_bad())
    }

    /// Whatever fails, some line says that it is wrong, and the exit code with it.
    #[test]
    fn a_failed_call_has_a_check_that_is_wrong_and_an_answered_one_has_none() {
        let (login, refused) = ((true, 200), (false, 403));
        let failures: [&[_]; 5] =
            [&[], &[(true, 400)], &[refused], &[login, refused], &[refused, (true, 401)]];
        for secret in [false, true].map(|is_token| Proof { is_token, from: "x".to_owned() }) {
            for (cause, history) in CAUSES.iter().flat_map(|cause| failures.map(|history| (*cause, history)))
            {
                assert!(is_wrong(Err(cause), history, &secret), "{cause:?} {history:?}");
            }
            for history in [&[(false, 404)][..], &[login, (false, 200)]] {
                assert!(!is_wrong(Ok(()), history, &secret), "{history:?}");
            }
        }
    }
}
