//! Decides from what was seen on the way to the platform whether it is right, in the order in which one thing needs another.

use std::time::{Duration, SystemTime};

use super::fault::{Fault, Kind};
use super::finding::{Finding, Mark};
use super::network::{PATIENCE, Silence, Way};
use super::setting::{Proof, Setting};
use super::wire::Exchange;

/// Tokens and certificates last for hours; a clock that is so wrong will be worse some day.
const SKEW_TO_WARN_OF: Duration = Duration::from_secs(30);
/// What clocks may differ by where anything depends on them.
const WRONG_SKEW: Duration = Duration::from_secs(300);
/// In time to ask an operator for a new certificate.
const END_TO_WARN_OF: Duration = Duration::from_secs(14 * 86_400);
const DAY: u64 = 86_400;

const NO_ENDPOINT: &str = "the endpoint has to be set right first";

/// Everything that was seen.
#[derive(Clone, Debug)]
pub(super) struct Sight<'a> {
    pub(super) setting: &'a Setting,
    /// `None` if there is no endpoint.
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

    fn endpoint(&self) -> Finding {
        match &self.setting.endpoint {
            Ok(endpoint) => {
                let stays =
                    if endpoint.url.scheme() == "http" { ", which stays on this machine" } else { "" };
                ok(
                    "endpoint",
                    format!("{}{stays}; from {}", endpoint.url.as_str().trim_end_matches('/'), endpoint.from),
                )
            }
            Err(fault) => wrong("endpoint", fault),
        }
    }

    fn name(&self) -> Finding {
        let Some(way) = self.way else { return not_checked("name", NO_ENDPOINT) };
        let Way { host, is_proxy, is_given, .. } = way;
        if way.is_given_another && !is_proxy {
            let found = format!(
                "--resolve names another host than the endpoint, which is {host}: it changes nothing"
            );
            return Finding::new(Mark::Warning, "name", found)
                .help(format!("write --resolve {host}:ADDR, or leave it out"));
        }
        let shown = if *is_proxy { format!("the proxy {host}") } else { host.clone() };
        match &way.addresses {
            Ok(addresses) => {
                let is_address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
                let first = addresses.first().map(ToString::to_string).unwrap_or_default();
                let more = match addresses.len() {
                    0 | 1 => String::new(),
                    several => format!(" and {} more", several - 1),
                };
                ok("name", match (is_given, is_address, is_proxy) {
                    (true, ..) => format!("{shown} is {first}, by --resolve"),
                    (_, true, _) => format!("{shown} is an address, so that nothing is looked up"),
                    (_, _, true) => format!("{shown} is {first}{more}; it looks the platform's name up itself"),
                    _ => format!("{shown} is {first}{more}"),
                })
            }
            Err(cause) => Finding::new(Mark::Wrong, "name", format!("{shown} has no address ({cause})")).help(
                if *is_proxy {
                    "check the name of the proxy in the environment".to_owned()
                } else {
                    format!("check the spelling and this machine's DNS, or give the address with --resolve {host}:ADDR")
                },
            ),
        }
    }

    fn connection(&self) -> Finding {
        let Some((way, connected)) = self.way.and_then(|way| Some((way, way.connected.as_ref()?))) else {
            let why = if self.way.is_none() { NO_ENDPOINT } else { "there is no address" };
            return not_checked("connection", why);
        };
        let port = if way.is_proxy {
            format!("the proxy's port {}", way.port)
        } else {
            format!("port {}", way.port)
        };
        let silent = |found: String, help: &str| Finding::new(Mark::Wrong, "connection", found).help(help);
        match connected {
            Ok(address) => ok("connection", format!("{port} of {address} answers")),
            Err(Silence::Refused(address)) => silent(
                format!("{port} of {address} refuses connections"),
                "check the port, and whether the platform is up",
            ),
            Err(Silence::TimedOut(address)) => silent(
                format!("{port} of {address} does not answer within {} s", PATIENCE.as_secs()),
                "look for a firewall on the way, or ask the platform's operator whether your address is let in",
            ),
            Err(Silence::Other(cause)) => {
                silent(format!("{port} cannot be reached ({cause})"), "check this machine's network")
            }
        }
    }

    fn certificate(&self) -> Finding {
        const NAME: &str = "certificate";
        let Ok(endpoint) = &self.setting.endpoint else { return not_checked(NAME, NO_ENDPOINT) };
        if endpoint.url.scheme() == "http" {
            return ok(NAME, "none is needed for plain http on this machine");
        }
        match (&self.setting.certificates, self.call) {
            (Err(fault), _) => return wrong(NAME, fault),
            (_, Some(Err(fault))) if fault.kind == Kind::Distrust => return wrong(NAME, fault),
            _ => {}
        }
        if !self.is_answered() {
            return not_checked(NAME, self.no_answer());
        }
        let ends = self
            .exchanges
            .iter()
            .rev()
            .find_map(|exchange| Some((exchange.certificate_ends?, exchange.received)));
        match ends.map(|(end, now)| end.duration_since(now).unwrap_or_default()) {
            Some(left) if left < END_TO_WARN_OF => {
                Finding::new(Mark::Warning, NAME, format!("trusted, and ends in {}", days(left)))
                    .help("ask the platform's operator for a new one in time")
            }
            Some(left) => ok(NAME, format!("trusted, and valid for {}", days(left))),
            None => ok(NAME, "trusted"),
        }
    }

    fn clock(&self) -> Finding {
        const NAME: &str = "clock";
        if !self.is_answered() {
            return not_checked(NAME, self.no_answer());
        }
        let Some((skew, is_fast)) = self.exchanges.iter().rev().find_map(skew) else {
            return not_checked(NAME, "the replies do not tell the time");
        };
        let way = if is_fast { "ahead of" } else { "behind" };
        let found = format!("this machine's clock is {} {way} the platform's", clock_time(skew));
        match skew {
            skew if skew > WRONG_SKEW => Finding::new(Mark::Wrong, NAME, found),
            skew if skew > SKEW_TO_WARN_OF => Finding::new(Mark::Warning, NAME, found),
            _ => return ok(NAME, "this machine's clock and the platform's agree"),
        }
        .help("set the clock, or let it be set over the network: tokens and certificates depend on it")
    }

    /// Whether whoever answers is the platform, and can answer.
    fn answer(&self) -> Finding {
        const NAME: &str = "answer";
        match self.call {
            None => not_checked(NAME, self.no_call()),
            Some(Err(fault)) => match fault.kind {
                Kind::Distrust => not_checked(NAME, "the two sides do not trust each other"),
                Kind::Unreachable | Kind::Strange | Kind::Setting => wrong(NAME, fault),
                Kind::Throttled => Finding::new(Mark::Warning, NAME, fault.found.clone()).help(&*fault.help),
                _ => ok(NAME, "the platform answers"),
            },
            Some(Ok(())) => ok(NAME, "the platform answers"),
        }
    }

    fn application(&self) -> Finding {
        const NAME: &str = "application";
        let application = match &self.setting.application {
            Ok(application) => format!("{} from {}", application.shown, application.from),
            Err(fault) => return wrong(NAME, fault),
        };
        let known = || ok(NAME, format!("{application}: the platform knows it"));
        match self.call {
            None => not_checked(NAME, self.no_call()),
            Some(Ok(())) => known(),
            Some(Err(fault)) => match fault.kind {
                Kind::Credentials => {
                    let found =
                        format!("{application} and the secret do not belong together: {}", fault.found);
                    Finding::new(Mark::Wrong, NAME, found)
                        .help("compare both with what the platform's console shows; it does not tell which one is wrong")
                }
                Kind::Application => {
                    Finding::new(Mark::Wrong, NAME, format!("{application}: {}", fault.found))
                        .help(&*fault.help)
                }
                Kind::NoTask | Kind::Input => known(),
                Kind::Token if self.has_logged_in() => known(),
                Kind::Token => not_checked(NAME, "the token is refused"),
                _ => not_checked(NAME, self.no_answer()),
            },
        }
    }

    fn secret(&self) -> Finding {
        const NAME: &str = "secret";
        let proof = match &self.setting.secret {
            Ok(proof) => *proof,
            Err(fault) => return wrong(NAME, fault),
        };
        if self.call.is_none() {
            return not_checked(NAME, self.no_call());
        }
        if self.has_logged_in() {
            let from = proof.variable();
            return ok(NAME, format!("from {from}: a login was made, which cancelled every token before it"));
        }
        match (self.call, proof) {
            (Some(Err(fault)), _) if fault.kind == Kind::Credentials => {
                not_checked(NAME, "the platform refuses it together with the application id")
            }
            (Some(Err(fault)), Proof::Token) if fault.kind == Kind::Token => {
                let found = format!("the token of {} is refused: {}", proof.variable(), fault.found);
                Finding::new(Mark::Wrong, NAME, found)
                    .help("give a newer token, or the secret; tokens end after a time, and whenever the application logs in")
            }
            _ if !self.is_let_in() => not_checked(NAME, self.no_answer()),
            (_, Proof::Token) => {
                ok(NAME, format!("none is needed: the token of {} is good", proof.variable()))
            }
            (_, Proof::Secret(_)) => not_checked(
                NAME,
                "the token of an earlier login is still good; --no-token-cache logs in, which cancels that token",
            ),
        }
    }

    fn proxy_headers(&self) -> Finding {
        const NAME: &str = "proxy headers";
        let proxy = match self.way {
            Some(way) if way.is_proxy => format!("calls go through the proxy {}:{}", way.host, way.port),
            _ => "no proxy is set".to_owned(),
        };
        match self.call {
            None => not_checked(NAME, self.no_call()),
            Some(Err(fault)) if fault.kind == Kind::Token && self.has_logged_in() => {
                Finding::new(Mark::Wrong, NAME, format!("{proxy}, and a fresh token is refused: {}", fault.found))
                    .help(
                        "a proxy on the way, most likely before the platform, drops the header app_key, as nginx does unless \
                         `underscores_in_headers on` is set; or another process logs in with this application all the time",
                    )
            }
            _ if self.is_let_in() => ok(NAME, format!("application id and token arrive; {proxy}")),
            _ => not_checked(NAME, self.no_answer()),
        }
    }

    fn task(&self) -> Option<Finding> {
        const NAME: &str = "task";
        let subtasks = self.task?;
        Some(match self.call {
            Some(Ok(())) => ok(
                NAME,
                match subtasks {
                    Some(1) => "it is there, with 1 subtask".to_owned(),
                    Some(count) => format!("it is there, with {count} subtasks"),
                    None => "it is there; the platform does not say how many subtasks it has".to_owned(),
                },
            ),
            Some(Err(fault)) if matches!(fault.kind, Kind::NoTask | Kind::Input) => wrong(NAME, fault),
            None => not_checked(NAME, self.no_call()),
            Some(Err(_)) => not_checked(NAME, self.no_answer()),
        })
    }

    /// Whether anything came back over HTTP.
    fn is_answered(&self) -> bool {
        self.exchanges.iter().any(|exchange| exchange.status.is_some())
    }

    /// Whether a login was made, and brought a token.
    fn has_logged_in(&self) -> bool {
        self.exchanges.iter().any(|exchange| exchange.is_login && exchange.status == Some(200))
            && self.exchanges.last().is_some_and(|exchange| !exchange.is_login)
    }

    /// Whether the platform took application id and token, whatever it answered then.
    fn is_let_in(&self) -> bool {
        match self.call {
            Some(Ok(())) => true,
            Some(Err(fault)) => {
                let asked = self.exchanges.last().is_some_and(|exchange| !exchange.is_login);
                asked && matches!(fault.kind, Kind::NoTask | Kind::Input | Kind::Application)
            }
            None => false,
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
                Kind::Distrust => "the two sides do not trust each other",
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

/// How far the clocks are apart at least, and whether ours is ahead. The other side tells whole seconds, at some moment while we
/// waited.
fn skew(exchange: &Exchange) -> Option<(Duration, bool)> {
    let date = exchange.date?;
    let after = |later: SystemTime, earlier: SystemTime| later.duration_since(earlier).unwrap_or_default();
    let ahead = after(exchange.sent, date + Duration::from_secs(1));
    let behind = after(date, exchange.received);
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

    fn exchange(sent: u64, received: u64, date: u64) -> Exchange {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        Exchange {
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
            skew(&exchange(sent, received, date)).map(|(skew, is_ahead)| (skew.as_secs(), is_ahead))
        };
        assert_eq!(skew(100, 160, 130), Some((0, false)), "told while we waited");
        assert_eq!(skew(100, 100, 99), Some((0, false)), "whole seconds");
        assert_eq!(skew(100, 101, 60), Some((39, true)));
        assert_eq!(skew(100, 101, 141), Some((40, false)));
        assert_eq!(super::skew(&Exchange { date: None, ..exchange(0, 0, 0) }), None);
    }

    #[test]
    fn times_are_told_in_what_a_person_would_use() {
        let told = |seconds| clock_time(Duration::from_secs(seconds));
        let times = [0, 119, 120, 7_199, 7_200, 172_799, 172_800].map(told);
        assert_eq!(times, ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]);
        let told = |days| super::days(Duration::from_secs(days * DAY + 1));
        assert_eq!([0, 1, 365, 366].map(told), ["0 days", "1 day", "365 days", "more than a year"]);
    }

    /// What an operator sees whose firewall drops everything: no test can wait for it.
    #[test]
    fn a_port_that_is_silent_names_the_firewall() {
        let fault = Fault { kind: Kind::Setting, found: "x".to_owned(), help: "y".to_owned() };
        let setting = Setting {
            endpoint: Err(fault.clone()),
            certificates: Ok(()),
            application: Err(fault.clone()),
            secret: Err(fault),
        };
        let address = "10.0.0.7".parse().unwrap();
        let way = Way {
            host: "platform.example".to_owned(),
            port: 8743,
            is_proxy: false,
            is_given: false,
            is_given_another: false,
            addresses: Ok(vec![address]),
            connected: Some(Err(Silence::TimedOut(address))),
        };
        let sight = Sight { setting: &setting, way: Some(&way), call: None, exchanges: &[], task: None };
        let finding = sight.connection();
        assert_eq!(finding.found, "port 8743 of 10.0.0.7 does not answer within 10 s");
        assert!(finding.help.is_some_and(|help| help.contains("firewall")));
    }
}
