//! All of a watch but its calls: rounds, pace, outlook and deadline, over an injected clock.

use std::time::Duration;

use tokio::time::Instant;

use super::counters::Counters;
use super::outlook::Outlook;
use super::pace::Pace;
use super::rounds::{PollResult, RoundStep, Rounds};
use crate::answers::summary::count::{Ask, Sample};
use crate::answers::summary::task::Tally;
use crate::call::{FOREVER, after};
use crate::{Doubt, Error, ErrorKind, Method, Remedy, Summary, WaitReason};

/// Once a poll has succeeded, up to this number of replies in a row that are not the platform's are missed polls.
const MOST_STRANGE: u32 = 3;

/// A watch.
#[derive(Debug)]
pub(crate) struct Watching {
    rounds: Rounds,
    pace: Pace,
    pub(crate) outlook: Outlook,
    /// How long it may take, if that is limited.
    deadline: Option<Duration>,
    /// When it has to end: in a hundred years without a deadline.
    pub(crate) end: Instant,
    /// What a read found, until it is delivered.
    result: Option<PollResult>,
    /// How many polls have failed since the last one that did not, and the latest of these errors.
    missed: Option<(u32, Error)>,
    /// What went wrong with the call that the end of the watch has cut off, and what to do about it.
    trouble: Option<(String, Remedy)>,
    /// How many of the latest polls have failed, one after another, with a reply that is not the platform's.
    strange: u32,
    ended: bool,
}

/// What to do now.
#[derive(Debug)]
pub(crate) enum WatchStep {
    /// Come back then.
    Wait(Instant),
    /// Ask for the task's own counters.
    Counters,
    /// Make this call.
    Ask(Ask),
    /// Read the task, for this reason: make the next call of a read.
    Read(Doubt),
    /// Deliver this.
    Deliver(Summary),
    /// The task has not settled in time.
    Late(Error),
    /// Everything has been delivered.
    End,
}

impl Watching {
    pub(crate) fn new(rounds: Rounds, pace: Pace, deadline: Option<Duration>, now: Instant) -> Self {
        Self {
            rounds,
            pace,
            outlook: Outlook::default(),
            deadline,
            end: after(now, deadline.unwrap_or(FOREVER)),
            result: None,
            missed: None,
            trouble: None,
            strange: 0,
            ended: false,
        }
    }

    /// What to do now. After `Counters`, `Ask` and `Read` the answer is to be taken in first.
    pub(crate) fn step(&mut self, now: Instant) -> WatchStep {
        if self.ended {
            return WatchStep::End;
        }
        let next = self.result.take().map_or_else(|| self.rounds.next(), RoundStep::Done);
        let step = match next {
            RoundStep::Done(result) => return self.deliver(result, now),
            RoundStep::Counters => WatchStep::Counters,
            RoundStep::Ask(ask) => WatchStep::Ask(ask),
            RoundStep::Read(doubt) => WatchStep::Read(doubt),
        };
        if let Some(within) = self.deadline.filter(|_| now >= self.end) {
            self.ended = true;
            return WatchStep::Late(self.late(within));
        }
        let at = self.pace.next_at(now, self.rounds.ahead());
        if at > now {
            return WatchStep::Wait(at.min(self.end));
        }
        step
    }

    /// Takes in the task's own counters, or that the platform has none that add up.
    pub(crate) fn counters(&mut self, counters: Option<Counters>, now: Instant) {
        self.pace.answered(now);
        self.rounds.counters(counters);
    }

    /// Whether the last poll used the task's own counters, so that the platform has them.
    pub(crate) fn has_counters(&self) -> bool {
        self.rounds.last.as_ref().is_some_and(|last| last.method() == Method::Counters)
    }

    /// Takes in the answer to a call.
    pub(crate) fn counted(&mut self, sample: &Sample, now: Instant) {
        self.pace.answered(now);
        self.rounds.counted(sample);
    }

    /// Takes in a call of a read, and what the read found if it was the last one.
    pub(crate) fn read(&mut self, found: Option<Tally>, doubt: Doubt, now: Instant) {
        self.pace.answered(now);
        self.result = found.map(|tally| self.rounds.read(tally, doubt));
    }

    /// A poll has failed. Returns when the next one begins, or the error if that ends the watch.
    ///
    /// A temporary error does not. Neither does a reply that is not the platform's, such as a proxy sends, if a poll has succeeded
    /// before and there are not too many such replies in a row.
    pub(crate) fn missed(
        &mut self,
        error: Error,
        is_temporary: bool,
        now: Instant,
    ) -> Result<Instant, Error> {
        self.strange = if is_temporary { 0 } else { self.strange + 1 };
        let is_excused = error.is_strange() && self.rounds.last.is_some() && self.strange <= MOST_STRANGE;
        if !(is_temporary || is_excused) {
            return Err(error);
        }
        self.pace.missed(now, error.attempts());
        self.rounds.restart();
        let before = self.missed.as_ref().map_or(0, |(count, _)| *count);
        self.missed = Some((before.saturating_add(1), error));
        Ok(self.pace.next_at(now, self.rounds.ahead()))
    }

    /// The end of the watch has come before the reply to a call, which waits for this.
    pub(crate) fn cut_off(&mut self, waits: Option<WaitReason>) {
        self.trouble = match waits {
            Some(
                WaitReason::Unreachable(error) | WaitReason::Failing(error) | WaitReason::QuotaStore(error),
            ) => Some((format!("the last poll fails: {}", error.found()), error.remedy().clone())),
            Some(WaitReason::TokenRefused) => {
                Some(("the platform refuses tokens that are fresh".to_owned(), Remedy::StopOtherLogins))
            }
            Some(WaitReason::QuotaUsedElsewhere) => {
                Some(("the platform throttles".to_owned(), Remedy::ShareQuota))
            }
            _ => None,
        };
    }

    fn deliver(&mut self, result: PollResult, now: Instant) -> WatchStep {
        let PollResult { summary, moved } = result;
        self.pace.polled(now, moved);
        if self.missed.as_ref().is_some_and(|(count, _)| *count > 1) {
            self.outlook.forget();
        }
        (self.missed, self.strange) = (None, 0);
        self.ended = summary.is_settled();
        // Whoever waits for the first subtask waits for one at least.
        let open = summary.total().saturating_sub(summary.settled()).max(u64::from(!self.ended));
        self.outlook.take(now, summary.settled(), open);
        if !self.ended {
            self.rounds.poll();
        }
        WatchStep::Deliver(summary)
    }

    fn late(&self, within: Duration) -> Error {
        let last = self.rounds.last.as_ref();
        let far = last.map_or("no count has come in yet".to_owned(), Summary::to_string);
        let missed = self.missed.as_ref().map(|(count, error)| {
            let failed = match count {
                1 => format!("the last poll failed: {}", error.found()),
                _ => format!("the last {count} polls failed: {}", error.found()),
            };
            (failed, error.remedy().clone())
        });
        let trouble = missed.or_else(|| self.trouble.clone());
        let failed = trouble.as_ref().map(|(failed, _)| format!(", and {failed}")).unwrap_or_default();
        let found = format!("not settled within {}: {far}{failed}", span(within));
        let remedy = match last {
            _ if let Some((_, remedy)) = trouble => remedy,
            Some(last) if last.total() == 0 => Remedy::AllowEmpty,
            Some(last) if last.other() == last.total() - last.settled() => {
                Remedy::ReadSubtasks { other: last.other(), total: last.total() }
            }
            _ => Remedy::WatchLonger,
        };
        Error::new(ErrorKind::Timeout, found, remedy)
    }
}

/// A time as a person writes it: `90 s`, `2 h`.
fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds > 0 && seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds > 60 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        _ => format!("{} s", time.as_secs_f64()),
    }
}
