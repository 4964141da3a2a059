//! A watch against a model task that moves, on a clock of its own: 1,000 seeds.

use std::time::Duration;

use fastrand::Rng;
use northbound_client::{QUOTA, SubtaskStatus};
use tokio::time::Instant;

use super::pace::Pace;
use super::rounds::Rounds;
use super::watching::{WatchStep, Watching};
use crate::answers::summary::count::{Ask, Sample};
use crate::answers::summary::task::Tally;
use crate::{Error, ErrorKind, Summary};

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

    fn answer(&self, ask: &Ask, now: Instant) -> Sample {
        let total = match ask {
            Ask::Total => self.lives.iter().filter(|life| life[0].0 <= now).count() as u64,
            Ask::Status(status) => self.count(status, now),
        };
        Sample::Page { total: Some(total), rows: total.min(1), stray: false }
    }

    fn settles(&self) -> Option<Instant> {
        self.lives.iter().map(|life| life.last().unwrap().0).max()
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
}

fn run(model: &Model, mut watching: Watching, draw: &mut Rng, start: Instant) -> Run {
    let (mut now, mut arrivals, mut summaries, mut missed) = (start, Vec::new(), Vec::new(), 0);
    let way = WAYS[draw.u64(..3) as usize];
    let (mut waiting, mut would_end_falsely, mut first) = (true, false, None);
    // In some seeds a call now and then fails, before it arrives or after.
    let faults = [0, 0, 5, 50][draw.usize(..4)];
    loop {
        let step = watching.step(now);
        if matches!(step, WatchStep::Ask(_) | WatchStep::Read(_)) && draw.u64(..1000) < faults {
            now += Duration::from_millis(draw.u64(..way));
            arrivals.extend((draw.u64(..2) == 0).then_some(now));
            let next = watching.missed(Error::new(ErrorKind::Connection, "it broke", "try again"), now);
            assert!(next > now, "a watch that does not rest after a failure");
            (first, missed) = (None, missed + 1);
            continue;
        }
        match step {
            WatchStep::Wait(until) => {
                assert!(until > now, "a wait that does not wait");
                now = until;
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
                check_that_nothing_moved(model, summaries.last(), &summary, first.take().unwrap());
                summaries.push(summary);
            }
            WatchStep::End => return Run { arrivals, summaries, ended: now, would_end_falsely, missed },
            WatchStep::Read(doubt) => {
                let grows = model.lives[0][0].0 > start;
                assert!(grows || model.lives.len() == 1, "an honest platform is doubted: {doubt}");
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

/// What the counts of a round hold must have been so: nothing twice, and final statuses only grow.
fn check(summaries: &[Summary]) {
    for (number, summary) in summaries.iter().enumerate() {
        let sum: u64 = SubtaskStatus::KNOWN.iter().map(|status| summary.count(status)).sum();
        assert_eq!(sum + summary.other(), summary.total());
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
    for seed in 0..SEEDS {
        let mut draw = Rng::with_seed(seed);
        let model = Model::new(&mut draw, start);
        let rounds = Rounds::new("model".to_owned(), model.lives.is_empty());
        let run = run(&model, Watching::new(rounds, pace(0.5), None, start), &mut draw, start);
        let settled = model.settles().unwrap_or(start);
        assert!(run.ended >= settled, "seed {seed}: {:?} too early", settled - run.ended);
        // A poll that fails may cost another rest, and room in the window.
        let excused = run.missed * (SLOWEST + QUOTA.window);
        latest = latest.max((run.ended - settled).saturating_sub(excused));
        missed += run.missed;
        let last = run.summaries.last().unwrap();
        assert!(last.is_settled(), "seed {seed}: {last}");
        for (status, count) in last.by_status() {
            assert_eq!(count, model.count(status, run.ended), "seed {seed}: {status}");
        }
        check(&run.summaries);
        most = most.max(most_in_a_window(&run.arrivals));
        calls += run.arrivals.len();
        false_ends += usize::from(run.would_end_falsely);
    }
    println!(
        "at most {latest:?} late, {most} calls a window, {calls} calls, {missed} polls missed, {false_ends} false ends avoided"
    );
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
    let mut watching = Watching::new(Rounds::new("model".to_owned(), false), pace(0.5), None, start);
    let (mut now, mut calls, hour) = (start, 0, Duration::from_secs(3600));
    while now < start + hour {
        match watching.step(now) {
            WatchStep::Wait(until) => now = until,
            WatchStep::Ask(ask) => watching.counted(&model.answer(&ask, now), now),
            WatchStep::Deliver(summary) => calls += summary.calls(),
            other => panic!("{other:?}"),
        }
    }
    // A poll in half a minute, with one call for the only status that is open.
    assert!(calls <= 140, "{calls} calls in an hour");
}
