//! Reads a task, or serves the gateway, as the command does, with a shorter window than the platform's 60 s: for `.ci/ten-processes`.
//!
//! `scaled SECONDS FOLDER|redis://… subtasks TASK` prints a line a row; `scaled SECONDS FOLDER|redis://… gateway HOST:PORT` serves.
//! Platform and application are in the environment, as for the command.

#![allow(clippy::print_stdout, reason = "what it prints is counted")]

use std::env;
use std::time::Duration;

use northbound::{Client, ClientBuilder, Credentials, Quota};
use northbound_gateway::{Gateway, Listen};
use northbound_shared::{FileShare, RedisShare};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Calls in a window, as on the platform.
const CALLS: u32 = 100;

fn main() -> Outcome<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Outcome<()> {
    let words: Vec<_> = env::args().skip(1).collect();
    let [seconds, share, what, details @ ..] = &words[..] else { return Err("see its first lines".into()) };
    let window = Duration::from_secs_f64(seconds.parse()?);
    let endpoint = env::var("NORTHBOUND_ENDPOINT")?;
    let platform = || Client::builder(&endpoint).deadline(Duration::from_secs(900));
    let login = platform().credentials(Credentials::from_env()?).quota(Quota::new(CALLS, window)?).build()?;
    let client = shared(share, login, platform())?;
    match (&what[..], details) {
        ("subtasks", [task, ..]) => {
            let mut rows = client.subtasks(task).stream();
            while let Some(row) = rows.try_next().await? {
                println!("{}", row.device_id().unwrap_or_default());
            }
        }
        ("gateway", [_, listen, ..]) => {
            let gateway = Gateway::builder(client).start(Listen::Tcp(listen.parse()?)).await?;
            println!("listening on {}", gateway.url());
            std::future::pending().await
        }
        _ => return Err(format!("{what} is not known").into()),
    }
    Ok(())
}

/// A client that shares as the command does.
fn shared(share: &str, login: Client, builder: ClientBuilder) -> Outcome<Client> {
    let (quota, app_id) = (login.quota().clone(), login.app_id().clone());
    let builder = if share.contains("://") {
        let share = RedisShare::new(share)?;
        builder.quota(quota.shared(share.quota(&login))).token_source(app_id, share.tokens(login))
    } else {
        let share = FileShare::new(share);
        builder.quota(quota.shared(share.quota(&login))).token_source(app_id, share.tokens(login))
    };
    Ok(builder.build()?)
}
