//! Programs that read through the registry, from a seed: with every kind of loop, while rows move, reads fail, memory is short
//! and callers leave.
//!
//! A loop that ends without an error must have exactly the rows of one read, in their order. `NORTHBOUND_MODEL_SEEDS=10000` runs more.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use fastrand::Rng;
use northbound::SubtaskStatus;
use tokio::time::Instant;

use super::model::{Got, KINDS, Kind};
use super::page::{PageAsked, PageReply, ReadError, ReadKey, ReaderId};
use super::read::Chunk;
use super::registry::{Key, QUIET, ReadId, Registry};
use crate::rows::Changes;

/// What stops a read that is dropped.
#[derive(Debug)]
struct Handle(Arc<AtomicBool>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// The rows that a key shows at the platform.
struct Source {
    key: Key,
    rows: Vec<u32>,
    next: u32,
    /// What the platform says its number is, in place of what it is.
    total: Option<Option<u64>>,
}

impl Source {
    /// Rows come and go, but not those of a whole task.
    fn moves(&mut self, rng: &mut Rng) {
        if self.key.1.is_whole() {
            return;
        }
        for _ in 0..rng.usize(0..4) {
            if rng.bool() && !self.rows.is_empty() {
                self.rows.remove(rng.usize(0..self.rows.len()));
            } else {
                self.rows.insert(rng.usize(0..=self.rows.len()), self.next);
                self.next += 1;
            }
        }
    }

    /// What the platform says of this number of rows.
    fn total(&self, rows: usize) -> Option<u64> {
        self.total.unwrap_or(Some(rows as u64))
    }
}

/// A read of the platform, which the SDK would make.
struct Upstream {
    source: usize,
    key: Key,
    id: ReadId,
    rows: Vec<u32>,
    /// What the platform counted when the read began.
    total: Option<u64>,
    sent: usize,
    fails_at: Option<usize>,
    dropped: Arc<AtomicBool>,
}

/// A program.
struct Program {
    source: usize,
    key: Key,
    kind: Kind,
    size: u32,
    got: Got<u32>,
    pending: Vec<Pending>,
    began: Instant,
    /// When a page came last.
    heard: Instant,
    ready: Instant,
    /// Whether the loop before this one came to its end.
    is_second: bool,
}

struct Pending {
    page: u64,
    /// `None` until it is asked for.
    read: Option<(Key, ReadId)>,
    patience: Instant,
}

struct World {
    rng: Rng,
    now: Instant,
    registry: Registry<Handle>,
    sources: Vec<Source>,
    upstreams: Vec<Upstream>,
    programs: Vec<Program>,
    /// What each read of a source had in all, and when it ended.
    reads: Vec<(usize, Vec<u32>, Option<Instant>)>,
    /// Pages are passed on to the platform, as a gateway without reads would do.
    passes_on: bool,
    seen: Seen,
}

/// What came of all loops.
#[derive(Debug, Default)]
struct Seen {
    complete: HashMap<Kind, u32>,
    errors: HashMap<&'static str, u32>,
    left: u32,
    logins: u32,
    faults: Vec<String>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let now = Instant::now();
        let sizes = [1, 2, 7, 25, 100, 250, 1000];
        let largest = [30, 300, 1500][rng.usize(0..3)];
        let lies = rng.u8(..) < 60;
        let mut sources = Vec::new();
        for number in 0..rng.u64(1..6) {
            let status =
                [None, Some(SubtaskStatus::Fail), Some(SubtaskStatus::Pending)][rng.usize(0..3)].clone();
            // Several readers have the same task and filter.
            let key =
                ReadKey { task_id: "task".into(), app_id: None, status, device_id: None, command_id: None };
            let rows = rng.u32(0..=largest);
            let total = match rng.u8(0..4) {
                0 if lies => Some(None),
                1 if lies => Some(Some(rng.u64(0..=u64::from(rows)))),
                _ => None,
            };
            sources.push(Source {
                key: Arc::new((ReaderId { token: number, app: number }, key)),
                rows: (0..rows).collect(),
                next: rows,
                total,
            });
        }
        let programs = sources.iter().enumerate().flat_map(|(source, at)| {
            // Nobody knows whose request a page is. So loops at the same time hold only where all reads have the same rows and total.
            let many = if at.key.1.is_whole() && at.total.is_none() { rng.usize(1..4) } else { 1 };
            let programs: Vec<_> = (0..many)
                .map(|_| {
                    let size = sizes[rng.usize(0..sizes.len())].max(largest / 100);
                    let kind = KINDS[rng.usize(0..KINDS.len())];
                    let (got, pending) = (BTreeMap::new(), Vec::new());
                    Program {
                        source,
                        key: Arc::clone(&at.key),
                        kind,
                        size,
                        got,
                        pending,
                        began: now,
                        heard: now,
                        ready: now,
                        is_second: false,
                    }
                })
                .collect();
            programs
        });
        let programs = programs.collect();
        let memory = if rng.bool() { usize::MAX } else { rng.usize(20_000..100_000) };
        Self {
            rng,
            now,
            registry: Registry::new(memory, now),
            sources,
            upstreams: Vec::new(),
            programs,
            reads: Vec::new(),
            passes_on: false,
            seen: Seen::default(),
        }
    }

    fn run(mut self) -> Seen {
        let slow = self.rng.u64(1..30);
        for step in 0..1500 {
            self.now += Duration::from_millis(
                self.rng.u64(1..1000) * if self.rng.u8(..) < 20 { slow * 5 } else { 1 },
            );
            for source in &mut self.sources {
                source.moves(&mut self.rng);
            }
            self.registry.now = self.now;
            self.upstream();
            assert!(self.registry.is_sound(), "{:?}", self.registry);
            for program in 0..self.programs.len() {
                self.program(program);
            }
            if step % 8 == 0 {
                self.registry.tick();
            }
        }
        self.seen
    }

    /// Rows arrive in bursts, and reads end.
    fn upstream(&mut self) {
        self.upstreams.retain(|upstream| !upstream.dropped.load(Relaxed));
        let mut upstreams = std::mem::take(&mut self.upstreams);
        upstreams.retain_mut(|upstream| {
            let key = Arc::clone(&upstream.key);
            for _ in 0..self.rng.usize(0..4) {
                let rest = &upstream.rows[upstream.sent..];
                if upstream.fails_at.is_some_and(|at| upstream.sent >= at) {
                    let error = northbound::AppId::new("").unwrap_err();
                    self.registry.ended(&key, upstream.id, Err(ReadError::Sdk(error)));
                    return false;
                }
                if rest.is_empty() {
                    self.registry.ended(&key, upstream.id, Ok(()));
                    let read = self.reads.iter_mut().find(|read| {
                        read.0 == upstream.source && read.1 == upstream.rows && read.2.is_none()
                    });
                    read.unwrap().2 = Some(self.now);
                    return false;
                }
                let some = &rest[..rest.len().min(self.rng.usize(1..=250))];
                upstream.sent += some.len();
                if !self.registry.arrived(&key, upstream.id, chunk(some, upstream.total)) {
                    return false;
                }
            }
            true
        });
        self.upstreams.append(&mut upstreams);
    }

    fn program(&mut self, at: usize) {
        let mut pending = std::mem::take(&mut self.programs[at].pending);
        self.rng.shuffle(&mut pending);
        let mut error = None;
        pending.retain_mut(|pending| error.is_none() && self.page(at, pending, &mut error));
        let program = &mut self.programs[at];
        if let Some(error) = error {
            // Who gives up leaves all that it waits for.
            for pending in std::mem::take(&mut pending) {
                pending.read.into_iter().for_each(|(key, id)| self.registry.leave(&key, id));
            }
            *self.seen.errors.entry(error).or_default() += 1;
            self.again(at, false);
        } else if pending.is_empty() && program.ready <= self.now {
            let next = program.kind.next(program.size, &program.got);
            if next.is_empty() && !program.got.is_empty() {
                return self.ended(at);
            }
            let patience = self.now + Duration::from_secs(self.rng.u64(1..200));
            pending.extend(next.into_iter().map(|page| Pending { page, read: None, patience }));
            // Some think for longer than a read waits for them.
            let think = if self.rng.u8(..) < 6 { self.rng.u64(50..200) } else { self.rng.u64(0..3) };
            self.programs[at].ready = self.now + Duration::from_secs(think);
        }
        self.programs[at].pending.append(&mut pending);
    }

    /// Asks for a page, or waits for it; `false` once it is there.
    fn page(&mut self, at: usize, pending: &mut Pending, error: &mut Option<&'static str>) -> bool {
        let program = &mut self.programs[at];
        let (source, size) = (program.source, program.size);
        if pending.read.is_none() && pending.page > 0 && !program.got.is_empty() && self.rng.u8(..) < 4 {
            // It logs in again in the middle of its loop.
            self.seen.logins += 1;
            let token = self.rng.u64(1000..);
            program.key = Arc::new((ReaderId { token, ..program.key.0 }, program.key.1.clone()));
        }
        let key = Arc::clone(&program.key);
        let page = PageAsked { number: pending.page, size };
        let outcome = match &pending.read {
            None => {
                if program.kind == Kind::BackToStart
                    && !program.got.is_empty()
                    && program.heard + QUIET < self.now
                {
                    // Page 0 may now begin a new read.
                    *error = Some("paused");
                    return false;
                }
                if let Some(reply) = self.count(source, &key, page) {
                    return self.got(at, pending.page, reply, error);
                }
                let at = &mut self.sources[source];
                let (mut rows, total) = (at.rows.clone(), at.total(at.rows.len()));
                if !key.1.is_whole() {
                    // They come while the read is under way.
                    let come = self.rng.u32(0..10);
                    rows.extend(at.next..at.next + come);
                    at.next += come;
                }
                let dropped = Arc::new(AtomicBool::new(false));
                let handle = Arc::clone(&dropped);
                let now = SystemTime::UNIX_EPOCH;
                let begun = self.registry.ask(&key, page, now, |id| {
                    let fails_at = (self.rng.u8(..) < 25).then(|| self.rng.usize(0..=rows.len()));
                    self.reads.push((source, rows.clone(), None));
                    let key = Arc::clone(&key);
                    self.upstreams.push(Upstream {
                        source,
                        key,
                        id,
                        rows,
                        total,
                        sent: 0,
                        fails_at,
                        dropped,
                    });
                    Handle(handle)
                });
                match begun {
                    Ok((key, id, _)) => {
                        pending.read = Some((key, id));
                        return true;
                    }
                    Err(error) => Err(error),
                }
            }
            Some((key, id)) => match self.registry.answer(key, *id, page) {
                None if self.now < pending.patience => return true,
                None => {
                    // It leaves, and asks again.
                    self.seen.left += 1;
                    self.registry.leave(key, *id);
                    pending.patience = self.now + Duration::from_secs(self.rng.u64(1..200));
                    pending.read = None;
                    return true;
                }
                Some(outcome) => {
                    self.registry.leave(key, *id);
                    outcome
                }
            },
        };
        match outcome {
            Ok(reply) => return self.got(at, pending.page, reply, error),
            Err(why) => {
                *error = Some(match why {
                    ReadError::Sdk(_) => "failed",
                    ReadError::TooLarge { .. } => "too large",
                    ReadError::Ended => "ended",
                    ReadError::Changed { .. } => "changed",
                    ReadError::Stopping => "stopping",
                });
            }
        }
        false
    }

    /// What is answered without a read: a count, or every page where the gateway passes pages on.
    fn count(&mut self, source: usize, key: &Key, page: PageAsked) -> Option<PageReply> {
        let rows = &self.sources[source].rows;
        let passed_on = |page: PageAsked| {
            let of_page = |end: u64| end.min(rows.len() as u64) as usize;
            let total = self.sources[source].total(rows.len())?;
            let (rows, changed) = {
                let chunk = chunk(&rows[of_page(page.rows().start)..of_page(page.rows().end)], None);
                chunk.rows(0..chunk.len())
            };
            Some(PageReply { rows, total, changed, read_at: SystemTime::UNIX_EPOCH })
        };
        if self.passes_on {
            return passed_on(page);
        }
        if page != PageAsked::COUNT {
            return None;
        }
        if let Some(reply) = self.registry.count(key) {
            return Some(reply);
        }
        let reply = passed_on(page)?;
        self.registry.counted(key, reply.total, reply.rows.first());
        Some(reply)
    }

    fn got(&mut self, at: usize, page: u64, reply: PageReply, error: &mut Option<&'static str>) -> bool {
        let rows = reply.rows.iter().map(number).collect::<Vec<_>>();
        let program = &mut self.programs[at];
        let is_new = program.got.get(&page).is_none_or(|(before, _)| *before == rows);
        // Page 0 of size 1 is a count, each time.
        if !(is_new || program.size == 1 && page == 0) {
            self.seen
                .faults
                .push(format!("{:?}: page {page} of {} is another one", program.kind, program.size));
        }
        if !is_new {
            *error = Some("another page");
        }
        program.heard = self.now;
        program.got.insert(page, (rows, reply.total));
        false
    }

    /// A loop has come to its end without an error.
    fn ended(&mut self, at: usize) {
        let program = &self.programs[at];
        let (kind, source) = (program.kind, program.source);
        let rows: Vec<u32> = program.got.values().flat_map(|(rows, _)| rows).copied().collect();
        let same = |read: &&(usize, Vec<u32>, Option<Instant>)| read.0 == source && read.1 == rows;
        let is_count = program.size == 1 && program.got.len() == 1;
        match self.reads.iter().filter(same).filter_map(|read| read.2).max() {
            None if !is_count => self.seen.faults.push(format!(
                "{kind:?} of {} ends with {} rows, which are those of no read: {rows:?}",
                program.size,
                rows.len()
            )),
            // A loop that follows one that came to its end does not get rows of long ago, unless others are in the middle of theirs.
            Some(ended)
                if program.is_second
                    && !self.sources[source].key.1.is_whole()
                    && ended + QUIET < program.began =>
            {
                self.seen.faults.push(format!(
                    "{kind:?} of {}: rows of {:?} ago",
                    program.size,
                    program.began - ended
                ));
            }
            _ => *self.seen.complete.entry(kind).or_default() += 1,
        }
        self.again(at, true);
    }

    /// Begins from scratch, with another kind of loop.
    fn again(&mut self, at: usize, is_second: bool) {
        let kind = KINDS[self.rng.usize(0..KINDS.len())];
        let wait = if self.rng.bool() { self.rng.u64(0..40) } else { self.rng.u64(0..1000) };
        let program = &mut self.programs[at];
        program.got.clear();
        program.kind = kind;
        program.is_second = is_second;
        program.ready = self.now + Duration::from_secs(wait);
        program.began = program.ready;
    }
}

/// Rows of the platform, each its number.
fn chunk(rows: &[u32], total: Option<u64>) -> Chunk {
    Chunk::written(rows, total, |row, json| {
        json.extend(row.to_string().bytes());
        Changes::default()
    })
}

fn number(row: &Bytes) -> u32 {
    std::str::from_utf8(row).unwrap().parse().unwrap()
}

fn seeds() -> u64 {
    std::env::var("NORTHBOUND_MODEL_SEEDS").map_or(100, |seeds| seeds.parse().unwrap())
}

#[test]
fn no_loop_loses_or_doubles_a_row_or_ends_early_without_an_error() {
    let mut all = Seen::default();
    for seed in 0..seeds() {
        let seen = World::new(seed).run();
        assert!(
            seen.faults.is_empty(),
            "seed {seed}: {} faults, the first: {}",
            seen.faults.len(),
            seen.faults[0]
        );
        seen.complete.into_iter().for_each(|(kind, loops)| *all.complete.entry(kind).or_default() += loops);
        seen.errors.into_iter().for_each(|(error, loops)| *all.errors.entry(error).or_default() += loops);
        (all.left, all.logins) = (all.left + seen.left, all.logins + seen.logins);
    }
    println!("{all:?}");
    assert!(KINDS.iter().all(|kind| all.complete.get(kind).is_some_and(|loops| *loops > 100)), "{all:?}");
    assert!(
        ["failed", "too large", "ended", "changed"].iter().all(|error| all.errors.contains_key(error)),
        "{all:?}"
    );
    assert!(all.left > 100 && all.logins > 100, "{all:?}");
}

#[test]
fn the_simulation_sees_what_loops_lose_where_pages_are_passed_on() {
    let faults = (0..30).filter(|seed| {
        let mut world = World::new(*seed);
        world.passes_on = true;
        !world.run().faults.is_empty()
    });
    assert!(faults.count() > 15);
}
