//! Whether a call that failed is repeated, and when. Decides only; the client carries it out.

use std::time::{Duration, SystemTime};

use northbound_client::Action;
use tokio::time::Instant;

use crate::call::FOREVER;
use crate::error::{Error, ErrorKind, Stop};

/// How calls are retried after a temporary error.
///
/// The client retries after these errors: a connection that fails or breaks, a timeout, HTTP 408, 502, 503 and 504, a 500
/// without a code or with an undocumented code, and the codes that the catalogue marks as temporary (50252, 100501). Before
/// each retry it waits a random time, whose upper bound doubles each time, so that many clients do not retry at the same
/// moment. It obeys `Retry-After`. All other errors are permanent: the call fails at once.
///
/// Waiting for the quota and logging in again do not count as attempts.
///
/// [Creating a batch task](crate::Client::create_batch_task) is retried only if the error proves that no task was created: no
/// connection, a refused token (1010005), or throttling (1010009, HTTP 429).
///
/// ```
/// use std::time::Duration;
/// use northbound::{Client, Credentials, Retry};
///
/// # fn main() -> Result<(), northbound::Error> {
/// let client = Client::builder("https://platform.example:8743")
///     .credentials(Credentials::new("demo-app", "demo-secret")?)
///     .retry(Retry::new().attempts(6).between(Duration::from_secs(1), Duration::from_secs(30)))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Retry {
    attempts: u32,
    shortest: Duration,
    longest: Duration,
}

impl Retry {
    /// At most 4 attempts, with random waits of up to 0.5 s, 1 s and 2 s between them.
    pub fn new() -> Self {
        Self { attempts: 4, shortest: Duration::from_millis(500), longest: Duration::from_secs(20) }
    }

    /// One attempt. A call that the platform throttles is not retried either.
    pub fn off() -> Self {
        Self { attempts: 1, ..Self::new() }
    }

    /// At most this many attempts; 0 counts as 1.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The longest wait between two attempts: `shortest` after the first attempt, doubled each time, and at most `longest`.
    pub fn between(mut self, shortest: Duration, longest: Duration) -> Self {
        (self.shortest, self.longest) = (shortest.min(FOREVER), longest.max(shortest).min(FOREVER));
        self
    }

    fn pause(&self, attempts: u32, random: f64) -> Duration {
        let doublings = attempts.saturating_sub(1).min(30);
        self.shortest.saturating_mul(1 << doublings).min(self.longest).mul_f64(random.clamp(0.0, 1.0))
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

/// The attempts of one call so far, and when it has to end.
#[derive(Debug)]
pub(crate) struct Attempts<'a> {
    retry: &'a Retry,
    /// How many attempts were made.
    pub(crate) made: u32,
    /// Whether the operation may be repeated when it is unknown whether the platform carried it out.
    may_repeat: bool,
    /// Whether a token that is refused can be changed for another one.
    changes_token: bool,
    deadline: Instant,
}

/// What to do after a failure.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Repeat the call after this time.
    Repeat(Duration),
    /// Wait until the platform's window has moved, and repeat the call.
    AwaitQuota,
    /// Get another token than the one that failed, and repeat the call.
    ChangeToken,
    /// The call has failed.
    GiveUp(Stop),
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(retry: &'a Retry, may_repeat: bool, changes_token: bool, deadline: Instant) -> Self {
        Self { retry, made: 0, may_repeat, changes_token, deadline }
    }

    /// Decides on a failure. `random` is drawn from 0..1.
    pub(crate) fn failed(&mut self, error: &Error, now: Instant, random: f64) -> Verdict {
        match action(error) {
            _ if self.leaves_unknown(error) => self.give_up(Stop::Unknown),
            Some(Action::WaitForQuota) if self.retry.attempts > 1 => Verdict::AwaitQuota,
            Some(Action::LogInAgain) if self.changes_token => Verdict::ChangeToken,
            Some(Action::LogInAgain) => self.give_up(Stop::Token),
            Some(Action::Retry) => {
                self.made += 1;
                if self.made >= self.retry.attempts {
                    return Verdict::GiveUp(Stop::Attempts);
                }
                let pause = self.retry.pause(self.made, random).max(error.retry_after().unwrap_or_default());
                match now.checked_add(pause) {
                    Some(again) if again < self.deadline => Verdict::Repeat(pause),
                    _ => Verdict::GiveUp(Stop::Deadline),
                }
            }
            _ => self.give_up(Stop::Pointless),
        }
    }

    /// Whether a failure leaves it unknown if the call was carried out, of an operation for which that matters.
    pub(crate) fn leaves_unknown(&self, error: &Error) -> bool {
        !self.may_repeat && may_be_carried_out(error)
    }

    fn give_up(&mut self, stop: Stop) -> Verdict {
        self.made += 1;
        Verdict::GiveUp(stop)
    }
}

/// What a header `Retry-After` asks for: seconds, or a date, which has come if it is in the past.
pub(crate) fn pause_asked_for(header: &str, now: SystemTime) -> Option<Duration> {
    let seconds = header.trim().parse().map(Duration::from_secs);
    let date = || httpdate::parse_http_date(header.trim()).ok();
    seconds.ok().or_else(|| Some(date()?.duration_since(now).unwrap_or_default()))
}

impl Error {
    /// The same call may succeed later: the error is temporary, or the quota was used up.
    ///
    /// # Troubleshooting
    /// Unless [`Retry`] is off, the client has already tried again, until the last attempt or the deadline.
    pub fn is_retryable(&self) -> bool {
        matches!(action(self), Some(Action::Retry | Action::WaitForQuota))
    }
}

/// Whether the platform may have carried out a call that failed.
fn may_be_carried_out(error: &Error) -> bool {
    let failed = || {
        let status = error.status().map_or(0, |status| status.as_u16());
        status == 408 || status >= 500
    };
    match (error.kind(), error.action()) {
        _ if error.is_unsent() => false,
        (ErrorKind::Refused | ErrorKind::NoToken | ErrorKind::Redirect, _) => false,
        // These are decided before the platform looks at what is asked, whatever the status.
        (_, Some(Action::WaitForQuota | Action::LogInAgain | Action::FixConfiguration)) => false,
        (ErrorKind::Platform, Some(Action::Retry)) => true,
        (ErrorKind::Platform, _) => failed(),
        // A reply without an error code: a success that does not say what came of it, or a failure.
        (ErrorKind::Status, _) => failed() || error.status().is_none_or(|status| status.is_success()),
        _ => true,
    }
}

/// What to do about a failure, as for a code of the catalogue. By code first, by status second: throttling and a bad token are
/// a 403 here, and one 500 is permanent.
fn action(error: &Error) -> Option<Action> {
    match (error.kind(), error.action()) {
        (ErrorKind::Connection | ErrorKind::Timeout, _) => Some(Action::Retry),
        (ErrorKind::Platform, Some(action)) => Some(action),
        (ErrorKind::Platform | ErrorKind::Status, _) => match error.status()?.as_u16() {
            429 => Some(Action::WaitForQuota),
            408 | 500 | 502 | 503 | 504 => Some(Action::Retry),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    fn platform(code: &str, status: u16) -> Error {
        Error::platform(code.into(), None, StatusCode::from_u16(status).unwrap())
    }

    fn status(status: u16) -> Error {
        Error::new(ErrorKind::Status, "x", "y").with_status(StatusCode::from_u16(status).unwrap())
    }

    fn first(error: &Error) -> Verdict {
        let now = Instant::now();
        let retry = Retry::new();
        let verdict =
            Attempts::new(&retry, true, true, now + Duration::from_secs(180)).failed(error, now, 1.0);
        assert_eq!(error.is_retryable(), matches!(verdict, Verdict::Repeat(_)), "{error:?}");
        verdict
    }

    #[test]
    fn temporary_errors_are_retried() {
        let repeated = Verdict::Repeat(Duration::from_millis(500));
        for error in [408, 500, 502, 503, 504].map(status) {
            assert_eq!(first(&error), repeated, "{error:?}");
        }
        for (code, status) in
            [("50252", 500), ("50252", 200), ("100501", 503), ("999001", 500), ("999001", 503)]
        {
            assert_eq!(first(&platform(code, status)), repeated, "{code} under {status}");
        }
        for kind in [ErrorKind::Connection, ErrorKind::Timeout] {
            assert_eq!(first(&Error::new(kind, "x", "y")), repeated);
        }
    }

    /// Beside those of the page "What happens when…", which its own test makes.
    #[test]
    fn permanent_errors_fail_at_once() {
        let statuses = [301, 403, 409].map(status).into_iter();
        let codes = [platform("100203", 503), platform("999001", 200)].into_iter();
        let kinds = [ErrorKind::Refused, ErrorKind::Incomplete].map(|kind| Error::new(kind, "x", "y"));
        for error in statuses.chain(codes).chain(kinds) {
            assert_eq!(first(&error), Verdict::GiveUp(Stop::Pointless), "{error:?}");
        }
    }

    #[test]
    fn an_operation_that_may_not_be_repeated_fails_at_once_unless_the_platform_refused_it() {
        let now = Instant::now();
        let retry = Retry::new();
        let mut attempts = Attempts::new(&retry, false, true, now + Duration::from_secs(180));
        let unsent = Error::new(ErrorKind::Connection, "x", "y").unsent();
        for (error, verdict) in [
            (platform("1010009", 403), Verdict::AwaitQuota),
            (platform("1010005", 403), Verdict::ChangeToken),
            (status(429), Verdict::AwaitQuota),
            (unsent.clone(), Verdict::Repeat(Duration::from_millis(500))),
            (status(503), Verdict::GiveUp(Stop::Unknown)),
            (status(408), Verdict::GiveUp(Stop::Unknown)),
            (status(204), Verdict::GiveUp(Stop::Unknown)),
            (platform("50252", 500), Verdict::GiveUp(Stop::Unknown)),
            (platform("105002", 500), Verdict::GiveUp(Stop::Unknown)),
            (Error::new(ErrorKind::Timeout, "x", "y"), Verdict::GiveUp(Stop::Unknown)),
            (Error::new(ErrorKind::Undecodable, "x", "y"), Verdict::GiveUp(Stop::Unknown)),
            (platform("100203", 500), Verdict::GiveUp(Stop::Pointless)),
            (platform("105001", 200), Verdict::GiveUp(Stop::Pointless)),
            (status(404), Verdict::GiveUp(Stop::Pointless)),
            (Error::refused("x", "y"), Verdict::GiveUp(Stop::Pointless)),
            (Error::new(ErrorKind::Tls, "x", "y").unsent(), Verdict::GiveUp(Stop::Pointless)),
        ] {
            assert_eq!(attempts.failed(&error, now, 1.0), verdict, "{error:?}");
        }
    }

    #[test]
    fn throttling_waits_and_does_not_count_as_an_attempt() {
        let now = Instant::now();
        let retry = Retry::new();
        let mut attempts = Attempts::new(&retry, true, true, now + Duration::from_secs(180));
        for error in [platform("1010009", 403), platform("1010009", 200), status(429)] {
            assert_eq!(attempts.failed(&error, now, 1.0), Verdict::AwaitQuota);
            assert!(error.is_retryable());
        }
        assert_eq!(attempts.made, 0);
    }

    #[test]
    fn without_retries_a_throttled_call_has_failed_with_one_attempt() {
        let now = Instant::now();
        let off = Retry::off();
        let mut attempts = Attempts::new(&off, true, true, now + Duration::from_secs(180));
        let throttled = platform("1010009", 403);
        assert_eq!(attempts.failed(&throttled, now, 1.0), Verdict::GiveUp(Stop::Pointless));
        assert_eq!(attempts.made, 1);
    }

    #[test]
    fn the_time_between_attempts_doubles_up_to_its_longest() {
        let retry = Retry::new().attempts(9).between(Duration::from_secs(1), Duration::from_secs(5));
        let pauses = [1, 2, 3, 4, 40].map(|attempts| retry.pause(attempts, 1.0).as_secs());
        assert_eq!(pauses, [1, 2, 4, 5, 5]);
        let for_ever = Retry::new().between(Duration::MAX, Duration::MAX);
        assert_eq!(for_ever.pause(4, 1.0), FOREVER);
        assert_eq!(retry.pause(3, 0.0), Duration::ZERO);
        assert_eq!(retry.pause(3, 0.5), Duration::from_secs(2));
    }

    #[test]
    fn attempts_end() {
        let now = Instant::now();
        let (three, off) = (Retry::new().attempts(3), Retry::off());
        let mut attempts = Attempts::new(&three, true, true, now + Duration::from_secs(180));
        assert!(matches!(attempts.failed(&status(502), now, 1.0), Verdict::Repeat(_)));
        assert!(matches!(attempts.failed(&status(502), now, 1.0), Verdict::Repeat(_)));
        assert_eq!(attempts.failed(&status(502), now, 1.0), Verdict::GiveUp(Stop::Attempts));
        assert_eq!(attempts.made, 3);
        let mut attempts = Attempts::new(&off, true, true, now + Duration::from_secs(180));
        assert_eq!(attempts.failed(&status(502), now, 1.0), Verdict::GiveUp(Stop::Attempts));
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_until_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let asked = |header| pause_asked_for(header, now);
        assert_eq!([asked("0"), asked(" 120 ")], [0, 120].map(|seconds| Some(Duration::from_secs(seconds))));
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:37 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("Sat, 05 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO), "it has come");
        for header in ["", "-1", "1.5", "soon", "Sun, 99 Nov 1994 08:49:37 GMT"] {
            assert_eq!(asked(header), None, "{header:?}");
        }
    }

    #[test]
    fn retry_after_is_honoured_within_the_deadline() {
        let now = Instant::now();
        let asked = |seconds| status(503).with_retry_after(Some(Duration::from_secs(seconds)));
        let retry = Retry::new();
        let mut attempts = Attempts::new(&retry, true, true, now + Duration::from_secs(60));
        assert_eq!(attempts.failed(&asked(30), now, 1.0), Verdict::Repeat(Duration::from_secs(30)));
        for late in [60, 90] {
            assert_eq!(attempts.failed(&asked(late), now, 1.0), Verdict::GiveUp(Stop::Deadline));
        }
    }
}
