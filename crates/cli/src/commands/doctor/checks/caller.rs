//! Application, secret, and whether both arrive: what the platform says about the caller.

use super::super::evidence::Evidence;
use super::super::finding::{Finding, Mark, not_checked, ok};
use super::super::problem::{Cause, wrong};
use super::super::setting::Proof;
use crate::screen::layout::counted;

impl Evidence<'_> {
    /// Whether it is the platform that answers, and whether it can.
    pub(super) fn answer(&self) -> Finding {
        const NAME: &str = "answer";
        let problem = match self.call {
            None => return not_checked(NAME, self.no_call()),
            Some(Ok(())) => return ok(NAME, "the platform answers"),
            Some(Err(problem)) => problem,
        };
        match problem.cause {
            Cause::Distrust => not_checked(NAME, self.no_answer()),
            Cause::Throttled if self.has_logged_in() && self.task.is_none() => {
                Finding::new(Mark::Warning, NAME, problem.found.clone()).help(&*problem.help)
            }
            // When the quota is used up, nothing else could be checked: after a login, no task.
            Cause::Unreachable | Cause::Strange | Cause::Setting | Cause::Throttled => wrong(NAME, problem),
            _ => ok(NAME, "the platform answers"),
        }
    }

    pub(super) fn application(&self) -> Finding {
        const NAME: &str = "application";
        let application = match &self.setting.application {
            Ok(application) => application,
            Err(problem) => return wrong(NAME, problem),
        };
        match self.call {
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
            Some(Ok(())) => match subtasks {
                Some(count) => ok(NAME, format!("it is there, with {}", counted(count, "subtask"))),
                None => ok(NAME, "it is there; the platform does not say how many subtasks it has"),
            },
            Some(Err(problem)) if matches!(problem.cause, Cause::NoTask | Cause::Input) => {
                wrong(NAME, problem)
            }
            _ => not_checked(NAME, self.no_answer()),
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
    use crate::commands::doctor::setting::{GivenEndpoint, Setting};
    use crate::commands::doctor::wire::WireCall;

    const CAUSES: [Cause; 10] = {
        use Cause::*;
        [Setting, Unreachable, Distrust, Credentials, Application, Token, NoTask, Input, Strange, Throttled]
    };

    /// Whether some check is wrong after these calls, logins and others with their statuses.
    fn is_wrong(call: Result<(), Cause>, history: &[(bool, u16)], secret: Proof) -> bool {
        let url = "https://platform.example:8743".parse().unwrap();
        let setting = Setting {
            endpoint: Ok(GivenEndpoint { url, from: "--endpoint" }),
            proxy: Ok(None),
            certificates: Ok(()),
            application: Ok("a… from --app-id".to_owned()),
            secret: Ok(secret),
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
            call: Some(call.as_ref().map(|()| ())),
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
        for secret in [Proof::Secret("--secret-file"), Proof::Token] {
            for (cause, history) in CAUSES.iter().flat_map(|cause| failures.map(|history| (*cause, history)))
            {
                assert!(is_wrong(Err(cause), history, secret), "{cause:?} {history:?}");
            }
            for history in [&[(false, 404)][..], &[login, (false, 200)]] {
                assert!(!is_wrong(Ok(()), history, secret), "{history:?}");
            }
        }
    }
}
