//! Waits until every device of a batch task has answered or timed out, and reports on the way.
//!
//! Start `northbound emulator serve`, then run this with NORTHBOUND_APP_ID=demo-app and NORTHBOUND_SECRET=demo-secret.

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use std::time::Duration;

use northbound::{Client, Credentials, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = Client::builder("http://127.0.0.1:8743").credentials(Credentials::from_env()?).build()?;
    watch_until_settled(&client, "demo").await
}

/// A caller who needs no report on the way awaits `client.watch(task_id).settled()` instead.
pub(crate) async fn watch_until_settled(client: &Client, task_id: &str) -> Result<(), Error> {
    // Devices may never answer, so a watch has a deadline. When it is over, the error says how far the task came.
    let mut watch = client.watch(task_id).deadline(Duration::from_secs(3600)).stream();
    while let Some(summary) = watch.try_next().await? {
        match watch.time_left() {
            Some(left) if !summary.is_settled() => println!("{summary}; about {} s left", left.as_secs()),
            _ => println!("{summary}"),
        }
    }
    Ok(())
}
