//! Application, secret, and whether both arrive: what the platform says about the caller.

use super::super::evidence::Evidence;
use super::super::finding::{Finding, Mark, not_checked, ok};
use super::super::problem::{Cause, wrong};
use super::super::setting::Proof;

impl Evidence<'_> {
    /// Whether it is the platform that answers, and whether it can.
    pub(super) fn answer(&self) -> Finding {
        const NAME: &str = "answer";
        match self.call {
            None => not_checked(NAME, self.no_call()),
            Some(Err(problem)) => match problem.cause {
                Cause::Distrust => not_checked(NAME, "the TLS handshake failed"),
                Cause::Unreachable | Cause::Strange | Cause::Setting => wrong(NAME, problem),
                Cause::Throttled if self.has_logged_in() => {
                    Finding::new(Mark::Warning, NAME, problem.found.clone()).help(&*problem.help)
                }
                // Nothing else could be checked.
                Cause::Throttled => wrong(NAME, problem),
                _ => ok(NAME, "the platform answers"),
            },
            Some(Ok(())) => ok(NAME, "the platform answers"),
        }
    }

    pub(super) fn application(&self) -> Finding {
        const NAME: &str = "application";
        let application = match &self.setting.application {
            Ok(application) => format!("{} from {}", application.shown, application.from),
            Err(problem) => return wrong(NAME, problem),
        };
        match self.call {
            None => not_checked(NAME, self.no_call()),
            Some(Err(problem)) if problem.cause == Cause::Credentials => {
                let found = format!("{application} and the secret do not belong together: {}", problem.found);
                Finding::new(Mark::Wrong, NAME, found)
                    .help("compare both with what the platform's console shows; it does not tell which one is wrong")
            }
            Some(Err(problem)) if problem.cause == Cause::Application => {
                Finding::new(Mark::Wrong, NAME, format!("{application}: {}", problem.found))
                    .help(&*problem.help)
            }
            _ if self.is_let_in() || self.has_logged_in() => {
                ok(NAME, format!("{application}: the platform knows it"))
            }
            // A login that is refused for what only another call could be refused for.
            Some(Err(problem)) if matches!(problem.cause, Cause::NoTask | Cause::Input) => {
                wrong(NAME, problem)
            }
            _ => not_checked(NAME, self.no_answer()),
        }
    }

    pub(super) fn secret(&self) -> Finding {
        const NAME: &str = "secret";
        let proof = match &self.setting.secret {
            Ok(proof) => *proof,
            Err(problem) => return wrong(NAME, problem),
        };
        if self.call.is_none() {
            return not_checked(NAME, self.no_call());
        }
        if self.has_logged_in() {
            let from = proof.variable();
            return ok(NAME, format!("from {from}: a login was made, which cancelled every token before it"));
        }
        match (self.call, proof) {
            (Some(Err(problem)), _) if problem.cause == Cause::Credentials => {
                not_checked(NAME, "the platform refuses it together with the application id")
            }
            (Some(Err(problem)), Proof::Token) if problem.cause == Cause::Token => {
                let found = format!("the token of {} is refused: {}", proof.variable(), problem.found);
                Finding::new(Mark::Wrong, NAME, found)
                    .help("give a newer token, or the secret; tokens end after a time, and whenever the application logs in")
            }
            (Some(Err(problem)), Proof::Secret(_)) if problem.cause == Cause::Token => wrong(NAME, problem),
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
        if let Err(problem) = &self.setting.proxy {
            return wrong(NAME, problem);
        }
        let proxy = match self.route {
            Some(route) if route.is_proxy => {
                format!("calls go through the proxy {}:{}", route.host, route.port)
            }
            _ => "no proxy is set".to_owned(),
        };
        match self.call {
            None => not_checked(NAME, self.no_call()),
            Some(Err(problem)) if problem.cause == Cause::Token && self.has_logged_in() => {
                Finding::new(Mark::Wrong, NAME, format!("{proxy}, and a fresh token is refused: {}", problem.found))
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
            Some(Err(problem)) if matches!(problem.cause, Cause::NoTask | Cause::Input) => {
                wrong(NAME, problem)
            }
            None => not_checked(NAME, self.no_call()),
            Some(Err(_)) => not_checked(NAME, self.no_answer()),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::commands::doctor::checks::findings;
    use crate::commands::doctor::network::Route;
    use crate::commands::doctor::problem::Problem;
    use crate::commands::doctor::setting::{GivenApplication, GivenEndpoint, Setting};
    use crate::commands::doctor::wire::WireCall;

    fn setting(secret: Proof) -> Setting {
        let url = "https://platform.example:8743".parse().unwrap();
        Setting {
            endpoint: Ok(GivenEndpoint { url, from: "--endpoint" }),
            proxy: Ok(None),
            certificates: Ok(()),
            application: Ok(GivenApplication { shown: "a…".to_owned(), from: "--app-id" }),
            secret: Ok(secret),
        }
    }

    fn wire_call(is_login: bool, status: u16) -> WireCall {
        let (sent, received) = (UNIX_EPOCH, UNIX_EPOCH);
        WireCall { is_login, sent, received, status: Some(status), date: None, certificate_ends: None }
    }

    /// Whatever fails, some line says that it is wrong, and the exit code with it. The exception is a quota that is used up after a login.
    #[test]
    fn every_failed_call_has_a_check_that_is_wrong() {
        let causes = [
            Cause::Setting,
            Cause::Unreachable,
            Cause::Distrust,
            Cause::Credentials,
            Cause::Application,
            Cause::Token,
            Cause::NoTask,
            Cause::Input,
            Cause::Strange,
            Cause::Throttled,
        ];
        let histories = [
            vec![],
            vec![wire_call(true, 400)],
            vec![wire_call(false, 403)],
            vec![wire_call(true, 200), wire_call(false, 403)],
            vec![wire_call(false, 403), wire_call(true, 401)],
        ];
        let route = Route::straight(Ok);
        for (cause, wire_calls) in
            causes.iter().flat_map(|cause| histories.iter().map(move |history| (*cause, history)))
        {
            if cause == Cause::Throttled && wire_calls.len() == 2 && wire_calls[0].status == Some(200) {
                continue;
            }
            for secret in [Proof::Secret("--secret-file"), Proof::Token] {
                let setting = setting(secret);
                let problem = Problem { cause, found: "x".to_owned(), help: "y".to_owned() };
                let seen = Evidence {
                    setting: &setting,
                    route: Some(&route),
                    call: Some(Err(&problem)),
                    wire_calls,
                    task: Some(None),
                };
                let findings = findings(&seen);
                assert!(
                    findings.iter().any(|finding| finding.mark.is_bad()),
                    "{cause:?} {wire_calls:?}: {findings:#?}"
                );
            }
        }
    }

    #[test]
    fn a_call_that_is_answered_has_nothing_wrong() {
        let route = Route::straight(Ok);
        for wire_calls in [vec![wire_call(false, 404)], vec![wire_call(true, 200), wire_call(false, 200)]] {
            for secret in [Proof::Secret("--secret-file"), Proof::Token] {
                let setting = setting(secret);
                let (route, call) = (Some(&route), Some(Ok(())));
                let seen = Evidence { setting: &setting, route, call, wire_calls: &wire_calls, task: None };
                assert!(
                    findings(&seen).iter().all(|finding| !finding.mark.is_bad()),
                    "{:#?}",
                    findings(&seen)
                );
            }
        }
    }
}
