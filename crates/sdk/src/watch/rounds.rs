//! What a watch asks for, poll after poll, and when the task is settled. Decides only, and knows no time.
//!
//! A poll counts only what can have changed since the one before, by the lifecycle in the document:
//!
//! * A status that the earlier ones have left for ever (`Pending` once it is empty, then `WaitResult`) is not asked again.
//! * When the last poll saw no change, and its counts held every subtask, the open statuses alone tell whether anything has
//!   moved since. They are counted in the same order as before, descendants first. The earliest of them only ever loses
//!   subtasks, so an equal count means that none has left it; then nothing has entered the next one, and so on.
//!
//! The task is settled when the open statuses were found empty *one after another*, from the beginning of life on: each count
//! of zero is taken after the statuses before it were empty, so nothing can have entered since. Two zeros of one round do not
//! tell that: a round counts `WaitResult` first, and a subtask may move into it before `Pending` is counted.

use northbound_client::SubtaskStatus;

use crate::summary::Summary;
use crate::summary::count::{Ask, Counting, Doubt, Sample};
use crate::summary::lifecycle::{counting_order, open_statuses, reachable};
use crate::summary::task::Tally;

/// What the counts that lie ahead are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To count whatever can have changed.
    Count,
    /// To see whether anything has changed at all.
    Probe,
    /// To see whether statuses that were empty have stayed so.
    Close,
    /// To count once more where everything ended, now that it has.
    Finish,
}

/// The rounds of a watch.
#[derive(Clone, Debug)]
pub(crate) struct Rounds {
    task_id: String,
    counting: Counting,
    purpose: Purpose,
    /// The statuses that a subtask leaves again, from the beginning of life on; so many of them are empty for ever.
    open: Vec<&'static SubtaskStatus>,
    closed: usize,
    last: Option<Summary>,
    quiet: bool,
    doubt: Option<Doubt>,
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// One call.
    Ask(Ask),
    /// Read the task, since its totals cannot be believed.
    Read(Doubt),
    /// The poll has ended.
    Told(Told),
}

/// What a poll found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) summary: Summary,
    /// Something has changed since the poll before.
    pub(crate) moved: bool,
    /// Nothing will change any more.
    pub(crate) settled: bool,
}

impl Rounds {
    pub(crate) fn new(task_id: String) -> Self {
        Self {
            task_id,
            counting: Counting::whole(),
            purpose: Purpose::Count,
            open: open_statuses(),
            closed: 0,
            last: None,
            quiet: false,
            doubt: None,
        }
    }

    /// Starts the next poll.
    pub(crate) fn poll(&mut self) {
        if self.quiet && self.counting.moving() == 0 {
            self.start(Purpose::Probe);
        } else {
            self.start(Purpose::Count);
        }
    }

    /// How many calls belong together from here; of a read, whose pages may come as the quota allows, 1.
    pub(crate) fn ahead(&self) -> usize {
        if self.doubt.is_some() { 1 } else { self.counting.ahead() }
    }

    /// What to do now: the same until the answer is taken in.
    pub(crate) fn next(&mut self) -> Next {
        if let Some(doubt) = self.doubt {
            return Next::Read(doubt);
        }
        loop {
            if let Some(ask) = self.counting.next() {
                return Next::Ask(ask.clone());
            }
            match self.then() {
                Some(purpose) => self.start(purpose),
                None => {
                    let calls = self.counting.take_calls();
                    return Next::Told(self.told(Summary::counted(&self.task_id, &self.counting, calls)));
                }
            }
        }
    }

    /// Takes in the answer to [`Next::Ask`].
    pub(crate) fn counted(&mut self, sample: &Sample) {
        let asked = self.counting.next().cloned();
        match self.counting.take(sample) {
            Err(doubt) => self.doubt = Some(doubt),
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

    /// Takes in what [`Next::Read`] found. From then on every poll reads.
    ///
    /// Each subtask came once and bears a status that it had during the read, so one that came in a final status is settled.
    pub(crate) fn read(&mut self, tally: Tally, doubt: Doubt) -> Told {
        let calls = self.counting.take_calls() + tally.calls;
        let summary = Summary::read(&self.task_id, tally, doubt, calls);
        if self.open.iter().all(|status| summary.count(status) == 0) {
            self.closed = self.open.len();
        }
        self.told(summary)
    }

    /// What the poll goes on with once everything that was asked for has been counted.
    fn then(&self) -> Option<Purpose> {
        if self.purpose == Purpose::Probe && !self.is_as_before() {
            return Some(Purpose::Count);
        }
        let settled = self.closed == self.open.len();
        match self.purpose {
            Purpose::Finish => None,
            _ if settled => (self.counting.moving() > 0).then_some(Purpose::Finish),
            _ => {
                self.unclosed().all(|status| self.counting.count(status) == Some(0)).then_some(Purpose::Close)
            }
        }
    }

    fn start(&mut self, purpose: Purpose) {
        let statuses: Vec<&SubtaskStatus> = match purpose {
            Purpose::Count => counting_order().into_iter().filter(|status| self.can_change(status)).collect(),
            Purpose::Probe => self.unclosed().rev().collect(),
            Purpose::Close => self.unclosed().collect(),
            Purpose::Finish => counting_order().into_iter().filter(|status| status.is_final()).collect(),
        };
        self.purpose = purpose;
        self.counting.recount(statuses);
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

    fn told(&mut self, summary: Summary) -> Told {
        let same =
            |last: &Summary| last.by_status().eq(summary.by_status()) && last.moving() == summary.moving();
        let moved = !self.last.as_ref().is_some_and(same);
        self.quiet = !moved;
        self.last = Some(summary.clone());
        Told { summary, moved, settled: self.closed == self.open.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pending, WaitResult and Success of a task of 10 subtasks; what is missing is on the move.
    type Counts = (u64, u64, u64);

    /// Makes one poll with these answers in turn (the last one stays), and tells what was asked.
    fn poll(rounds: &mut Rounds, answers: &[Counts]) -> (Vec<String>, Told) {
        let mut asked = Vec::new();
        loop {
            match rounds.next() {
                Next::Told(told) => return (asked, told),
                Next::Read(_) => panic!("nothing to doubt"),
                Next::Ask(ask) => {
                    let (pending, waiting, success) = answers[asked.len().min(answers.len() - 1)];
                    let (name, count) = match &ask {
                        Ask::Total => ("all", 10),
                        Ask::Status(SubtaskStatus::Pending) => ("Pending", pending),
                        Ask::Status(SubtaskStatus::WaitResult) => ("WaitResult", waiting),
                        Ask::Status(SubtaskStatus::Success) => ("Success", success),
                        Ask::Status(_) => ("", 0),
                    };
                    asked.push(name.to_owned());
                    rounds.counted(&Sample::Page { total: Some(count), rows: count.min(1), stray: false });
                }
            }
        }
    }

    /// Without the names of the statuses in which nothing ever is, however many the document lists.
    fn names(asked: &[String]) -> Vec<&str> {
        asked.iter().map(String::as_str).filter(|name| !name.is_empty()).collect()
    }

    fn finals() -> usize {
        SubtaskStatus::KNOWN.iter().filter(|status| status.is_final()).count()
    }

    #[test]
    fn the_whole_is_asked_once_and_everything_that_can_change_again() {
        let mut rounds = Rounds::new("demo".to_owned());
        let (asked, told) = poll(&mut rounds, &[(4, 3, 3)]);
        assert_eq!(names(&asked), ["all", "Success", "WaitResult", "Pending"]);
        assert_eq!(asked.len(), SubtaskStatus::KNOWN.len() + 1);
        assert!(told.moved && !told.settled);
        rounds.poll();
        let (asked, told) = poll(&mut rounds, &[(3, 3, 4)]);
        assert_eq!(names(&asked), ["Success", "WaitResult", "Pending"]);
        assert_eq!((told.moved, told.summary.calls()), (true, SubtaskStatus::KNOWN.len() as u64));
    }

    #[test]
    fn while_nothing_moves_only_open_statuses_are_asked() {
        let mut rounds = Rounds::new("demo".to_owned());
        poll(&mut rounds, &[(4, 3, 3)]);
        rounds.poll();
        assert!(!poll(&mut rounds, &[(4, 3, 3)]).1.moved);
        rounds.poll();
        let (asked, told) = poll(&mut rounds, &[(4, 3, 3)]);
        assert_eq!((names(&asked), told.moved), (vec!["WaitResult", "Pending"], false));
        assert_eq!(told.summary.count(&SubtaskStatus::Success), 3);
        rounds.poll();
        let (asked, told) = poll(&mut rounds, &[(4, 2, 4)]);
        assert_eq!(names(&asked), ["WaitResult", "Pending", "Success", "WaitResult", "Pending"]);
        assert!(told.moved);
    }

    #[test]
    fn the_last_pending_subtask_is_seen_to_leave() {
        let mut rounds = Rounds::new("demo".to_owned());
        poll(&mut rounds, &[(1, 3, 6)]);
        rounds.poll();
        poll(&mut rounds, &[(1, 3, 6)]);
        rounds.poll();
        // One leaves Pending, another WaitResult.
        let (asked, told) = poll(&mut rounds, &[(0, 3, 7)]);
        assert_eq!(names(&asked), ["WaitResult", "Pending", "Success", "WaitResult"]);
        assert_eq!((told.moved, told.summary.moving()), (true, 0));
    }

    #[test]
    fn counts_that_miss_a_subtask_are_not_probed() {
        let mut rounds = Rounds::new("demo".to_owned());
        for _ in 0..3 {
            let (asked, told) = poll(&mut rounds, &[(4, 3, 2)]);
            assert_eq!(told.summary.moving(), 1);
            assert!(names(&asked).contains(&"Success"));
            rounds.poll();
        }
    }

    #[test]
    fn an_empty_beginning_is_never_asked_again() {
        let mut rounds = Rounds::new("demo".to_owned());
        poll(&mut rounds, &[(0, 3, 7)]);
        rounds.poll();
        let (asked, _) = poll(&mut rounds, &[(0, 2, 8)]);
        assert_eq!(names(&asked), ["Success", "WaitResult"]);
        assert!(asked.len() <= finals() + 1, "{asked:?}");
    }

    #[test]
    fn two_zeros_of_one_round_do_not_end_it() {
        let mut rounds = Rounds::new("demo".to_owned());
        // The last subtask goes from Pending to WaitResult after that was counted.
        let mut answers = vec![(1, 0, 9); SubtaskStatus::KNOWN.len()];
        answers.push((0, 1, 9));
        let (asked, told) = poll(&mut rounds, &answers);
        assert_eq!(names(&asked), ["all", "Success", "WaitResult", "Pending", "WaitResult"]);
        assert!(!told.settled);
        assert_eq!((told.summary.count(&SubtaskStatus::WaitResult), told.summary.moving()), (1, 0));
        rounds.poll();
        let (asked, told) = poll(&mut rounds, &[(0, 0, 10)]);
        assert_eq!(names(&asked), ["Success", "WaitResult"]);
        assert!(told.settled && told.summary.is_settled());
    }

    #[test]
    fn a_settled_task_takes_one_more_count_of_wait_result() {
        let mut rounds = Rounds::new("demo".to_owned());
        let (asked, told) = poll(&mut rounds, &[(0, 0, 10)]);
        assert_eq!(names(&asked), ["all", "Success", "WaitResult", "Pending", "WaitResult"]);
        assert!(told.settled);
    }

    #[test]
    fn the_last_summary_holds_what_arrived_last() {
        let mut rounds = Rounds::new("demo".to_owned());
        poll(&mut rounds, &[(0, 1, 9)]);
        rounds.poll();
        // The last subtask succeeds after Success was counted.
        let (asked, told) = poll(&mut rounds, &[(0, 1, 9), (0, 0, 10)]);
        assert_eq!(names(&asked), ["Success", "WaitResult", "Success"]);
        assert!(told.settled && told.summary.is_settled(), "{}", told.summary);
    }

    #[test]
    fn subtasks_in_a_status_that_nobody_lists_do_not_keep_it_for_ever() {
        let mut rounds = Rounds::new("demo".to_owned());
        let (_, told) = poll(&mut rounds, &[(0, 0, 9)]);
        assert!(told.settled && !told.summary.is_settled());
        assert_eq!(told.summary.moving(), 1);
    }

    #[test]
    fn a_task_that_grows_is_read() {
        let mut rounds = Rounds::new("demo".to_owned());
        poll(&mut rounds, &[(0, 1, 9)]);
        rounds.poll();
        while let Next::Ask(_) = rounds.next() {
            rounds.counted(&Sample::Page { total: Some(11), rows: 1, stray: false });
        }
        assert_eq!(rounds.next(), Next::Read(Doubt::MoreThanAll));
    }

    #[test]
    fn a_doubt_makes_it_read_from_then_on() {
        let mut rounds = Rounds::new("demo".to_owned());
        rounds.counted(&Sample::Page { total: None, rows: 0, stray: false });
        assert_eq!(rounds.next(), Next::Read(Doubt::NoTotal));
        let tally = |rows: &[&str]| {
            let mut tally = Tally { calls: 1, ..Tally::default() };
            rows.iter().for_each(|status| tally.add(Some(&SubtaskStatus::from(*status))));
            tally
        };
        let told = rounds.read(tally(&["Success", "Pending"]), Doubt::NoTotal);
        assert!(told.moved && !told.settled);
        assert_eq!(told.summary.calls(), 2);
        rounds.poll();
        assert_eq!(rounds.next(), Next::Read(Doubt::NoTotal));
        let told = rounds.read(tally(&["Success", "Fail"]), Doubt::NoTotal);
        assert!(told.settled && told.summary.is_settled());
    }
}
