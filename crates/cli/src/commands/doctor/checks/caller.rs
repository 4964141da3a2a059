//! Application, secret, and whether both arrive: what the platform says about the caller.

use super::super::evidence::Evidence;
use super::super::finding::{Finding, not_checked, ok, warning, wrong};
use super::super::problem::Cause;
use super::super::setting::Proof;
use crate::screen::layout::counted;

impl Evidence<'_> {
    /// Whether it is the platform that answers, and whether it can.
    pub(super) fn answer(&self) -> Finding {
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

    pub(super) fn application(&self) -> Finding {
        let application = match &self.setting.application {
            Ok(application) => application,
            Err(problem) => return problem.finding(),
        };
        match self.call {
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
        }
    }

    pub(super) fn secret(&self) -> Finding {
        let Proof { is_token, from } = match &self.setting.secret {
            Ok(proof) => *proof,
            Err(problem) => return problem.finding(),
        };
        if self.has_logged_in() {
            return ok(format!("from {from}: a login was made, which cancelled every token before it"));
        }
        match self.call {
            Some(Err(problem)) if problem.cause == Cause::Credentials => {
                not_checked("the platform refuses it together with the application id")
            }
            Some(Err(problem)) if problem.cause == Cause::Token && is_token => wrong(
                format!("the token of {from} is refused: {}", problem.found),
                "give a newer token, or the secret; tokens end after a time, and whenever the application logs in",
            ),
            Some(Err(problem)) if problem.cause == Cause::Token => problem.finding(),
            _ if !self.is_let_in() => not_checked(self.no_answer()),
            _ if is_token => ok(format!("none is needed: the token of {from} is good")),
            _ => not_checked(
                "the token of an earlier login is still good; --no-token-cache logs in, which cancels that token",
            ),
        }
    }

    pub(super) fn proxy_headers(&self) -> Finding {
        if let Err(problem) = &self.setting.proxy {
            return problem.finding();
        }
        let proxy = match self.route {
            Some(route) if route.is_proxy => {
                format!("calls go through the proxy {}:{}", route.host, route.port)
            }
            _ => "no proxy is set".to_owned(),
        };
        match self.call {
            Some(Err(problem)) if problem.cause == Cause::Token && self.has_logged_in() => wrong(
                format!("{proxy}, and a fresh token is refused: {}", problem.found),
                "a proxy on the way, most likely before the platform, drops the header app_key, as nginx does unless \
                 `underscores_in_headers on` is set; or another process logs in with this application all the time",
            ),
            _ if self.is_let_in() => ok(format!("application id and token arrive; {proxy}")),
            _ => not_checked(self.no_answer()),
        }
    }

    pub(super) fn task(&self, subtasks: Option<u64>) -> Finding {
        match (self.call, subtasks) {
            (Some(Ok(())), Some(count)) => ok(format!("it is there, with {}", counted(count, "subtask"))),
            (Some(Ok(())), None) => ok("it is there; the platform does not say how many subtasks it has"),
            (Some(Err(problem)), _) if problem.is_of_the_question() => problem.finding(),
            _ => not_checked(self.no_answer()),
        }
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
        for secret in [false, true].map(|is_token| Proof { is_token, from: "x" }) {
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
