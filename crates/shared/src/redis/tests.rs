//! What only a real server shows. `.ci/run` runs these tests, and names the program of the server.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use northbound::{Client, Credentials, Grant, QuotaStore, Secret, SlotId, TokenSource, Turn};
use northbound_emulator::{Control, Fault, FaultKind, Operation, Scenario};
use northbound_testkit::Emulated;

use super::quota::rules;
use super::{RedisQuota, RedisShare};
use crate::slots::{Slots, millis};

const WINDOW: Duration = Duration::from_secs(2);
const HOLD: Duration = Duration::from_millis(500);

/// A server that nobody else uses, without a file and without a port.
struct Redis {
    folder: tempfile::TempDir,
    program: Child,
}

impl Redis {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = Self::serve(&folder.path().join("redis"));
        Self { folder, program }
    }

    fn serve(socket: &PathBuf) -> Child {
        let name = env::var("NORTHBOUND_REDIS_SERVER")
            .expect("NORTHBOUND_REDIS_SERVER names the program of a Redis or Valkey server");
        drop(fs::remove_file(socket));
        let mut command = Command::new(name);
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--requirepass", "p4ssw0rd"]);
        let program = command.arg("--unixsocket").arg(socket).stdout(Stdio::null()).spawn().unwrap();
        let begin = Instant::now();
        while std::os::unix::net::UnixStream::connect(socket).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(10), "the server does not start");
            thread::sleep(Duration::from_millis(10));
        }
        program
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis")
    }

    fn address(&self) -> String {
        format!("redis+unix://{}?pass=p4ssw0rd", self.socket().display())
    }

    fn share(&self) -> RedisShare {
        RedisShare::new(&self.address()).unwrap()
    }

    fn stop(&mut self) {
        self.program.kill().and_then(|()| self.program.wait()).unwrap();
    }

    fn restart(&mut self) {
        self.stop();
        self.program = Self::serve(&self.socket());
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

fn turn(calls: u32) -> Turn {
    Turn::new(calls, WINDOW, HOLD)
}

/// A step of the script at this time, and the state after it.
fn step(
    connection: &mut redis::Connection,
    now: u64,
    words: [&str; 3],
    turn: Turn,
    pause: u64,
) -> (Vec<String>, Option<Slots>) {
    let clock = "time[1] * 1000 + math.floor(time[2] / 1000)";
    assert!(rules().contains(clock));
    let script = redis::Script::new(&rules().replace(clock, "tonumber(ARGV[10])"));
    let times = [turn.window, turn.hold, turn.waited].map(millis);
    let mut call = script.key("state");
    call.arg(&words).arg(turn.calls).arg(&times).arg(turn.waiting).arg(pause).arg(now);
    let reply = call.invoke(connection).unwrap();
    let state: Option<String> = redis::cmd("GET").arg("state").query(connection).unwrap();
    (reply, state.map(|state| serde_json::from_str(&state).unwrap()))
}

#[test]
fn the_script_decides_as_the_rules_do() {
    let redis = Redis::start();
    let mut connection = redis::Client::open(redis.address()).unwrap().get_connection().unwrap();
    let mut random = fastrand::Rng::with_seed(16);
    let mut counts = [0; 3];
    for round in 0..60 {
        let _: () = redis::cmd("DEL").arg("state").query(&mut connection).unwrap();
        let mut slots: Option<Slots> = None;
        let mut now = 1_800_000_000_000;
        let mut slot_names = Vec::new();
        for number in 0..150 {
            now += match random.u32(..100) {
                0 => random.u64(..3_000),
                1..=60 => random.u64(..30),
                61..=99 => random.u64(..400),
                _ => 0,
            };
            if random.u32(..200) == 0 {
                now -= random.u64(..3_600_000);
            }
            let process = ["a", "b", "c", "d"][random.usize(..4)];
            let mut turn = turn([3, 5, 8][random.usize(..if round % 2 == 0 { 1 } else { 3 })]);
            (turn.waited, turn.waiting) = (Duration::from_millis(random.u64(..2_000)), random.u32(1..4));
            let label = format!("round {round}, step {number}");
            match random.u32(..20) {
                0 if slots.is_some() => {
                    let pause = random.u64(..3_000);
                    slots.as_mut().unwrap().pause(now, Duration::from_millis(pause));
                    assert_eq!(
                        step(&mut connection, now, ["pause", process, ""], turn, pause).1,
                        slots,
                        "{label}"
                    );
                }
                1 => {
                    if let Some(slots) = &mut slots {
                        slots.leave(process);
                    }
                    assert_eq!(
                        step(&mut connection, now, ["leave", process, ""], turn, 0).1,
                        slots,
                        "{label}"
                    );
                }
                2..=6 if !slot_names.is_empty() => {
                    let slot: String = slot_names.swap_remove(random.usize(..slot_names.len()));
                    let state = slots.get_or_insert_with(|| Slots::lost(now, turn));
                    state.replied(now, &SlotId::new(&slot), turn);
                    assert_eq!(
                        step(&mut connection, now, ["replied", process, &slot], turn, 0).1,
                        slots,
                        "{label}"
                    );
                }
                _ => {
                    let slot = format!("{number}");
                    let state = slots.get_or_insert_with(|| Slots::lost(now, turn));
                    let grant = match state.acquire(now, process, SlotId::new(&slot), turn) {
                        Grant::Taken(_) => {
                            slot_names.push(slot.clone());
                            counts[0] += 1;
                            vec!["taken".to_owned()]
                        }
                        Grant::Wait { again, ready, is_paused } => {
                            counts[1 + usize::from(is_paused)] += 1;
                            let is_lost = !serde_json::to_value(&*state).unwrap()["lost"].is_null();
                            let numbers = [millis(again), millis(ready), is_paused.into(), is_lost.into()];
                            ["wait".to_owned()]
                                .into_iter()
                                .chain(numbers.map(|number| number.to_string()))
                                .collect()
                        }
                        grant => panic!("{grant:?}"),
                    };
                    let decided = step(&mut connection, now, ["acquire", process, &slot], turn, 0);
                    assert_eq!(decided, (grant, slots.clone()), "{label}");
                }
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 300), "every kind of answer is compared: {counts:?}");
}

fn client(url: &str) -> Client {
    let credentials = Credentials::new(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).unwrap();
    Client::builder(url).credentials(credentials).build().unwrap()
}

fn quota(share: &RedisShare) -> RedisQuota {
    share.quota(&client("https://platform.example"))
}

async fn ask(store: &RedisQuota, calls: u32) -> Grant {
    store.acquire(turn(calls)).await.unwrap()
}

async fn settled(store: &RedisQuota) {
    // The first state that there is counts as one that was lost.
    while let Grant::Wait { ready, .. } = ask(store, 1).await {
        tokio::time::sleep(ready).await;
    }
}

#[tokio::test]
async fn a_server_that_comes_back_empty_has_a_quota_that_is_used_up() {
    let mut redis = Redis::start();
    let store = quota(&redis.share());
    let wait = |grant| match grant {
        Grant::Wait { ready, .. } => ready,
        grant => panic!("{grant:?}"),
    };
    let life = WINDOW + HOLD + Duration::from_millis(1);
    assert_eq!(wait(ask(&store, 1).await), life);
    settled(&store).await;
    redis.restart();
    assert_eq!(wait(ask(&store, 1).await), life, "the connection is made again, and the state is lost");
    redis.restart();
    store.pause(Duration::from_millis(1)).await.unwrap();
    store.leave().await.unwrap();
    store.replied(SlotId::new("unknown"), turn(1)).await.unwrap();
    assert!(wait(ask(&store, 1).await) > WINDOW + HOLD / 2);
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_is_an_error_that_names_it_without_its_password() {
    let mut redis = Redis::start();
    let share = redis.share();
    let store = quota(&share);
    ask(&store, 1).await;
    let process = redis.program.id().to_string();
    let signal =
        |name: &str| assert!(Command::new("kill").args([name, &process]).status().unwrap().success());
    signal("-STOP");
    let begin = Instant::now();
    let silent = store.acquire(turn(1)).await.unwrap_err().to_string();
    assert!(begin.elapsed() < Duration::from_secs(5));
    signal("-CONT");
    ask(&store, 1).await;
    redis.stop();
    let away = store.acquire(turn(1)).await.unwrap_err().to_string();
    redis.program = Redis::serve(&redis.socket());
    let wrong = redis.address().replace("p4ssw0rd", "wr0ng");
    let refused = quota(&RedisShare::new(&wrong).unwrap()).acquire(turn(1)).await.unwrap_err().to_string();
    for (error, words) in [
        (&silent, "no answer within 3s"),
        (&away, "Connection refused"),
        (&refused, "refuses the user or the password"),
    ] {
        assert!(error.contains(words) && error.contains(redis.socket().to_str().unwrap()), "{error}");
        assert!(!error.contains("p4ssw0rd") && !error.contains("wr0ng"), "{error}");
    }
    assert!(!format!("{share:?}").contains("p4ssw0rd"));
}

#[tokio::test]
async fn one_of_many_processes_logs_in_and_the_others_find_its_token() {
    let redis = Redis::start();
    let control = Control::new(Scenario::default()).unwrap();
    let emulator = Emulated::serving(&control).await;
    let source = || redis.share().tokens(client(&emulator.url()));
    let all = async |rejected: Option<&Secret>| {
        let sources: Vec<_> = (0..10).map(|_| source()).collect();
        let asked = sources.iter().map(|source| source.token(rejected));
        let tokens: Vec<_> =
            futures_util::future::join_all(asked).await.into_iter().map(Result::unwrap).collect();
        assert!(tokens.iter().all(|token| token.secret() == tokens[0].secret()));
        assert!(tokens.iter().all(|token| token.life().is_some_and(|life| life.as_secs() >= 3590)));
        tokens[0].secret().clone()
    };
    let first = all(None).await;
    assert_eq!(all(None).await, first);
    let second = all(Some(&first)).await;
    assert_eq!(all(Some(&first)).await, second);
    assert_eq!(control.journal().entries.len(), 2);

    // A process that dies during the login.
    let late = Fault::new(FaultKind::Latency { milliseconds: 10_000 }).on(Operation::Login).next(1);
    control.add_fault(late).unwrap();
    let (dying, begin) = (source(), Instant::now());
    let died = tokio::time::timeout(Duration::from_millis(200), dying.token(Some(&second))).await;
    assert!(died.is_err());
    assert_ne!(all(Some(&second)).await, second);
    assert!(begin.elapsed() < Duration::from_secs(4), "a lease, and some");
}
