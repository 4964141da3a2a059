//! A watch against a model task that moves, on a clock of its own: 1,000 seeds.

use std::time::Duration;

use fastrand::Rng;
use northbound_client::{QUOTA, SubtaskStatus};
use tokio::time::Instant;

use super::counters::{Counters, STILL};
use super::pace::Pace;
use super::rounds::Rounds;
use super::watching::{WatchStep, Watching};
use crate::answers::summary::count::{Ask, Sample};
use crate::answers::summary::task::Tally;
use crate::{Error, ErrorKind, Method, Summary};

const SEEDS: u64 = 1000;
const FASTEST: Duration = Duration::from_secs(6);
const SLOWEST: Duration = Duration::from_secs(30);
/// How long a call is on its way, and its answer, at most, in milliseconds: a seed draws one.
const WAYS: [u64; 3] = [10, 200, 1500];

/// When a subtask enters which status; before the first one it is not there.
type Life = Vec<(Instant, SubtaskStatus)>;

/// A task whose subtasks move by themselves.
struct Model {
    lives: Vec<Life>,
}

impl Model {
    /// Subtasks that move at random times, many of them at once, along any path that the lifecycle allows.
    fn new(draw: &mut Rng, start: Instant) -> Self {
        let (rows, span) = (draw.u64(..80), 1 + draw.u64(..1_200_000));
        let bursts: Vec<u64> = (0..3).map(|_| draw.u64(..span)).collect();
        // Some tasks come without their subtasks at first, and on some platforms subtasks begin in a status of its own.
        let born = if draw.u64(..8) == 0 { draw.u64(..100_000) } else { 0 };
        let is_queued = draw.u64(..8) == 0;
        let life = |draw: &mut Rng| {
            let mut status = SubtaskStatus::KNOWN[draw.u64(..3) as usize].clone();
            let mut at = born;
            let mut life = Vec::new();
            if is_queued && draw.u64(..2) == 0 {
                life.push((start + Duration::from_millis(at), SubtaskStatus::from("Queued")));
                at += draw.u64(..span);
            }
            life.push((start + Duration::from_millis(at), status.clone()));
            while let Some(successors) = status.successors().filter(|successors| !successors.is_empty()) {
                let moment =
                    if draw.u64(..2) == 0 { bursts[draw.u64(..3) as usize] } else { draw.u64(..span) };
                // After a burst, the next status often follows within the round.
                at = at.max(moment) + draw.u64(..4000);
                status = successors[draw.u64(..successors.len() as u64) as usize].clone();
                life.push((start + Duration::from_millis(at), status.clone()));
            }
            life
        };
        Self { lives: (0..rows).map(|_| life(draw)).collect() }
    }

    fn status(life: &Life, now: Instant) -> Option<&SubtaskStatus> {
        life.iter().rev().find(|(since, _)| *since <= now).map(|(_, status)| status)
    }

    fn count(&self, status: &SubtaskStatus, now: Instant) -> u64 {
        self.lives.iter().filter(|life| Self::status(life, now) == Some(status)).count() as u64
    }

    fn total(&self, now: Instant) -> u64 {
        self.lives.iter().filter(|life| life[0].0 <= now).count() as u64
    }

    fn answer(&self, ask: &Ask, now: Instant) -> Sample {
        let total = match ask {
            Ask::Total => self.total(now),
            Ask::Status(status) => self.count(status, now),
        };
        Sample::Page { total: Some(total), rows: total.min(1), stray: false }
    }

    fn settles(&self) -> Option<Instant> {
        self.lives.iter().map(|life| life.last().unwrap().0).max()
    }
}

/// What the task's own counters are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    /// They are right.
    Right,
    /// The platform has no such call.
    None,
    /// The call fails with a temporary error, always.
    Failing,
    /// They are those of up to a minute before.
    Late(Duration),
    /// They stand still from some time on.
    Still(Duration),
    /// They count all subtasks as succeeded from some time on.
    Ahead(Duration),
    /// They count failures as successes from some time on.
    Shifted(Duration),
}

impl Own {
    fn new(draw: &mut Rng) -> Self {
        let time = |draw: &mut Rng| Duration::from_secs(draw.u64(..1200));
        match draw.u64(..12) {
            0..2 => Self::None,
            2 => Self::Failing,
            3 => Self::Late(Duration::from_millis(draw.u64(..60_000))),
            4 => Self::Still(time(draw)),
            5 => Self::Ahead(time(draw)),
            6 => Self::Shifted(time(draw)),
            _ => Self::Right,
        }
    }

    fn is_wrong(self) -> bool {
        !matches!(self, Self::Right | Self::None | Self::Failing)
    }

    fn of(self, model: &Model, start: Instant, now: Instant) -> Option<Counters> {
        let at = match self {
            Self::None => return None,
            Self::Late(late) => now.checked_sub(late).unwrap_or(start).max(start),
            Self::Still(from) => now.min(start + from),
            _ => now,
        };
        let total = model.total(at);
        let mut by_status: Vec<_> = SubtaskStatus::KNOWN
            .iter()
            .filter(|status| status.is_final())
            .cloned()
            .collect::<Vec<_>>()
            .into_iter()
            .map(|status| {
                let count = model.count(&status, at);
                (status, count)
            })
            .collect();
        match self {
            Self::Ahead(from) if now >= start + from => {
                by_status[0].1 += total - by_status.iter().map(|(_, count)| count).sum::<u64>();
            }
            Self::Shifted(from) if now >= start + from => {
                by_status[0].1 += std::mem::take(&mut by_status[1].1);
            }
            _ => {}
        }
        Some(Counters { total, by_status })
    }
}

struct Run {
    arrivals: Vec<Instant>,
    summaries: Vec<Summary>,
    ended: Instant,
    /// A round counted nothing in any open status although the task had not settled.
    would_end_falsely: bool,
    /// How many polls failed.
    missed: u32,
    /// The task's own counters said that it was settled when it was not.
    claims_falsely: bool,
}

fn run(model: &Model, own: Own, mut watching: Watching, draw: &mut Rng, start: Instant) -> Run {
    let (mut now, mut arrivals, mut summaries, mut missed) = (start, Vec::new(), Vec::new(), 0);
    let way = WAYS[draw.u64(..3) as usize];
    let (mut waiting, mut would_end_falsely, mut first) = (true, false, None);
    let (mut own_at, mut claims_falsely) = (None, false);
    // In some seeds a call now and then fails, before it arrives or after.
    let faults = [0, 0, 5, 50][draw.usize(..4)];
    loop {
        let step = watching.step(now);
        let is_call = matches!(step, WatchStep::Counters | WatchStep::Ask(_) | WatchStep::Read(_));
        let fails = matches!(step, WatchStep::Counters) && own == Own::Failing;
        if is_call && (draw.u64(..1000) < faults || fails) {
            now += Duration::from_millis(draw.u64(..way));
            arrivals.extend((draw.u64(..2) == 0).then_some(now));
            let broke = Error::new(ErrorKind::Connection, "it broke", "try again");
            let next = watching.missed(broke, true, now).unwrap();
            assert!(next > now, "a watch that does not rest after a failure");
            (first, missed) = (None, missed + 1);
            continue;
        }
        match step {
            WatchStep::Wait(until) => {
                assert!(until > now, "a wait that does not wait");
                now = until;
            }
            WatchStep::Counters => {
                now += Duration::from_millis(draw.u64(..way));
                arrivals.push(now);
                first.get_or_insert(now);
                own_at = Some(now);
                let counters = own.of(model, start, now);
                let settled =
                    counters.iter().flat_map(|own| &own.by_status).map(|(_, count)| count).sum::<u64>();
                let claims = counters.as_ref().is_some_and(|own| own.total > 0 && own.total == settled);
                claims_falsely |= claims && model.settles().is_some_and(|settles| settles > now);
                now += Duration::from_millis(draw.u64(..way));
                watching.counters(counters, now);
            }
            WatchStep::Ask(ask) => {
                now += Duration::from_millis(draw.u64(..way));
                arrivals.push(now);
                first.get_or_insert(now);
                let sample = model.answer(&ask, now);
                now += Duration::from_millis(draw.u64(..way));
                watching.counted(&sample, now);
                let empty = matches!(sample, Sample::Page { total: Some(0), .. });
                if ask == Ask::Status(SubtaskStatus::WaitResult) {
                    waiting = !empty;
                } else if ask == Ask::Status(SubtaskStatus::Pending) && empty && !waiting {
                    would_end_falsely |= model.settles().is_some_and(|settles| settles > now);
                }
            }
            WatchStep::Deliver(summary) => {
                let first = first.take().unwrap();
                if summary.method() == Method::Counters && !own.is_wrong() {
                    check_counters(model, &summary, own_at.unwrap());
                } else if !own.is_wrong() {
                    check_that_nothing_moved(model, summaries.last(), &summary, first);
                }
                summaries.push(summary);
            }
            WatchStep::End => {
                return Run { arrivals, summaries, ended: now, would_end_falsely, missed, claims_falsely };
            }
            WatchStep::Read(doubt) => {
                let grows = model.lives[0][0].0 > start;
                assert!(
                    grows || model.lives.len() == 1 || own.is_wrong(),
                    "an honest platform is doubted: {doubt}"
                );
                now += Duration::from_millis(draw.u64(..way));
                arrivals.push(now);
                first.get_or_insert(now);
                let mut tally = Tally { calls: 1, ..Tally::default() };
                let there = model.lives.iter().filter_map(|life| Model::status(life, now));
                there.for_each(|status| tally.add(Some(status)));
                now += Duration::from_millis(draw.u64(..way));
                watching.read(Some(tally), doubt, now);
            }
            WatchStep::Late(error) => panic!("{error}"),
        }
    }
}

fn pace(share: f64) -> Pace {
    Pace::new((Some(QUOTA.calls), QUOTA.window), share, FASTEST, SLOWEST)
}

/// The most calls that arrived within one window.
fn most_in_a_window(arrivals: &[Instant]) -> usize {
    let mut first = 0;
    let within = |(last, at): (usize, &Instant)| {
        while *at - arrivals[first] >= QUOTA.window {
            first += 1;
        }
        last + 1 - first
    };
    arrivals.iter().enumerate().map(within).max().unwrap_or_default()
}

/// Counts that stayed the same, and hold every subtask, are those of the task at one moment: that of the first call. So a
/// poll that only asked for open statuses was right to leave the others as they were.
fn check_that_nothing_moved(model: &Model, before: Option<&Summary>, summary: &Summary, first: Instant) {
    let same = |before: &Summary| before.by_status().eq(summary.by_status()) && before.other() == 0;
    if summary.other() == 0 && before.is_some_and(same) {
        for (status, count) in summary.by_status() {
            assert_eq!(count, model.count(status, first), "{status} has moved unseen");
        }
    }
}

/// What the task's own counters say is what a full read would have found at the moment of that call.
fn check_counters(model: &Model, summary: &Summary, at: Instant) {
    assert_eq!(summary.total(), model.total(at));
    for (status, count) in summary.by_status().filter(|(status, _)| status.is_final()) {
        assert_eq!(count, model.count(status, at), "{status}");
    }
    if summary.unsplit() > 0 {
        assert_eq!((summary.unsplit(), summary.other()), (summary.total() - summary.settled(), 0));
        assert!(summary.by_status().all(|(status, _)| status.is_final()), "a number that nobody asked for");
    }
}

/// What the counts of a round hold must have been so: nothing twice, and final statuses only grow.
fn check(summaries: &[Summary], own: Own) {
    for (number, summary) in summaries.iter().enumerate() {
        let sum: u64 = SubtaskStatus::KNOWN.iter().map(|status| summary.count(status)).sum();
        assert_eq!(sum + summary.other() + summary.unsplit(), summary.total());
        if own.is_wrong() {
            continue;
        }
        let before = number.checked_sub(1).map(|before| &summaries[before]);
        for (status, count) in summary.by_status().filter(|(status, _)| status.is_final()) {
            assert!(before.is_none_or(|before| before.count(status) <= count), "{status} shrank");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_ends_when_the_task_has_settled_and_not_before() {
    let start = Instant::now();
    let (mut false_ends, mut latest, mut most, mut calls, mut missed) = (0, Duration::ZERO, 0, 0, 0);
    let (mut false_claims, mut polls, mut cheap) = (0, 0, 0);
    for seed in 0..SEEDS {
        let mut draw = Rng::with_seed(seed);
        let model = Model::new(&mut draw, start);
        let (own, split) = (Own::new(&mut draw), draw.u64(..4) == 0);
        let rounds = Rounds::new("model".to_owned(), model.lives.is_empty(), split);
        let run = run(&model, own, Watching::new(rounds, pace(0.5), None, start), &mut draw, start);
        let settled = model.settles().unwrap_or(start);
        assert!(run.ended >= settled, "seed {seed}: {:?} too early", settled - run.ended);
        // A poll that fails may cost another rest, and room in the window.
        let mut excused = run.missed * (SLOWEST + QUOTA.window);
        if own.is_wrong() {
            // They are found out once nothing has moved for a while.
            excused += (STILL + 2) * SLOWEST + 2 * QUOTA.window;
        }
        latest = latest.max((run.ended - settled).saturating_sub(excused));
        missed += run.missed;
        let last = run.summaries.last().unwrap();
        assert!(last.is_settled(), "seed {seed}: {last}");
        for (status, count) in last.by_status() {
            assert_eq!(count, model.count(status, run.ended), "seed {seed}: {status}");
        }
        check(&run.summaries, own);
        if own == Own::Right && !split {
            polls += run.summaries.len();
            cheap += run.summaries.iter().filter(|summary| summary.calls() == 1).count();
        }
        false_claims += usize::from(run.claims_falsely);
        most = most.max(most_in_a_window(&run.arrivals));
        calls += run.arrivals.len();
        false_ends += usize::from(run.would_end_falsely);
    }
    println!(
        "at most {latest:?} late, {most} calls a window, {calls} calls, {missed} polls missed, {false_ends} false ends avoided, \
         {false_claims} false claims of counters, {cheap} of {polls} polls with right counters made one call"
    );
    assert!(false_claims > 0 && cheap * 10 > polls * 9);
    // One rest, two rounds of at most 12 calls, and room in the window for them.
    let bound = SLOWEST + QUOTA.window + Duration::from_millis(24 * 2 * WAYS[2]);
    assert!(latest <= bound, "{latest:?} late");
    assert!(most <= QUOTA.calls as usize / 2, "{most} calls in one window");
    assert!(missed > 0 && false_ends > 0, "no seed would show a rule that ends falsely");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_move_costs_little() {
    let start = Instant::now();
    let model = Model { lives: (0..10).map(|_| vec![(start, SubtaskStatus::WaitResult)]).collect() };
    let rounds = Rounds::new("model".to_owned(), false, false);
    let mut watching = Watching::new(rounds, pace(0.5), None, start);
    let (mut now, mut calls, hour) = (start, 0, Duration::from_secs(3600));
    while now < start + hour {
        match watching.step(now) {
            WatchStep::Wait(until) => now = until,
            WatchStep::Counters => watching.counters(None, now),
            WatchStep::Ask(ask) => watching.counted(&model.answer(&ask, now), now),
            WatchStep::Deliver(summary) => calls += summary.calls(),
            other => panic!("{other:?}"),
        }
    }
    // A poll in half a minute, with one call for the only status that is open.
    assert!(calls <= 140, "{calls} calls in an hour");
}
