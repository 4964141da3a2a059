//! A send on a model of disk, lock and platform: processes are killed between any two steps, run at the same time, and lose replies.
//!
//! `NORTHBOUND_MODEL_SEEDS=10000` runs more seeds. The platform of the model is a bad one: for some seeds it takes a name twice, so that
//! nothing but the record keeps a command from being sent twice.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::error::Kind;
use crate::session::send_record::State;

/// A task on the platform of the model.
struct Task {
    id: String,
    content: Content,
    finished: bool,
    /// Whether a program that is not ours created it.
    foreign: bool,
}

#[derive(Default)]
struct World {
    seed: u64,
    draws: u64,
    record: Option<SendRecord>,
    lock: Option<usize>,
    tasks: Vec<Task>,
    unique_names: bool,
    one_task: bool,
    trouble: bool,
    /// The creates that were carried out, each with whether the user had agreed to a repeat.
    carried_out: Vec<Repeat>,
}

impl World {
    /// Whether something happens that does so in this number of cases out of a hundred.
    fn chance(&mut self, percent: u64) -> bool {
        self.draw(100) < percent
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.draws += 1;
        let mut x =
            self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.draws.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % below
    }

    /// What the platform makes of a create that reaches it.
    fn create(&mut self, content: &Content, repeat: Repeat) -> Result<String, CliError> {
        let refused = |code: &str| CliError::own(Kind::System, code, "");
        // Throttles, and tokens that a second login has cancelled, until the deadline: not carried out.
        if self.trouble && self.chance(10) {
            return Err(refused("1010009"));
        }
        if self.unique_names && !self.tasks.is_empty() {
            return Err(refused("105002"));
        }
        if self.one_task && self.tasks.iter().any(|task| !task.finished) {
            return Err(refused("105001"));
        }
        let id = format!("task-{}", self.tasks.len());
        self.tasks.push(Task { id: id.clone(), content: content.clone(), finished: false, foreign: false });
        self.carried_out.push(repeat);
        Ok(id)
    }

    /// What has to hold at every moment, whatever happens next.
    fn check(&self) {
        for (number, repeat) in self.carried_out.iter().enumerate() {
            assert!(
                number == 0 || *repeat == Repeat::Agreed,
                "seed {}: sent again without consent",
                self.seed
            );
        }
        match self.record.as_ref().map(|record| &record.state) {
            Some(State::Sent { task_id }) => {
                let task = self.tasks.iter().find(|task| task.id == *task_id).unwrap();
                assert!(!task.foreign, "seed {}: the task of another program", self.seed);
                assert_eq!(task.content, self.record.as_ref().unwrap().content, "seed {}", self.seed);
            }
            Some(State::NotSent { .. }) | None => {
                assert!(self.carried_out.is_empty(), "seed {}: the record denies what happened", self.seed);
            }
            Some(State::Sending | State::Unknown { .. }) => {}
        }
    }
}

/// Lets other processes go on, or the killer come.
async fn pause() {
    let mut waited = false;
    poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// A process of the model.
struct Process {
    world: Rc<RefCell<World>>,
    number: usize,
    content: Content,
    repeat: Repeat,
}

impl Process {
    fn disk_fails(&self) -> bool {
        let mut world = self.world.borrow_mut();
        world.trouble && world.chance(4)
    }
}

impl Drop for Process {
    /// The system takes the lock back, also from a process that was killed.
    fn drop(&mut self) {
        let mut world = self.world.borrow_mut();
        if world.lock == Some(self.number) {
            world.lock = None;
        }
    }
}

fn full() -> CliError {
    CliError::file("the disk is full", "")
}

impl SendSteps for Process {
    async fn lock(&mut self) -> Result<(), CliError> {
        for _ in 0..9 {
            pause().await;
            let mut world = self.world.borrow_mut();
            if world.lock.is_none() {
                world.lock = Some(self.number);
                return Ok(());
            }
        }
        Err(CliError::file("busy", ""))
    }

    async fn read(&mut self) -> Result<Option<SendRecord>, CliError> {
        pause().await;
        Ok(self.world.borrow().record.clone())
    }

    async fn agree(&mut self, _: Option<&SendRecord>) -> Result<(), CliError> {
        pause().await;
        let declined = self.world.borrow_mut().chance(5);
        if declined { Err(CliError::own(Kind::Declined, "no", "")) } else { Ok(()) }
    }

    async fn write(&mut self, record: &SendRecord) -> Result<(), CliError> {
        pause().await;
        if self.disk_fails() {
            return Err(full());
        }
        self.world.borrow_mut().record = Some(record.clone());
        pause().await;
        // The file has its name, and its folder could not be put on the disk.
        if self.disk_fails() { Err(full()) } else { Ok(()) }
    }

    async fn create(&mut self) -> CreateOutcome {
        pause().await;
        let lost_before = {
            let mut world = self.world.borrow_mut();
            world.trouble && world.chance(8)
        };
        if lost_before {
            return CreateOutcome::Unknown(CliError::own(Kind::OutcomeUnknown, "no reply", ""));
        }
        let outcome = self.world.borrow_mut().create(&self.content, self.repeat);
        pause().await;
        let lost = {
            let mut world = self.world.borrow_mut();
            world.trouble && world.chance(15)
        };
        match outcome {
            _ if lost => {
                CreateOutcome::Unknown(CliError::own(Kind::OutcomeUnknown, "the reply was lost", ""))
            }
            Ok(id) => CreateOutcome::Created(id),
            Err(failure) => CreateOutcome::Refused(failure),
        }
    }

    fn now(&self) -> String {
        self.world.borrow().draws.to_string()
    }
}

fn content(devices: u64) -> Content {
    Content {
        service: "s".to_owned(),
        method: "m".to_owned(),
        paras: "{}".to_owned(),
        timeout: 300,
        callback_url: None,
        max_retransmit: None,
        devices,
        devices_digest: send_record::sha256([devices.to_string().as_str()]),
    }
}

type Run = Pin<Box<dyn Future<Output = Result<Sent, CliError>>>>;

fn start(world: &Rc<RefCell<World>>, number: usize, devices: u64, repeat: Repeat) -> Run {
    let mut process = Process { world: Rc::clone(world), number, content: content(devices), repeat };
    let key = SendKey { endpoint: "e".to_owned(), application: "a".to_owned(), name: "n".to_owned() };
    Box::pin(async move {
        let content = process.content.clone();
        carry_out(&mut process, key, content, repeat).await
    })
}

/// What happened in a run, to see that everything does.
#[derive(Debug, Default)]
struct Seen {
    sent: u64,
    sent_before: u64,
    unknown: u64,
    repeats: u64,
    refused: u64,
    killed: u64,
    other_content: u64,
    busy: u64,
    adopted: u64,
}

/// Holds what a process says that has ended against what happened.
fn judge(world: &World, outcome: &Result<Sent, CliError>, devices: u64, seen: &mut Seen) {
    let state = world.record.as_ref().map(|record| &record.state);
    match outcome {
        Ok(sent) => {
            let task = world.tasks.iter().find(|task| task.id == sent.task_id).unwrap();
            assert_eq!(task.content, content(devices), "seed {}: devices are left out", world.seed);
            if sent.before { seen.sent_before += 1 } else { seen.sent += 1 }
        }
        Err(failure) if failure.exit_code() == 5 => {
            let is_known = matches!(state, Some(State::Sent { .. } | State::NotSent { .. }));
            assert!(!is_known, "seed {}: it is known", world.seed);
            seen.unknown += 1;
        }
        Err(failure) => {
            let text = failure.to_string();
            let is_busy = text == "busy";
            // Whoever does not report an unknown outcome knows it, or has not looked.
            let is_known = world.carried_out.is_empty() || matches!(state, Some(State::Sent { .. }));
            let asked_first = text == "no" || text.contains("disk");
            assert!(
                is_known || is_busy || asked_first,
                "seed {}: {text} hides what is not known",
                world.seed
            );
            seen.busy += u64::from(is_busy);
            seen.other_content += u64::from(text.contains("with other content"));
            seen.refused += u64::from(text.starts_with("10"));
        }
    }
}

/// Some commands of one name, one after the other and at the same time.
fn run(seed: u64, seen: &mut Seen) {
    let mut world = World { seed, ..World::default() };
    (world.unique_names, world.one_task, world.trouble) =
        (world.chance(50), world.chance(50), world.chance(90));
    if world.chance(20) {
        // Another program has a task: of this name, or one that is unfinished.
        let (id, finished) = ("foreign".to_owned(), world.chance(50));
        world.tasks.push(Task { id, content: content(9), finished, foreign: true });
    }
    let world = Rc::new(RefCell::new(world));
    let mut running: Vec<(Run, u64)> = Vec::new();
    let mut begun = 0;
    let mut context = Context::from_waker(Waker::noop());
    while begun < 12 || !running.is_empty() {
        let starts = begun < 12 && (running.is_empty() || world.borrow_mut().chance(4));
        if starts {
            let (devices, repeat) = {
                let mut world = world.borrow_mut();
                let devices = if world.chance(85) { 3 } else { 2 };
                let repeat = match world.draw(10) {
                    0 | 1 => Repeat::Agreed,
                    2 => Repeat::OnlyTimedOut,
                    _ => Repeat::No,
                };
                (devices, repeat)
            };
            begun += 1;
            running.push((start(&world, begun, devices, repeat), devices));
        }
        let chosen = world.borrow_mut().draw(running.len() as u64) as usize;
        let (process, devices) = &mut running[chosen];
        if let Poll::Ready(outcome) = process.as_mut().poll(&mut context) {
            judge(&world.borrow(), &outcome, *devices, seen);
            drop(running.remove(chosen));
        } else if world.borrow_mut().chance(3) {
            drop(running.remove(chosen));
            seen.killed += 1;
        }
        world.borrow().check();
        let mut world = world.borrow_mut();
        if world.chance(10) {
            world.tasks.iter_mut().for_each(|task| task.finished = true);
        }
        adopt(&mut world, running.is_empty(), seen);
    }
    let world = world.borrow();
    seen.repeats += world.carried_out.len().saturating_sub(1) as u64;
}

/// Sometimes the user finds the task in the portal.
fn adopt(world: &mut World, is_quiet: bool, seen: &mut Seen) {
    let may_exist = world.record.as_ref().is_some_and(SendRecord::may_exist);
    if !is_quiet || !may_exist || !world.chance(20) {
        return;
    }
    let record = world.record.clone().unwrap();
    let own = world.tasks.iter().find(|task| !task.foreign && task.content == record.content);
    if let Some(id) = own.map(|task| task.id.clone()) {
        world.record = Some(record.adopted(&id, String::new()).unwrap());
        seen.adopted += 1;
    }
    world.check();
}

#[test]
fn no_device_gets_a_command_twice_without_consent_and_what_is_not_known_is_reported() {
    let seeds = std::env::var("NORTHBOUND_MODEL_SEEDS").map_or(1_000, |seeds| seeds.parse().unwrap());
    let mut seen = Seen::default();
    for seed in 0..seeds {
        run(seed, &mut seen);
    }
    println!("{seen:?}");
    // A model in which something never happens proves nothing about it.
    let Seen { sent, sent_before, unknown, repeats, refused, killed, other_content, busy, adopted } = seen;
    for count in [sent, sent_before, unknown, repeats, refused, killed, other_content, busy, adopted] {
        assert!(count > 5, "something does not happen");
    }
}
