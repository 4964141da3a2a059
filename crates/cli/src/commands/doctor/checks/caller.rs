//! Application, secret, and whether both arrive: what the platform says of whoever calls.

use super::super::fault::Kind;
use super::super::finding::{Finding, Mark};
use super::super::setting::Proof;
use super::{Sight, not_checked, ok, wrong};

impl Sight<'_> {
    /// Whether whoever answers is the platform, and can answer.
    pub(super) fn answer(&self) -> Finding {
        const NAME: &str = "answer";
        match self.call {
            None => not_checked(NAME, self.no_call()),
            Some(Err(fault)) => match fault.kind {
                Kind::Distrust => not_checked(NAME, "the TLS handshake failed"),
                Kind::Unreachable | Kind::Strange | Kind::Setting => wrong(NAME, fault),
                Kind::Throttled if self.has_logged_in() => {
                    Finding::new(Mark::Warning, NAME, fault.found.clone()).help(&*fault.help)
                }
                // Nothing else could be checked.
                Kind::Throttled => wrong(NAME, fault),
                _ => ok(NAME, "the platform answers"),
            },
            Some(Ok(())) => ok(NAME, "the platform answers"),
        }
    }

    pub(super) fn application(&self) -> Finding {
        const NAME: &str = "application";
        let application = match &self.setting.application {
            Ok(application) => format!("{} from {}", application.shown, application.from),
            Err(fault) => return wrong(NAME, fault),
        };
        match self.call {
            None => not_checked(NAME, self.no_call()),
            Some(Err(fault)) if fault.kind == Kind::Credentials => {
                let found = format!("{application} and the secret do not belong together: {}", fault.found);
                Finding::new(Mark::Wrong, NAME, found)
                    .help("compare both with what the platform's console shows; it does not tell which one is wrong")
            }
            Some(Err(fault)) if fault.kind == Kind::Application => {
                Finding::new(Mark::Wrong, NAME, format!("{application}: {}", fault.found)).help(&*fault.help)
            }
            _ if self.is_let_in() || self.has_logged_in() => {
                ok(NAME, format!("{application}: the platform knows it"))
            }
            // A login that is refused for what only another call could be refused for.
            Some(Err(fault)) if matches!(fault.kind, Kind::NoTask | Kind::Input) => wrong(NAME, fault),
            _ => not_checked(NAME, self.no_answer()),
        }
    }

    pub(super) fn secret(&self) -> Finding {
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
            (Some(Err(fault)), Proof::Secret(_)) if fault.kind == Kind::Token => wrong(NAME, fault),
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

    pub(super) fn proxy_headers(&self) -> Finding {
        const NAME: &str = "proxy headers";
        if let Err(fault) = &self.setting.proxy {
            return wrong(NAME, fault);
        }
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

    pub(super) fn task(&self) -> Option<Finding> {
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
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::commands::doctor::fault::Fault;
    use crate::commands::doctor::network::Way;
    use crate::commands::doctor::setting::{Application, Endpoint, Setting};
    use crate::commands::doctor::wire::Exchange;

    fn setting(secret: Proof) -> Setting {
        let url = "https://platform.example:8743".parse().unwrap();
        Setting {
            endpoint: Ok(Endpoint { url, from: "--endpoint" }),
            proxy: Ok(None),
            certificates: Ok(()),
            application: Ok(Application { shown: "a…".to_owned(), from: "--app-id" }),
            secret: Ok(secret),
        }
    }

    fn exchange(is_login: bool, status: u16) -> Exchange {
        let (sent, received) = (UNIX_EPOCH, UNIX_EPOCH);
        Exchange { is_login, sent, received, status: Some(status), date: None, certificate_ends: None }
    }

    /// Whatever fails, wherever: some line says that it is wrong, so that no exit code hides it. Only a quota that is used up after a
    /// login is no failure.
    #[test]
    fn no_failure_goes_without_a_line_that_is_wrong() {
        let kinds = [
            Kind::Setting,
            Kind::Unreachable,
            Kind::Distrust,
            Kind::Credentials,
            Kind::Application,
            Kind::Token,
            Kind::NoTask,
            Kind::Input,
            Kind::Strange,
            Kind::Throttled,
        ];
        let courses = [
            vec![],
            vec![exchange(true, 400)],
            vec![exchange(false, 403)],
            vec![exchange(true, 200), exchange(false, 403)],
            vec![exchange(false, 403), exchange(true, 401)],
        ];
        let way = Way::straight(Ok);
        for (kind, exchanges) in
            kinds.iter().flat_map(|kind| courses.iter().map(move |course| (*kind, course)))
        {
            if kind == Kind::Throttled && exchanges.len() == 2 && exchanges[0].status == Some(200) {
                continue;
            }
            for secret in [Proof::Secret("--secret-file"), Proof::Token] {
                let setting = setting(secret);
                let fault = Fault { kind, found: "x".to_owned(), help: "y".to_owned() };
                let sight = Sight {
                    setting: &setting,
                    way: Some(&way),
                    call: Some(Err(&fault)),
                    exchanges,
                    task: Some(None),
                };
                let findings = sight.findings();
                assert!(
                    findings.iter().any(|finding| finding.mark.is_bad()),
                    "{kind:?} {exchanges:?}: {findings:#?}"
                );
            }
        }
    }

    #[test]
    fn a_call_that_is_answered_has_nothing_wrong() {
        let way = Way::straight(Ok);
        for exchanges in [vec![exchange(false, 404)], vec![exchange(true, 200), exchange(false, 200)]] {
            for secret in [Proof::Secret("--secret-file"), Proof::Token] {
                let setting = setting(secret);
                let (way, call) = (Some(&way), Some(Ok(())));
                let sight = Sight { setting: &setting, way, call, exchanges: &exchanges, task: None };
                assert!(
                    sight.findings().iter().all(|finding| !finding.mark.is_bad()),
                    "{:#?}",
                    sight.findings()
                );
            }
        }
    }
}
