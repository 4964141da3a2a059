//! Who calls with the SDK, and holds each answer against what is known.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use northbound::{Client, DeviceCommand, Error, SubtaskQuery, SubtaskStatus, Targets, TaskTimeout};
use tokio::time::{Instant, sleep, timeout};

use super::network::{Network, Told};
use super::{DEADLINE, Known, Rule, WINDOW};

/// How long a watch may take. A task that moves has settled by then.
const WATCHED: Duration = Duration::from_secs(4000);

/// What a caller did, and everything that it was told.
#[derive(Default)]
pub(super) struct Done {
    pub(super) reads: u64,
    pub(super) watches: u64,
    pub(super) lists: u64,
    pub(super) cancelled: u64,
    pub(super) told: String,
}

impl Done {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.reads += other.reads;
        self.watches += other.watches;
        self.lists += other.lists;
        self.cancelled += other.cancelled;
        self.told += &other.told;
        self
    }
}

/// One of those who ask, and the process that it is in.
pub(super) struct Caller {
    pub(super) network: Arc<Network>,
    pub(super) client: Client,
    pub(super) process: usize,
    /// Whether its token may be refused again and again.
    pub(super) loses_token: bool,
    pub(super) id: u64,
    pub(super) tasks: [Known; 2],
    pub(super) rule: Rule,
}

impl Caller {
    pub(super) async fn act(self, mut random: fastrand::Rng) -> Done {
        let mut done = Done::default();
        for number in 0..random.u64(1..6) {
            sleep(Duration::from_millis(random.u64(0..20_000))).await;
            if random.u32(0..6) == 0 {
                self.create(100 * self.id + number, &mut random, &mut done).await;
                continue;
            }
            let task = self.tasks[random.usize(0..2)];
            let patience = patience(&mut random);
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
                    let answers = self.network.log().replies.get(&self.process).copied().unwrap_or(0);
                    let in_time = !watches || started.elapsed() >= WATCHED || answers == 0;
                    let passing = error.is_connection() || error.is_timeout() || error.is_platform_fault();
                    // Or a token has expired, and no login came through before the deadline.
                    let late = error.found().contains("the deadline comes before another attempt");
                    let refused = error.is_invalid_token() && (self.loses_token || late);
                    assert!(in_time && (passing || refused), "{}: {error:?}", task.id);
                    done.told += &format!("{error}\n{error:?}\n");
                }
            }
        }
        done
    }

    /// Creates a task, whose name another one may have.
    async fn create(&self, number: u64, random: &mut fastrand::Rng, done: &mut Done) {
        let devices = (0..random.u32(1..5)).map(|device| format!("device-{device}"));
        let command = DeviceCommand::new("WaterMeter", "READ").paras(HashMap::from([("number", number)]));
        let name = format!("task {}", random.u32(0..9));
        let (targets, timeout) = (Targets::devices(devices), TaskTimeout::try_from(10).unwrap());
        let create = || self.client.create_batch_task(&name, targets.clone(), command.clone(), timeout);
        let mut outcome = create().await;
        if self.rule == Rule::CreatesAgain && outcome.is_err() {
            outcome = create().await;
        }
        let told = match outcome {
            Ok(id) => {
                let told = Told::Created(id.as_str().to_owned());
                if random.bool()
                    && let Ok(task) = self.client.batch_task(id).await
                {
                    assert_eq!(task.name(), Some(name.as_str()));
                }
                told
            }
            Err(error) => {
                let is_unknown = error.is_outcome_unknown();
                assert!(!is_unknown || !error.is_retryable(), "{error:?}");
                done.told += &format!("{error}\n{error:?}\n");
                if is_unknown { Told::Unknown } else { Told::Refused }
            }
        };
        self.network.log().creates.entry(number).or_default().told = Some(told);
    }
}

/// How long somebody waits for an answer.
pub(super) fn patience(random: &mut fastrand::Rng) -> Duration {
    Duration::from_millis(if random.bool() { random.u64(1..10_000) } else { 3_600_000 })
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
