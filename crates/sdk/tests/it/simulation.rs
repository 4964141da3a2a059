//! The whole on one simulated clock: SDK, emulator and a faulty network in one process, from a seed.
//!
//! The SDK sends to a service that hands each request to the emulator's service, late, or never, or answers in its
//! place. In half of the seeds two processes call for the application, each with half of the quota and no token in common; and in
//! some the network is away for a while. No time passes but the simulated one, so thousands of hours take seconds, and a seed replays exactly. What cannot
//! pass through the service are faults of sockets and of TLS: `faults.rs` and `tls.rs` have those.
//!
//! `NORTHBOUND_SEEDS=100000` runs more seeds, `NORTHBOUND_SEEDS=50000..100000` a part of them, `NORTHBOUND_SEED=7` only that one.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use northbound::{
    Client, Credentials, DeviceCommand, Error, Quota, SubtaskQuery, SubtaskStatus, Targets, TaskTimeout,
    reqwest,
};
use northbound_emulator::{Application, Life, Scenario, Task, router};
use northbound_testkit::axum::Router;
use northbound_testkit::axum::body::{Body, Bytes, to_bytes};
use northbound_testkit::breach;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt as _;

const SECRET: &str = "s3cret-of-the-simulation";
const WINDOW: Duration = Duration::from_secs(60);
const DEADLINE: Duration = Duration::from_secs(180);
/// How long a watch may take. A task that moves has settled by then.
const WATCHED: Duration = Duration::from_secs(4000);

/// What has arrived at the platform, and what came of it.
#[derive(Default)]
struct Log {
    arrivals: VecDeque<Instant>,
    most_in_a_window: usize,
    calls: u64,
    /// By client, as the replies that have reached it.
    logins: [u64; 2],
    replies: [u64; 2],
    throttled: u64,
    faults: u64,
    tokens: Vec<String>,
    /// What came of each create, by the number that it carries.
    creates: HashMap<u64, Created>,
}

/// A create at the platform.
#[derive(Default)]
struct Created {
    /// The tasks that it has created.
    tasks: Vec<String>,
    /// Whether a request of it has arrived whose reply did not say that it was refused.
    may_be_carried_out: bool,
}

impl Log {
    fn arrived(&mut self, now: Instant) {
        self.calls += 1;
        self.arrivals.push_back(now);
        while self.arrivals.front().is_some_and(|first| now - *first >= WINDOW) {
            self.arrivals.pop_front();
        }
        self.most_in_a_window = self.most_in_a_window.max(self.arrivals.len());
    }
}

/// A network between SDK and emulator.
struct Network {
    platform: Router,
    random: Mutex<fastrand::Rng>,
    /// How many calls in a thousand meet a fault.
    faults: u32,
    /// When the network is away.
    outage: std::ops::Range<Instant>,
    /// Whether each reply is held against the document, which costs more time than all the rest.
    looks: bool,
    log: Arc<Mutex<Log>>,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What becomes of one call.
struct Fate {
    there: Duration,
    back: Duration,
    fault: Option<u32>,
}

impl Network {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fate(&self) -> Fate {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let mut latency = || {
            let longest = if random.u8(..) < 10 { 4000 } else { 200 };
            Duration::from_millis(random.u64(1..=longest))
        };
        let (there, back) = (latency(), latency());
        let mut fault = (random.u32(0..1000) < self.faults).then(|| random.u32(0..6));
        if self.outage.contains(&Instant::now()) {
            fault = Some([0, 6, 7][random.usize(0..3)]);
        }
        Fate { there, back, fault }
    }

    /// The request arrives, and the platform answers.
    async fn arrive(&self, client: usize, request: http::Request<reqwest::Body>) -> http::Response<Bytes> {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let is_login = path.ends_with("/login");
        self.log().arrived(Instant::now());
        self.log().logins[client] += u64::from(is_login);
        let (parts, body) = request.into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await.unwrap();
        let create = number_of_create(&body);
        if let Some(number) = create {
            let earlier = self.log().creates.entry(number).or_default().may_be_carried_out;
            assert!(!earlier, "create {number} is sent again, though it may have been carried out");
        }
        let request = http::Request::from_parts(parts, Body::from(body));
        let (parts, body) = self.platform.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        if self.looks {
            let breach = breach((&method, &path), parts.status.as_u16(), &parts.headers, &body);
            assert_eq!(breach, None);
        }
        let text = String::from_utf8_lossy(&body);
        // An id may hold the digits of the code.
        self.log().throttled += u64::from(!parts.status.is_success() && text.contains("1010009"));
        if let Some(number) = create {
            let mut log = self.log();
            let created = log.creates.entry(number).or_default();
            created.tasks.extend(text.split("\"taskID\":\"").nth(1).map(|id| id[..24].to_owned()));
            created.may_be_carried_out = !text.contains("1010005");
        }
        if is_login && let Some(token) = text.split("\"accessToken\":\"").nth(1) {
            self.log().tokens.push(token.split('"').next().unwrap().to_owned());
        }
        http::Response::from_parts(parts, body)
    }
}

impl Network {
    /// Whether a fault of this call is that it is throttled: creates only, since reads keep to a quota that others share.
    fn throttles(&self, request: &http::Request<reqwest::Body>) -> bool {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        request.method() == "POST" && request.uri().path().ends_with("/tasks") && random.bool()
    }

    async fn send(
        &self,
        client: usize,
        request: http::Request<reqwest::Body>,
    ) -> Result<http::Response<reqwest::Body>, BoxError> {
        let Fate { there, back, fault } = self.fate();
        self.log().faults += u64::from(fault.is_some());
        sleep(there).await;
        if fault == Some(0) {
            // The request is lost on its way.
            std::future::pending::<()>().await;
        }
        let instead = |status: u16, body: &'static str| {
            http::Response::builder().status(status).body(body.into()).map_err(BoxError::from)
        };
        if fault.is_some_and(|fault| fault < 6) && self.throttles(&request) {
            // A gateway throttles before the platform sees the call.
            return instead(403, r#"{"resultcode":"1010009","resultmsg":"app throttle exceed."}"#);
        }
        match fault {
            Some(6) => return Err("no route to the host".into()),
            Some(7) => return instead(504, ""),
            _ => {}
        }
        let reply = self.arrive(client, request).await;
        sleep(back).await;
        self.log().replies[client] += 1;
        match fault {
            None | Some(0) => Ok(reply.map(reqwest::Body::from)),
            // The reply is lost on its way, a gateway answers instead, or the connection breaks in the middle.
            Some(1) => std::future::pending().await,
            Some(2) => instead(502, "<html>Bad Gateway</html>"),
            Some(3) => instead(503, ""),
            Some(4) => instead(500, r#"{"error_code":"50252","error_desc":"Internal server error."}"#),
            Some(_) => Ok(reply.map(|body| {
                let half = body.slice(..body.len() / 2);
                let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                reqwest::Body::wrap_stream(futures_util::stream::iter([Ok(half), Err(broken)]))
            })),
        }
    }
}

/// The number that a create carries among the parameters of its command.
fn number_of_create(body: &[u8]) -> Option<u64> {
    let text = String::from_utf8_lossy(body);
    let number = text.split("\"paras\":{\"number\":").nth(1)?;
    Some(number.split('}').next().unwrap().parse().unwrap())
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
}

fn run(seed: u64, sums: &mut Sums) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(simulate(seed, sums));
}

async fn simulate(seed: u64, sums: &mut Sums) {
    let mut random = fastrand::Rng::with_seed(seed);
    let tasks = [
        Known { id: "still", subtasks: random.u32(0..90), moves: false },
        Known { id: "moving", subtasks: random.u32(1..90), moves: true },
    ];
    let lifetime = [60, 300, 3600][random.usize(0..3)];
    let mut life = Life::default();
    (life.sending_seconds, life.answer_seconds, life.timeout_seconds) =
        (random.u32(1..400), random.u32(1..200), 300);
    let mut scenario = Scenario::empty().with_quota(100).with_application(Application::new("app", SECRET));
    scenario.seed = seed;
    scenario.token_lifetime_seconds = lifetime;
    for task in tasks {
        let generated = Task::generated(task.id, "app", task.subtasks);
        scenario = scenario.with_task(if task.moves { generated.with_life(life) } else { generated });
    }
    let log = Arc::new(Mutex::new(Log::default()));
    let (started, processes) = (Instant::now(), random.usize(1..=2));
    let begins = started + Duration::from_secs(random.u64(0..600));
    let network = Arc::new(Network {
        platform: router(scenario).unwrap(),
        random: Mutex::new(random.fork()),
        faults: [0, 20, 100][random.usize(0..3)],
        outage: begins..begins + Duration::from_secs([0, 15, 900][random.usize(0..3)]),
        looks: seed.is_multiple_of(20),
        log: Arc::clone(&log),
    });
    let process = |number: usize| {
        let network = Arc::clone(&network);
        let service = tower::service_fn(move |request| {
            let network = Arc::clone(&network);
            async move { network.send(number, request).await }
        });
        let quota = Quota::new(100 / processes as u32, WINDOW).unwrap();
        let client = Client::builder("https://platform.example").quota(quota).service(service);
        let client = client.credentials(Credentials::new("app", SECRET).unwrap()).deadline(DEADLINE);
        client.seed(2 * seed + number as u64).build().unwrap()
    };
    let clients: Vec<Client> = (0..processes).map(process).collect();

    let mut actors = tokio::task::JoinSet::new();
    for number in 0..random.usize(1..10) {
        let client = clients[number % processes].clone();
        let actor = Actor { client, number: number % processes, processes, id: number as u64 };
        actors.spawn(actor.act(tasks, Arc::clone(&log), random.fork()));
    }
    let (mut told, mut cancelled) = (String::new(), 0);
    for done in actors.join_all().await {
        sums.reads += done.reads;
        sums.watches += done.watches;
        sums.creates += done.creates[0];
        sums.unknown += done.creates[1];
        sums.refused += done.creates[2];
        cancelled += done.cancelled;
        told += &done.told;
    }

    let log = log.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(log.most_in_a_window <= 100, "seed {seed}: {} calls arrived within 60 s", log.most_in_a_window);
    assert_eq!(log.throttled, 0, "seed {seed}: throttled");
    // One to begin with, one for each life of a token, and one more for each that a fault has cost. A cancelled call may have
    // been a login, whose token nobody has then. Where two processes cancel each other's tokens, four in a row, then one in
    // five minutes.
    let seconds = started.elapsed().as_secs();
    let fights = if processes == 1 { 0 } else { 3 + seconds / 300 };
    let bound = 2 + 2 * (seconds / u64::from(lifetime)) + fights + 4 * log.faults + cancelled;
    assert!(
        *log.logins.iter().max().unwrap() <= bound,
        "seed {seed}: {:?} logins, {bound} at most",
        log.logins
    );
    for secret in log.tokens.iter().map(String::as_str).chain([SECRET]) {
        assert!(!told.contains(secret), "seed {seed}: a secret shows in {told}");
    }
    sums.calls += log.calls;
    sums.logins += log.logins.iter().sum::<u64>();
}

/// What an actor did, and everything that it was told.
#[derive(Default)]
struct Done {
    reads: u64,
    watches: u64,
    cancelled: u64,
    /// Creates that succeeded, whose outcome is unknown, and that were refused.
    creates: [u64; 3],
    told: String,
}

/// One of those who ask, and the process that it is in.
struct Actor {
    client: Client,
    number: usize,
    processes: usize,
    id: u64,
}

impl Actor {
    async fn act(self, tasks: [Known; 2], log: Arc<Mutex<Log>>, mut random: fastrand::Rng) -> Done {
        let mut done = Done::default();
        for number in 0..random.u64(1..6) {
            sleep(Duration::from_millis(random.u64(0..20_000))).await;
            if random.u32(0..6) == 0 {
                self.create(100 * self.id + number, &log, &mut random, &mut done).await;
                continue;
            }
            let task = tasks[random.usize(0..2)];
            let patience =
                Duration::from_millis(if random.bool() { random.u64(1..10_000) } else { 3_600_000 });
            let (started, watches) = (Instant::now(), task.moves && random.u32(0..8) == 0);
            let outcome = if watches {
                watch(&self.client, task).await
            } else {
                match timeout(patience, read(&self.client, task, &mut random)).await {
                    Ok(outcome) => outcome,
                    Err(_) => {
                        done.cancelled += 1;
                        continue;
                    }
                }
            };
            done.watches += u64::from(watches);
            match outcome {
                Ok(()) => done.reads += 1,
                Err(error) => {
                    let answers = log.lock().unwrap_or_else(PoisonError::into_inner).replies[self.number];
                    let in_time = !watches || started.elapsed() >= WATCHED || answers == 0;
                    let passing = error.is_connection() || error.is_timeout() || error.is_platform_fault();
                    let fights = self.processes > 1 && error.is_invalid_token();
                    assert!(in_time && (passing || fights), "{}: {error:?}", task.id);
                    done.told += &format!("{error}\n{error:?}\n");
                }
            }
        }
        done
    }
}

impl Actor {
    /// Creates a task, whose name another one may have. What the caller is told is what has happened at the platform.
    async fn create(&self, number: u64, log: &Mutex<Log>, random: &mut fastrand::Rng, done: &mut Done) {
        let devices = (0..random.u32(1..5)).map(|device| format!("device-{device}"));
        let command = DeviceCommand::new("WaterMeter", "READ").paras(HashMap::from([("number", number)]));
        let timeout = TaskTimeout::try_from(10).unwrap();
        let name = format!("task {}", random.u32(0..9));
        let outcome = self.client.create_batch_task(&name, Targets::devices(devices), command, timeout).await;
        let created =
            log.lock().unwrap_or_else(PoisonError::into_inner).creates.remove(&number).unwrap_or_default();
        assert!(created.tasks.len() < 2, "create {number} has created {:?}", created.tasks);
        match outcome {
            Ok(id) => {
                assert_eq!(created.tasks, [id.as_str()], "create {number}");
                done.creates[0] += 1;
                if random.bool()
                    && let Ok(task) = self.client.batch_task(id).await
                {
                    assert_eq!(task.name(), Some(name.as_str()));
                }
            }
            Err(error) => {
                let unknown = error.is_outcome_unknown();
                assert!(unknown || created.tasks.is_empty(), "create {number} was carried out: {error:?}");
                assert!(!unknown || !error.is_retryable(), "{error:?}");
                done.creates[if unknown { 1 } else { 2 }] += 1;
                done.told += &format!("{error}\n{error:?}\n");
            }
        }
    }
}

/// Watches a task to its end: no fault may end the watch before that.
async fn watch(client: &Client, task: Known) -> Result<(), Error> {
    let watch = client.watch(task.id).interval(WINDOW / 3, WINDOW).deadline(WATCHED);
    let summary = watch.settled().await?;
    assert_eq!((summary.settled(), summary.total()), (u64::from(task.subtasks), u64::from(task.subtasks)));
    Ok(())
}

/// Asks one question and holds the answer against what is known.
async fn read(client: &Client, task: Known, random: &mut fastrand::Rng) -> Result<(), Error> {
    let query = client.subtasks(task.id).page_size([1, 2, 7, 25, 250][random.usize(0..5)]);
    match random.u32(0..4) {
        0 => {
            let commands = commands(query.prefetch(random.usize(1..6))).await?;
            assert_eq!(commands.len() as u32, task.subtasks, "{} is read whole", task.id);
        }
        1 => {
            let status = SubtaskStatus::KNOWN[random.usize(0..SubtaskStatus::KNOWN.len())].clone();
            commands(query.status(status)).await?;
        }
        2 => {
            let before = Instant::now();
            let page = query.page(random.u32(0..5)).await;
            assert!(before.elapsed() <= DEADLINE, "a call took {:?}", before.elapsed());
            assert!(page?.total_count() == Some(u64::from(task.subtasks)));
        }
        _ => {
            let summary = client.summary(task.id).await?;
            assert_eq!(summary.total(), u64::from(task.subtasks), "{}: {summary}", task.id);
            if !task.moves {
                let counted: u64 = summary.by_status().map(|(_, count)| count).sum();
                assert_eq!(counted, u64::from(task.subtasks), "{summary}");
            }
        }
    }
    Ok(())
}

/// Reads to the end; no subtask may come twice.
async fn commands(query: SubtaskQuery) -> Result<HashSet<String>, Error> {
    let mut seen = HashSet::new();
    let mut stream = query.stream();
    while let Some(subtask) = stream.try_next().await? {
        let command = subtask.command_id().unwrap().to_owned();
        assert!(seen.insert(command), "{subtask} came twice");
    }
    Ok(seen)
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
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(seed, &mut sums)));
        if let Err(panic) = outcome {
            println!("replay with NORTHBOUND_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
    println!("{sums:?}");
    assert!(
        sums.calls > 0
            && sums.reads > 0
            && sums.logins > 0
            && sums.watches > 0
            && sums.creates > 0
            && sums.unknown > 0,
        "the simulation is blind: {sums:?}"
    );
}
