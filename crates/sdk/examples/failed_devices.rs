//! Which devices of a batch task failed, and why.
//!
//! Start `northbound emulator serve`, then run this with NORTHBOUND_APP_ID=demo-app and NORTHBOUND_SECRET=demo-secret.

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use northbound::{Client, Credentials, Error, FailureGroups};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = Client::builder("http://127.0.0.1:8743").credentials(Credentials::from_env()?).build()?;
    failed_devices(&client, "demo").await?;
    Ok(())
}

/// Prints each device as soon as its page has arrived, then how many devices failed for each reason.
pub(crate) async fn failed_devices(client: &Client, task_id: &str) -> Result<FailureGroups, Error> {
    let mut groups = FailureGroups::default();
    let mut failures = client.failures(task_id).stream();
    while let Some(failure) = failures.try_next().await? {
        println!("{}: {failure}", failure.subtask().device_id().unwrap_or("?"));
        groups.add(&failure);
    }
    for group in groups.groups() {
        println!("{} devices: {group}", group.count());
    }
    Ok(groups)
}
