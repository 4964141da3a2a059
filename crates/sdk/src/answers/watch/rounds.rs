//! Decides which calls each poll of a watch makes, and when the task is settled. It does no I/O and has no clock.
//!
//! A poll counts only what can have changed since the one before, by the lifecycle in the document:
//!
//! * A status that will stay empty (`Pending` once it is empty, then `WaitResult`) is not counted again.
//! * If the last poll saw no change and counted every subtask, it is enough to count the open statuses to see whether anything
//!   has changed since. They are counted in the same order as before, later statuses first. Subtasks only leave the first
//!   status, so an equal count means that none has left it. Then none has entered the next status, and so on.
//!
//! If the task's own [counters](super::counters) are believed, a poll is one call, for the counters. After that the open
//! statuses are counted if the caller wants them separately. When the counters say that the task is settled, the final statuses
//! are counted, and then the total.
//!
//! The task is settled when every subtask is in a final status. Subtasks never leave a final status, so it does not matter that
//! these are counted one after another. Before the watch reports this, it requests the total once more. It also requests the
//! total in every poll whose counts do not include all subtasks. The total never shrinks. A subtask in an undocumented status
//! is in no count. As long as there is one, every status is counted, because any status may follow.

use northbound_client::SubtaskStatus;

use crate::answers::summary::count::{Ask, Counting, Doubt, Sample};
use crate::answers::summary::lifecycle::{counting_order, open_statuses, reachable};
use crate::answers::summary::task::Tally;
use crate::answers::summary::{Method, Summary};
use crate::answers::watch::counters::{Belief, Counters};

/// What the counts that lie ahead are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To count whatever can have changed.
    Count,
    /// To see whether anything has changed at all.
    Probe,
    /// To see whether the task still has as many subtasks as are settled.
    Confirm,
    /// To use the task's own counters, and to count the open statuses apart if that is wanted.
    Counters,
    /// To see whether the task is settled, as its own counters say.
    Verify,
}

/// The rounds of a watch.
#[derive(Clone, Debug)]
pub(crate) struct Rounds {
    task_id: String,
    counting: Counting,
    purpose: Purpose,
    /// The statuses that a subtask leaves again, in the order of its life.
    open: Vec<&'static SubtaskStatus>,
    /// How many of these, from the first on, are empty and stay so.
    closed: usize,
    allow_empty: bool,
    /// Whether open statuses are counted apart.
    split_open: bool,
    belief: Belief,
    /// Whether the task's own counters are to be asked for now.
    asks_counters: bool,
    /// What the latest poll found.
    pub(crate) last: Option<Summary>,
    quiet: bool,
    doubt: Option<Doubt>,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RoundStep {
    /// One call, for the task's own counters.
    Counters,
    /// One call.
    Ask(Ask),
    /// Read the task, since its totals cannot be believed.
    Read(Doubt),
    /// The poll has ended.
    Done(PollResult),
}

/// What a poll found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PollResult {
    pub(crate) summary: Summary,
    /// Something has changed since the poll before.
    pub(crate) moved: bool,
}

impl Rounds {
    pub(crate) fn new(task_id: String, allow_empty: bool, split_open: bool) -> Self {
        Self {
            task_id,
            counting: Counting::whole(),
            purpose: Purpose::Count,
            open: open_statuses(),
            closed: 0,
            allow_empty,
            split_open,
            belief: Belief::default(),
            asks_counters: true,
            last: None,
            quiet: false,
            doubt: None,
        }
    }

    /// Starts the next poll.
    pub(crate) fn poll(&mut self) {
        self.asks_counters = self.belief.begin();
        let by_counters = self.last.as_ref().is_some_and(|last| last.method() == Method::Counters);
        let misses_rows = self.counting.uncounted() > 0 || self.counting.total == 0;
        if misses_rows {
            self.closed = 0;
        }
        let probes = self.quiet && !misses_rows && !by_counters;
        let purpose = if probes { Purpose::Probe } else { Purpose::Count };
        self.start(purpose, misses_rows || by_counters);
    }

    /// Starts over after a poll that has failed. What it has counted and what is counted from now on are from different times, and
    /// together they could make a task look settled.
    pub(crate) fn restart(&mut self) {
        if self.asks_counters {
            self.belief.fail();
        }
        self.asks_counters = self.belief.begin();
        self.closed = 0;
        self.start(Purpose::Count, true);
    }

    /// How many calls belong together from here; of a read, whose pages may come as the quota allows, 1.
    pub(crate) fn ahead(&self) -> usize {
        if self.asks_counters {
            return 1 + if self.splits() { self.unclosed().count() } else { 0 };
        }
        if self.reads().is_some() { 1 } else { self.counting.ahead() }
    }

    /// What to do now: the same until the answer is taken in.
    pub(crate) fn next(&mut self) -> RoundStep {
        if self.asks_counters {
            return RoundStep::Counters;
        }
        loop {
            if let Some(doubt) = self.reads() {
                return RoundStep::Read(doubt);
            }
            if let Some(ask) = self.counting.next() {
                return RoundStep::Ask(ask.clone());
            }
            match self.then() {
                Some(purpose) => {
                    let contradicted = self.purpose == Purpose::Verify && purpose == Purpose::Count;
                    if contradicted {
                        self.belief.lose();
                        self.closed = 0;
                    }
                    self.start(purpose, contradicted || purpose == Purpose::Confirm);
                }
                None => {
                    let calls = self.counting.take_calls();
                    return RoundStep::Done(self.done(self.summary(calls)));
                }
            }
        }
    }

    /// Takes in the answer to [`RoundStep::Counters`]: counters that add up, if there are any.
    pub(crate) fn counters(&mut self, counters: Option<Counters>) {
        self.asks_counters = false;
        let Some(Counters { total, by_status }) = self.belief.take(counters, self.last.as_ref()) else {
            // What was to be counted instead is counted now.
            return self.counting.called();
        };
        let open = if self.splits() { self.unclosed().rev().cloned().collect() } else { Vec::new() };
        let closed = self.open[..if self.splits() { self.closed } else { 0 }].iter();
        let closed = closed.map(|status| ((*status).clone(), 0));
        self.counting.put(total, by_status.into_iter().chain(closed));
        self.counting.recount(open.into_iter().map(Ask::Status));
        self.purpose = Purpose::Counters;
    }

    /// Whether the open statuses are counted beside the task's own counters.
    fn splits(&self) -> bool {
        self.split_open && self.doubt.is_none()
    }

    /// Why the task is read, if it is. Counters are believed even where the totals of pages are not.
    fn reads(&self) -> Option<Doubt> {
        self.doubt.filter(|_| self.purpose != Purpose::Counters)
    }

    /// Takes in the answer to [`RoundStep::Ask`].
    pub(crate) fn counted(&mut self, sample: &Sample) {
        let asked = self.counting.next().cloned();
        match self.counting.take(sample) {
            Err(doubt) => (self.doubt, self.purpose) = (Some(doubt), Purpose::Count),
            Ok(()) => {
                if let (Some(Ask::Status(status)), Some(first)) = (&asked, self.open.get(self.closed))
                    && status == *first
                    && self.counting.count(status) == Some(0)
                {
                    self.closed += 1;
                }
            }
        }
    }

    /// Takes in what [`RoundStep::Read`] found. From then on polls read, unless the task's own counters are believed.
    ///
    /// Each subtask came once and has a status that it had during the read, so one that came in a final status is settled.
    pub(crate) fn read(&mut self, tally: Tally, doubt: Doubt) -> PollResult {
        let calls = self.counting.take_calls() + tally.calls;
        let before = self.last.as_ref().map_or(0, Summary::total);
        let tally = Tally { total: tally.total.max(before), calls, ..tally };
        let summary =
            Summary::new(&self.task_id, tally, Method::Read(doubt)).allowing_empty(self.allow_empty);
        if self.purpose == Purpose::Verify && !summary.is_settled() {
            self.belief.lose();
        }
        self.done(summary)
    }

    /// What the poll goes on with once everything that was asked for has been counted.
    fn then(&self) -> Option<Purpose> {
        let is_settled = self.summary(0).is_settled();
        match self.purpose {
            Purpose::Probe if !self.is_as_before() => Some(Purpose::Count),
            Purpose::Counters => is_settled.then_some(Purpose::Verify),
            Purpose::Verify if !is_settled => Some(Purpose::Count),
            Purpose::Confirm => None,
            _ => is_settled.then_some(Purpose::Confirm),
        }
    }

    /// What the counts say.
    fn summary(&self, calls: u64) -> Summary {
        let summary = match self.purpose {
            Purpose::Counters => Summary::by_counters(&self.task_id, &self.counting, calls),
            _ => Summary::counted(&self.task_id, &self.counting, calls),
        };
        summary.allowing_empty(self.allow_empty)
    }

    fn start(&mut self, purpose: Purpose, asks_total: bool) {
        let statuses: Vec<&SubtaskStatus> = match purpose {
            Purpose::Count => counting_order().into_iter().filter(|status| self.can_change(status)).collect(),
            Purpose::Probe => self.unclosed().rev().collect(),
            Purpose::Confirm => Vec::new(),
            Purpose::Counters | Purpose::Verify => {
                counting_order().into_iter().filter(|status| status.is_final()).collect()
            }
        };
        self.purpose = purpose;
        let total = asks_total.then_some(Ask::Total);
        self.counting.recount(total.into_iter().chain(statuses.into_iter().cloned().map(Ask::Status)));
    }

    /// The open statuses that may hold subtasks, from the beginning of life on.
    fn unclosed(&self) -> impl DoubleEndedIterator<Item = &'static SubtaskStatus> {
        self.open[self.closed..].iter().copied()
    }

    fn can_change(&self, status: &SubtaskStatus) -> bool {
        self.unclosed().any(|open| open == status || reachable(open).contains(status))
    }

    fn is_as_before(&self) -> bool {
        self.last.as_ref().is_some_and(|last| {
            self.open.iter().all(|status| self.counting.count(status) == Some(last.count(status)))
        })
    }

    fn done(&mut self, summary: Summary) -> PollResult {
        let moved = !self.last.as_ref().is_some_and(|last| last.agrees_with(&summary));
        self.quiet = !moved;
        self.belief.polled(moved);
        self.last = Some(summary.clone());
        PollResult { summary, moved }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A poll: the number of subtasks; how many of them are in Pending, WaitResult and Success (the others are on the move); what
    /// is asked; whether the task is settled then; how many subtasks are in no count; and whether anything moved.
    type Poll = (u64, (u64, u64, u64), &'static str, bool, u64, bool);

    /// The rounds of a watch whose platform has no counters of a task.
    fn without_counters(allow_empty: bool) -> Rounds {
        let mut rounds = Rounds::new("demo".to_owned(), allow_empty, false);
        rounds.counters(None);
        rounds.counting.take_calls();
        rounds
    }

    /// Makes a poll with these answers; the statuses in which nothing ever is are not shown.
    fn poll(
        rounds: &mut Rounds,
        total: u64,
        (pending, waiting, success): (u64, u64, u64),
    ) -> (String, PollResult) {
        let mut asked = Vec::new();
        loop {
            match rounds.next() {
                RoundStep::Done(result) => return (asked.join(" "), result),
                RoundStep::Read(_) => panic!("nothing to doubt"),
                RoundStep::Counters => rounds.counters(None),
                RoundStep::Ask(ask) => {
                    let (name, count) = match &ask {
                        Ask::Total => ("all", total),
                        Ask::Status(SubtaskStatus::Pending) => ("Pending", pending),
                        Ask::Status(SubtaskStatus::WaitResult) => ("WaitResult", waiting),
                        Ask::Status(SubtaskStatus::Success) => ("Success", success),
                        Ask::Status(_) => ("", 0),
                    };
                    asked.extend((!name.is_empty()).then_some(name));
                    rounds.counted(&Sample::Page { total: Some(count), rows: count.min(1), stray: false });
                }
            }
        }
    }

    #[test]
    fn every_poll_asks_what_may_have_changed_and_only_a_settled_task_ends_it() {
        const ALL: &str = "all Success WaitResult Pending";
        const CHANGING: &str = "Success WaitResult Pending";
        let stories: [&[Poll]; 10] = [
            // The total is asked once.
            &[(10, (4, 3, 3), ALL, false, 0, true), (10, (3, 3, 4), CHANGING, false, 0, true)],
            // While nothing moves only open statuses are asked.
            &[
                (10, (4, 3, 3), ALL, false, 0, true),
                (10, (4, 3, 3), CHANGING, false, 0, false),
                (10, (4, 3, 3), "WaitResult Pending", false, 0, false),
                (10, (4, 2, 4), "WaitResult Pending Success WaitResult Pending", false, 0, true),
            ],
            // The last pending subtask is seen to leave, and another one leaves WaitResult.
            &[
                (10, (1, 3, 6), ALL, false, 0, true),
                (10, (1, 3, 6), CHANGING, false, 0, false),
                (10, (0, 3, 7), "WaitResult Pending Success WaitResult", false, 0, true),
            ],
            // Counts that miss a subtask are asked again.
            &[
                (10, (4, 3, 2), ALL, false, 1, true),
                (10, (4, 3, 2), ALL, false, 1, false),
                (10, (4, 3, 2), ALL, false, 1, false),
            ],
            // Pending is empty for ever.
            &[(10, (0, 3, 7), ALL, false, 0, true), (10, (0, 2, 8), "Success WaitResult", false, 0, true)],
            // The last subtask goes from Pending to WaitResult after that was counted.
            &[
                (10, (0, 0, 9), ALL, false, 1, true),
                (10, (0, 1, 9), ALL, false, 0, true),
                (10, (0, 0, 10), "Success WaitResult all", true, 0, true),
            ],
            // A settled task takes one more total.
            &[(10, (0, 0, 10), "all Success WaitResult Pending all", true, 0, true)],
            // A subtask is in a status that nobody lists, and what may follow it is not known.
            &[
                (10, (0, 0, 9), ALL, false, 1, true),
                (10, (0, 0, 9), ALL, false, 1, false),
                (10, (0, 0, 9), ALL, false, 1, false),
            ],
            // The subtasks come later.
            &[
                (0, (0, 0, 0), ALL, false, 0, true),
                (10, (0, 0, 10), "all Success WaitResult Pending all", true, 0, true),
            ],
            // Subtasks are gone.
            &[
                (10, (1, 0, 9), ALL, false, 0, true),
                (9, (0, 0, 9), CHANGING, false, 1, true),
                (0, (0, 0, 0), ALL, false, 10, true),
            ],
        ];
        for polls in stories {
            let mut rounds = without_counters(false);
            for (number, (total, counts, asked, settled, other, moved)) in polls.iter().enumerate() {
                let (seen, result) = poll(&mut rounds, *total, *counts);
                let seen = (seen.as_str(), result.summary.is_settled(), result.summary.other(), result.moved);
                assert_eq!(seen, (*asked, *settled, *other, *moved), "{polls:?}: poll {number}");
                rounds.poll();
            }
        }
        let mut allowing = without_counters(true);
        assert!(poll(&mut allowing, 0, (0, 0, 0)).1.summary.is_settled());
    }

    #[test]
    fn a_task_that_grows_is_read() {
        let mut rounds = without_counters(false);
        poll(&mut rounds, 10, (0, 1, 9));
        rounds.poll();
        while let RoundStep::Ask(_) = rounds.next() {
            rounds.counted(&Sample::Page { total: Some(11), rows: 1, stray: false });
        }
        assert_eq!(rounds.next(), RoundStep::Read(Doubt::MoreThanAll));
    }

    #[test]
    fn a_doubt_makes_it_read_from_then_on() {
        let mut rounds = without_counters(false);
        rounds.counted(&Sample::Page { total: None, rows: 0, stray: false });
        assert_eq!(rounds.next(), RoundStep::Read(Doubt::NoTotal));
        let tally = |rows: &[&str]| {
            let mut tally = Tally { calls: 1, ..Tally::default() };
            rows.iter().for_each(|status| tally.add(Some(&SubtaskStatus::from(*status))));
            tally
        };
        let result = rounds.read(tally(&["Success", "Pending"]), Doubt::NoTotal);
        assert!(result.moved && !result.summary.is_settled());
        assert_eq!(result.summary.calls(), 2);
        rounds.poll();
        assert_eq!(rounds.next(), RoundStep::Read(Doubt::NoTotal));
        let result = rounds.read(tally(&["Success", "Halted"]), Doubt::NoTotal);
        assert_eq!((result.summary.is_settled(), result.summary.other()), (false, 1));
        let result = rounds.read(tally(&["Success"]), Doubt::NoTotal);
        assert_eq!((result.summary.is_settled(), result.summary.other()), (false, 1), "one is gone");
        assert!(rounds.read(tally(&["Success", "Fail"]), Doubt::NoTotal).summary.is_settled());
    }
}
