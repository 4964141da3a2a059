//! The whole on one simulated clock: SDK, sharing, gateway, emulator and a faulty network in one process, from a seed.
//!
//! The SDK sends to a service that hands each request to the emulator's service, late, or never, or answers in its
//! place. In some of the seeds two processes call for the application, each with half of the quota and no token in common. In half of
//! them several processes share token and quota: the first is a gateway, which programs in other languages ask; processes are
//! killed and started again, and clocks set back. In some the network is away for a while. No time passes but the
//! simulated one, so thousands of hours take seconds, and a seed replays exactly. What cannot pass through the service are
//! faults of sockets and of TLS: `faults.rs` and `tls.rs` of the SDK have those.
//!
//! `NORTHBOUND_SEEDS=100000` runs more seeds, `NORTHBOUND_SEEDS=50000..100000` a part of them, `NORTHBOUND_SEED=7` only that one.

mod callers;
mod machine;
mod network;
mod programs;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use northbound::{Client, Credentials, Quota, Token};
use northbound_emulator::{Application, Life, Scenario, Task, router};
use northbound_gateway::Gateway;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use callers::{Caller, Done};
use machine::{Machine, Process, SharedToken};
use network::{Log, Network, Told};
use programs::Program;

const SECRET: &str = "s3cret-of-the-simulation";
const WINDOW: Duration = Duration::from_secs(60);
const DEADLINE: Duration = Duration::from_secs(180);
/// Nobody is busy for longer.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    Ours,
    /// Wrong: each process counts its own calls only.
    QuotaAlone,
    /// Wrong: a process logs in while another one does.
    NoLock,
    /// Wrong: a process logs in without a look at the token that is there.
    NoLook,
    /// Wrong: a create is made again whatever came of it.
    CreatesAgain,
    /// Wrong: the gateway passes pages on.
    NoReads,
}

/// A task of the simulation, and how many subtasks it has.
#[derive(Clone, Copy)]
struct Known {
    id: &'static str,
    subtasks: u32,
    moves: bool,
}

/// What all runs have done.
#[derive(Default, Debug)]
struct Sums {
    calls: u64,
    logins: u64,
    reads: u64,
    watches: u64,
    creates: u64,
    unknown: u64,
    refused: u64,
    /// Lists that programs have read through the gateway, page by page.
    lists: u64,
    kills: u64,
    /// Seeds in which processes that share the quota have used all of it.
    full: u64,
}

/// Runs a seed; the error is the first rule that was seen to be broken.
fn run(seed: u64, rule: Rule, sums: &mut Sums) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let simulated = || runtime.block_on(simulate(seed, rule, sums));
    catch_unwind(AssertUnwindSafe(simulated)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        Err(text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned())
    })
}

/// What the processes have in common.
struct World {
    seed: u64,
    rule: Rule,
    network: Arc<Network>,
    quota: u32,
    lifetime: u32,
    processes: usize,
    tasks: [Known; 2],
}

async fn simulate(seed: u64, rule: Rule, sums: &mut Sums) -> Result<(), String> {
    let mut random = fastrand::Rng::with_seed(seed);
    let tasks = [
        Known { id: "still", subtasks: random.u32(0..90), moves: false },
        Known { id: "moving", subtasks: random.u32(1..90), moves: true },
    ];
    let (quota, lifetime) = ([10, 30, 100][random.usize(0..3)], [60, 300, 3600][random.usize(0..3)]);
    let mut life = Life::default();
    (life.sending_seconds, life.answer_seconds, life.timeout_seconds) =
        (random.u32(1..400), random.u32(1..200), 300);
    let mut scenario = Scenario::empty().with_quota(quota).with_application(Application::new("app", SECRET));
    scenario.seed = seed;
    scenario.token_lifetime_seconds = lifetime;
    for task in tasks {
        let generated = Task::generated(task.id, "app", task.subtasks);
        scenario = scenario.with_task(if task.moves { generated.with_life(life) } else { generated });
    }
    let shares = random.bool() || rule != Rule::Ours;
    let machine = shares.then(|| Arc::new(Machine::new(rule, lifetime, random.fork())));
    let (started, processes) = (Instant::now(), random.usize(1..=2) + 2 * usize::from(shares));
    let begins = started + Duration::from_secs(random.u64(0..600));
    let network = Arc::new(Network {
        platform: router(scenario).unwrap(),
        random: Mutex::new(random.fork()),
        faults: [0, 20, 100][random.usize(0..3)],
        outage: begins..begins + Duration::from_secs([0, 15, 900][random.usize(0..3)]),
        looks: seed.is_multiple_of(20),
        log: Mutex::default(),
        machine: machine.clone(),
    });
    if let Some(machine) = machine.filter(|_| random.u8(..) < 60) {
        let (after, by) = (random.u64(0..900), random.u64(0..4000));
        tokio::spawn(async move {
            sleep(Duration::from_secs(after)).await;
            machine.set_clock_back(Duration::from_secs(by));
        });
    }
    let world =
        Arc::new(World { seed, rule, network: Arc::clone(&network), quota, lifetime, processes, tasks });
    let mut running = JoinSet::new();
    for number in 0..processes {
        running.spawn(Arc::clone(&world).process(number, random.fork()));
    }
    let ended = timeout(LONGEST, running.join_all()).await;
    let (done, kills): (Vec<Done>, Vec<u64>) =
        ended.map_err(|_| "somebody waits for ever".to_owned())?.into_iter().unzip();
    // What still travels arrives.
    sleep(WINDOW).await;
    let done = done.into_iter().reduce(Done::and).unwrap_or_default();
    let kills = kills.iter().sum::<u64>();

    let log = network.log();
    log.judge(&world, started, &done)?;
    sums.calls += log.calls;
    sums.logins += log.logins.values().sum::<u64>();
    sums.reads += done.reads;
    sums.watches += done.watches;
    sums.lists += done.lists;
    sums.kills += kills;
    sums.full += u64::from(shares && log.most_in_a_window == quota as usize);
    for created in log.creates.values() {
        match created.told {
            Some(Told::Created(_)) => sums.creates += 1,
            Some(Told::Unknown) => sums.unknown += 1,
            Some(Told::Refused) => sums.refused += 1,
            None => {}
        }
    }
    Ok(())
}

impl World {
    /// A process, which may be killed and started again: what its callers have done, and how often it was killed.
    async fn process(self: Arc<Self>, number: usize, mut random: fastrand::Rng) -> (Done, u64) {
        let (mut done, mut kills) = (Done::default(), 0);
        loop {
            let id = number + self.processes * kills as usize;
            let mut callers = JoinSet::new();
            let process = self.start(id, &mut callers, &mut random);
            let lives = match &process {
                Some(_) if kills < 2 && random.bool() => Duration::from_millis(random.u64(0..120_000)),
                _ => LONGEST,
            };
            let all = async {
                while let Some(caller) = callers.join_next().await {
                    let caller = caller.unwrap_or_else(|error| {
                        // It may follow from a rule that was broken before.
                        let broken = self.network.log().broken.first().cloned();
                        broken.map_or_else(|| resume_unwind(error.into_panic()), |broken| panic!("{broken}"))
                    });
                    done = std::mem::take(&mut done).and(caller);
                }
            };
            match (timeout(lives, all).await, process) {
                (Err(_), Some(process)) => process.kill(),
                _ => return (done, kills),
            }
            callers.shutdown().await;
            kills += 1;
            sleep(Duration::from_millis(random.u64(0..60_000))).await;
        }
    }

    /// Starts the callers of a process. Returned is what it shares, if it does.
    fn start(&self, id: usize, callers: &mut JoinSet<Done>, random: &mut fastrand::Rng) -> Option<Process> {
        let machine = self.network.machine.as_ref();
        let process = machine.map(|machine| Process::new(machine, format!("process {id}")));
        let client = self.client(id, process.as_ref());
        let gateway = (machine.is_some() && id.is_multiple_of(self.processes)).then(|| {
            let (stop, stopped) = watch::channel(());
            let gateway = Gateway::builder(client.clone()).key(programs::KEY).allow_create(true);
            (gateway.router(stopped), Arc::new(stop))
        });
        // A call has its token before it waits for a slot, so a token may end meanwhile that is renewed shortly before its end.
        let margin = Token::renewal_margin(Duration::from_secs(self.lifetime.into()));
        let loses_token = machine.is_none() && self.processes > 1 || margin < DEADLINE;
        for number in 0..random.u64(1..6) {
            let (network, client, tasks, rule) =
                (Arc::clone(&self.network), client.clone(), self.tasks, self.rule);
            let (id_of_caller, random) = (10 * id as u64 + number, random.fork());
            if let Some((gateway, stop)) = gateway.clone() {
                let token = programs::KEY.to_owned();
                let program = Program { network, gateway, client, token, id: id_of_caller, tasks, rule };
                callers.spawn(async move {
                    let done = program.act(random).await;
                    drop(stop);
                    done
                });
            } else {
                let caller =
                    Caller { network, client, process: id, loses_token, id: id_of_caller, tasks, rule };
                callers.spawn(caller.act(random));
            }
        }
        process
    }

    fn client(&self, id: usize, process: Option<&Process>) -> Client {
        let builder = || {
            let network = Arc::clone(&self.network);
            let service = tower::service_fn(move |request| Arc::clone(&network).send(id, request));
            let builder = Client::builder("https://platform.example").deadline(DEADLINE).service(service);
            builder.seed(1000 * self.seed + id as u64)
        };
        let credentials = Credentials::new("app", SECRET).unwrap();
        let Some(process) = process else {
            let quota = Quota::new(self.quota / self.processes as u32, WINDOW).unwrap();
            return builder().credentials(credentials).quota(quota).build().unwrap();
        };
        let quota = Quota::new(self.quota, WINDOW).unwrap().shared(process.clone());
        let login = builder().credentials(credentials).quota(quota.clone()).build().unwrap();
        let app_id = login.app_id().clone();
        let tokens = SharedToken { process: process.clone(), login };
        builder().quota(quota).token_source(app_id, tokens).build().unwrap()
    }
}

impl Log {
    /// What must hold in the end.
    fn judge(&self, world: &World, started: Instant, done: &Done) -> Result<(), String> {
        if let Some(broken) = self.broken.first() {
            return Err(broken.clone());
        }
        if self.most_in_a_window > world.quota as usize || self.throttled > 0 {
            return Err(format!("{} calls arrived within 60 s, of {}", self.most_in_a_window, world.quota));
        }
        for (number, created) in &self.creates {
            let holds = match &created.told {
                Some(Told::Created(id)) => created.tasks == [id.as_str()],
                Some(Told::Refused) => created.tasks.is_empty(),
                Some(Told::Unknown) | None => created.tasks.len() < 2,
            };
            if !holds {
                return Err(format!("create {number} has created {:?}", created.tasks));
            }
        }
        if world.network.machine.is_none() {
            // One to begin with, one for each life of a token, and one more for each that a fault has cost. A cancelled call may have
            // been a login, whose token nobody has then. Where two processes cancel each other's tokens, four in a row, then one in
            // five minutes.
            let (seconds, lifetime) = (started.elapsed().as_secs(), u64::from(world.lifetime));
            let fights = if world.processes == 1 { 0 } else { 3 + seconds / 300 };
            let bound = 2 + 2 * (seconds / lifetime) + fights + 4 * self.faults + 2 * done.cancelled;
            if self.logins.values().any(|logins| *logins > bound) {
                return Err(format!("{:?} logins, {bound} at most", self.logins));
            }
        }
        for secret in self.tokens.iter().map(|(token, _)| token.as_str()).chain([SECRET]) {
            if done.told.contains(secret) {
                return Err(format!("a secret shows in {}", done.told));
            }
        }
        Ok(())
    }
}

/// The seeds that the environment asks for.
fn seeds() -> std::ops::Range<u64> {
    let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("`{text}` is no number of a seed"));
    if let Ok(seed) = std::env::var("NORTHBOUND_SEED") {
        return number(&seed)..number(&seed) + 1;
    }
    let seeds = std::env::var("NORTHBOUND_SEEDS").unwrap_or_else(|_| "300".to_owned());
    seeds.split_once("..").map_or_else(|| 0..number(&seeds), |(first, end)| number(first)..number(end))
}

#[test]
fn whatever_the_network_does_no_invariant_breaks() {
    let mut sums = Sums::default();
    for seed in seeds() {
        let outcome = run(seed, Rule::Ours, &mut sums);
        assert_eq!(outcome, Ok(()), "replay with NORTHBOUND_SEED={seed}");
    }
    println!("{sums:?}");
    let Sums { calls, logins, reads, watches, creates, unknown, refused, lists, kills, full } = sums;
    let counts = [calls, logins, reads, watches, creates, unknown, refused, lists, kills, full];
    let sees = counts.iter().all(|count| *count > 0);
    assert!(sees || seeds().count() < 100, "the simulation is blind: {sums:?}");
}

#[test]
fn wrong_rules_are_seen_to_fail() {
    for (rule, seen) in [
        (Rule::QuotaAlone, "arrived within 60 s"),
        (Rule::NoLock, "two processes log in"),
        (Rule::NoLook, "although there is a token"),
        (Rule::CreatesAgain, "is sent again"),
        (Rule::NoReads, "came twice"),
    ] {
        let mut failures = (0..100).filter_map(|seed| run(seed, rule, &mut Sums::default()).err());
        assert!(failures.any(|failure| failure.contains(seen)), "{rule:?} is not seen");
    }
}
