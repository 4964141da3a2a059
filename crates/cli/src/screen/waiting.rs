//! What a command waits for, on one line: the same words in every command.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use northbound::{Client, Quota, WaitReason};
use tokio::time::Instant;

use crate::screen::chart::span;
use crate::screen::layout::{counted, one_line};

/// A shorter wait is not reported.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// What the calls of this client wait for, if they have waited for some time.
pub(crate) fn line_of(client: &Client) -> Option<String> {
    let waiting = client.waiting().filter(|waiting| waiting.since.elapsed() >= PATIENCE)?;
    Some(line(&waiting.reason, waiting.since, waiting.until, client.quota(), SystemTime::now()))
}

/// The line of a wait of which nothing is known.
pub(crate) fn unknown(so_far: Duration) -> String {
    format!("waiting for the platform's reply for {}", span(so_far))
}

fn line(
    reason: &WaitReason,
    since: Instant,
    until: Option<Instant>,
    quota: &Quota,
    now: SystemTime,
) -> String {
    let left = until.map(|until| until.saturating_duration_since(Instant::now()));
    let next = |what: &str| match left {
        Some(left) if left > Duration::ZERO => format!("; {what} in {}", span(rounded_up(left))),
        Some(_) => match until.unwrap_or(since).elapsed() {
            late if late >= PATIENCE => format!("; waiting for a reply for {}", span(late)),
            _ => "; trying again now".to_owned(),
        },
        None => String::new(),
    };
    match reason {
        WaitReason::Quota => {
            let continues = left.map(|left| format!(", continues in {}", span(rounded_up(left))));
            let used = quota.calls().map(|calls| {
                let are = if calls == 1 { "is" } else { "are" };
                format!(": {} in {} {are} used up", counted(calls, "call"), span(quota.window()))
            });
            ["waiting for the quota".to_owned(), continues.unwrap_or_default(), used.unwrap_or_default()]
                .concat()
        }
        WaitReason::QuotaUsedElsewhere => {
            let why = "other programs use this quota, or it is smaller than --quota";
            format!("the platform throttles: {why}{}", next("continues"))
        }
        WaitReason::QuotaStore(error) => one_line(error.found()),
        WaitReason::TokenRefused => {
            format!("token refused: another process logs in with this application{}", next("next try"))
        }
        WaitReason::Unreachable(error) | WaitReason::Failing(error) => {
            let began = now.checked_sub(since.elapsed()).unwrap_or(now);
            let began = humantime::format_rfc3339_seconds(began).to_string();
            let time = began.get(11..19).unwrap_or_default();
            let why = one_line(&cause(error));
            let what = match (reason, error.status()) {
                (WaitReason::Unreachable(_), _) => "platform unreachable".to_owned(),
                (_, Some(status)) if !status.is_success() => {
                    format!("the platform answers with HTTP {}", status.as_u16())
                }
                _ => "the platform answers with errors".to_owned(),
            };
            format!("{what} since {time} UTC ({why}){}", next("next try"))
        }
        WaitReason::TokenSource => {
            let so_far = span(since.elapsed());
            format!("waiting for a token for {so_far}: another process may be logging in")
        }
        _ => unknown(since.elapsed()),
    }
}

/// What broke a connection, as the system says it; else what came back.
fn cause(error: &northbound::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (**cause).source());
    let root = causes.last().filter(|_| error.is_connection());
    root.map_or_else(|| error.found().to_owned(), ToString::to_string)
}

/// Whole seconds, so that a wait never ends later than was said, and `0 s` is never left.
fn rounded_up(left: Duration) -> Duration {
    Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_line_says_what_for_and_when_it_continues() {
        let failed = northbound::AppId::new("").unwrap_err();
        let (since, noon) = (Instant::now(), SystemTime::UNIX_EPOCH + Duration::from_secs(12 * 3600));
        tokio::time::advance(Duration::from_secs(7)).await;
        let until = Some(Instant::now() + Duration::from_millis(41_200));
        let unreachable = format!("platform unreachable since 11:59:53 UTC ({})", failed.found());
        let refused = |next| format!("token refused: another process logs in with this application; {next}");
        for (reason, until, expected) in [
            (
                WaitReason::Quota,
                until,
                "waiting for the quota, continues in 42 s: 100 calls in 1 min are used up",
            ),
            (
                WaitReason::QuotaUsedElsewhere,
                until,
                "the platform throttles: other programs use this quota, or it is smaller than --quota; continues in 42 s",
            ),
            (WaitReason::TokenRefused, until, &refused("next try in 42 s")),
            (WaitReason::TokenRefused, Some(Instant::now()), &refused("trying again now")),
            (WaitReason::TokenRefused, Some(since), &refused("waiting for a reply for 7 s")),
            (WaitReason::Unreachable(failed), None, &unreachable),
            (WaitReason::TokenSource, None, "waiting for a token for 7 s: another process may be logging in"),
            (WaitReason::Reply, None, "waiting for the platform's reply for 7 s"),
        ] {
            assert_eq!(line(&reason, since, until, &Quota::default(), noon), expected);
        }
    }
}
