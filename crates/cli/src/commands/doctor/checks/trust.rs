//! Certificate and clock: whether the two sides can trust each other, and for how long.

use std::time::{Duration, SystemTime};

use super::super::evidence::Evidence;
use super::super::finding::{Finding, not_checked, ok, warning, wrong};
use super::super::problem::Cause;
use super::super::wire::WireCall;

/// A clock that differs by this much will differ more later. Tokens and certificates last for hours.
const SKEW_TO_WARN_OF: Duration = Duration::from_secs(30);
/// How much clocks may differ before something fails.
const WRONG_SKEW: Duration = Duration::from_secs(300);
/// In time to ask an operator for a new certificate.
const END_TO_WARN_OF: Duration = Duration::from_secs(14 * 86_400);
const DAY: u64 = 86_400;

impl Evidence<'_> {
    pub(super) fn certificate(&self) -> Finding {
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
        let end =
            |call: &WireCall| Some(call.certificate_ends?.duration_since(call.received).unwrap_or_default());
        match self.wire_calls.iter().rev().find_map(end) {
            Some(left) if left < END_TO_WARN_OF => warning(
                format!("trusted, and ends in {}", days(left)),
                "ask the platform's operator for a new one in time",
            ),
            Some(left) => ok(format!("trusted, and valid for {}", days(left))),
            None => ok("trusted"),
        }
    }

    pub(super) fn clock(&self) -> Finding {
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
}
