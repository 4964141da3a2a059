//! How a subtask lives: when its command is sent, when the device answers, and what the outcome is.

use serde::{Deserialize, Serialize};

use crate::api::SubtaskStatus;
use crate::draw::{Purpose, draw, weighted};

/// The life of a moving task's subtasks: Pending, then WaitResult, then Success, Fail or Timeout.
///
/// A command is sent at a moment drawn from the sending time, each as likely as any other. A device that answers does so
/// after a part of the answer time that is the product of two even draws: half of them within a fifth of it.
/// All follows from the seed; nothing moves backwards.
///
/// The default settles within 55 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[must_use]
pub struct Life {
    /// Time over which the commands are sent, in seconds, counted from the creation of the task. At most 604800.
    pub sending_seconds: u32,
    /// Longest time that a device takes from its command to its answer, in seconds. At most 604800.
    pub answer_seconds: u32,
    /// Time from a command to its timeout, for devices that never answer, in seconds. At most 604800.
    pub timeout_seconds: u32,
    /// What comes of the subtasks.
    pub outcomes: Outcomes,
}

/// How often each outcome comes, as weights: 17, 2 and 1 mean 85 %, 10 % and 5 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Outcomes {
    /// Weight of subtasks that succeed.
    pub success: u32,
    /// Weight of subtasks that fail.
    pub fail: u32,
    /// Weight of subtasks whose device never answers.
    pub timeout: u32,
}

/// What becomes of one subtask, and when: milliseconds since the creation of its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeline {
    pub(crate) sent: u32,
    pub(crate) ended: u32,
    pub(crate) outcome: SubtaskStatus,
}

impl Life {
    /// Longest time that a member may have: a week, in seconds.
    pub const MAX_SECONDS: u32 = 7 * 24 * 3600;

    /// A life with these times, in seconds, and the default outcomes. The fields say what the times are.
    ///
    /// ```
    /// use northbound_emulator::{Life, Outcomes, Task};
    ///
    /// let life = Life::new(600, 120, 300).with_outcomes(Outcomes::new(17, 2, 1));
    /// let task = Task::generated("read-out", "demo-app", 30_000).with_life(life);
    /// ```
    pub fn new(sending_seconds: u32, answer_seconds: u32, timeout_seconds: u32) -> Self {
        Self { sending_seconds, answer_seconds, timeout_seconds, outcomes: Outcomes::default() }
    }

    /// The same life with these outcomes.
    pub fn with_outcomes(mut self, outcomes: Outcomes) -> Self {
        self.outcomes = outcomes;
        self
    }

    /// Checks this life. The error says which member breaks which bound.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        for (member, seconds) in [
            ("sending_seconds", self.sending_seconds),
            ("answer_seconds", self.answer_seconds),
            ("timeout_seconds", self.timeout_seconds),
        ] {
            if seconds > Self::MAX_SECONDS {
                let error = format!("{member} of {seconds}: at most {} are allowed", Self::MAX_SECONDS);
                return Err((member, error));
            }
        }
        if self.outcomes.weights().iter().all(|(_, weight)| *weight == 0) {
            let error = "the weights of all outcomes are 0: at least one must be above".to_owned();
            return Err(("outcomes", error));
        }
        Ok(())
    }

    /// What comes of the subtask with this number.
    pub(crate) fn outcome(&self, key: u64, row: u32) -> SubtaskStatus {
        weighted(draw(key, row.into(), Purpose::Outcome), self.outcomes.weights())
    }

    /// When the subtask with this number goes on, if this is what comes of it.
    pub(crate) fn timeline(&self, key: u64, row: u32, outcome: SubtaskStatus) -> Timeline {
        let draw = |purpose| draw(key, row.into(), purpose);
        let sent = part(self.sending_seconds, draw(Purpose::Sent) >> 32);
        let answered_after = match outcome {
            SubtaskStatus::Timeout => self.timeout_seconds * 1_000,
            _ => {
                let draw = draw(Purpose::Answer);
                part(self.answer_seconds, ((draw >> 32) * (draw & 0xffff_ffff)) >> 32)
            }
        };
        Timeline { sent, ended: sent + answered_after, outcome }
    }
}

impl Default for Life {
    fn default() -> Self {
        Self { sending_seconds: 20, answer_seconds: 20, timeout_seconds: 35, outcomes: Outcomes::default() }
    }
}

impl Outcomes {
    /// Outcomes by their weights.
    pub fn new(success: u32, fail: u32, timeout: u32) -> Self {
        Self { success, fail, timeout }
    }

    fn weights(self) -> [(SubtaskStatus, u64); 3] {
        [
            (SubtaskStatus::Success, self.success.into()),
            (SubtaskStatus::Fail, self.fail.into()),
            (SubtaskStatus::Timeout, self.timeout.into()),
        ]
    }
}

impl Default for Outcomes {
    fn default() -> Self {
        Self { success: 85, fail: 10, timeout: 5 }
    }
}

/// A part of so many seconds, in milliseconds: `fraction` of 2³². A week in milliseconds fits.
fn part(seconds: u32, fraction: u64) -> u32 {
    ((u64::from(seconds) * 1_000 * fraction) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::key;

    fn timelines(life: Life) -> Vec<Timeline> {
        (0..20_000).map(|row| life.timeline(key(1, "live"), row, life.outcome(key(1, "live"), row))).collect()
    }

    #[test]
    fn times_lie_where_the_life_says() {
        let life = Life::default();
        for timeline in timelines(life) {
            assert!(timeline.sent < 20_000);
            let took = timeline.ended - timeline.sent;
            match timeline.outcome {
                SubtaskStatus::Timeout => assert_eq!(took, 35_000),
                _ => assert!(took < 20_000),
            }
        }
    }

    #[test]
    fn commands_go_out_evenly_and_most_answers_come_early() {
        let timelines = timelines(Life::default());
        let sent_early = timelines.iter().filter(|timeline| timeline.sent < 10_000).count();
        assert!(sent_early.abs_diff(10_000) < 300, "{sent_early} of 20,000 in the first half");
        let answers: Vec<_> =
            timelines.iter().filter(|timeline| timeline.outcome != SubtaskStatus::Timeout).collect();
        let quick = answers.iter().filter(|timeline| timeline.ended - timeline.sent < 4_000).count();
        assert!(quick * 2 > answers.len(), "{quick} of {} within a fifth", answers.len());
    }

    #[test]
    fn outcomes_come_as_often_as_their_weights_say() {
        let outcomes = Outcomes { success: 1, fail: 3, timeout: 0 };
        let timelines = timelines(Life { outcomes, ..Life::default() });
        let count = |outcome| timelines.iter().filter(|timeline| timeline.outcome == outcome).count();
        assert!(count(SubtaskStatus::Fail).abs_diff(15_000) < 300);
        assert_eq!(count(SubtaskStatus::Timeout), 0);
    }

    #[test]
    fn the_longest_life_fits_its_numbers_and_something_comes_of_each_subtask() {
        let longest = Life::MAX_SECONDS;
        let outcomes = Outcomes { success: 0, fail: 0, timeout: 1 };
        let life =
            Life { sending_seconds: longest, answer_seconds: longest, timeout_seconds: longest, outcomes };
        assert_eq!(life.check(), Ok(()));
        assert!(timelines(life).iter().all(|timeline| timeline.ended >= longest * 1_000));
        let longer = Life { timeout_seconds: longest + 1, ..life };
        let message = "timeout_seconds of 604801: at most 604800 are allowed";
        assert_eq!(longer.check().unwrap_err(), ("timeout_seconds", message.to_owned()));
        let outcomes = Outcomes { timeout: 0, ..outcomes };
        let message = "the weights of all outcomes are 0: at least one must be above";
        assert_eq!(Life { outcomes, ..life }.check().unwrap_err(), ("outcomes", message.to_owned()));
    }
}
