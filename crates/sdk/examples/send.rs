//! Sends one command to devices, waits until each of them has answered or timed out, and lists those that failed.
//!
//! Start `northbound emulator serve`, then run this with NORTHBOUND_APP_ID=demo-app and NORTHBOUND_SECRET=demo-secret.

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use std::collections::HashMap;
use std::time::Duration;

use northbound::{Client, Credentials, DeviceCommand, Error, Targets, TaskTimeout};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = Client::builder("http://127.0.0.1:8743").credentials(Credentials::from_env()?).build()?;
    let devices = (1..=20).map(|number| format!("meter-{number}"));
    send(&client, "Read temperature every 12 minutes", devices).await
}

/// A name can be used once. A program that sends again after a failure has to remember what it has sent: after an unknown outcome the
/// devices may already have their command.
pub(crate) async fn send(
    client: &Client,
    name: &str,
    devices: impl Iterator<Item = String>,
) -> Result<(), Error> {
    let command = DeviceCommand::new("WaterMeter", "SET_TEMPERATURE_READ_PERIOD");
    let command = command.paras(HashMap::from([("value", "12")]));
    let timeout = TaskTimeout::try_from(60)?;
    let task = match client.create_batch_task(name, Targets::devices(devices), command, timeout).await {
        Err(error) if error.is_outcome_unknown() => {
            println!("nobody knows whether the devices have their command; do not simply send it again");
            return Err(error);
        }
        outcome => outcome?,
    };
    let summary = client.watch(task.clone()).deadline(Duration::from_secs(3600)).settled().await?;
    println!("{summary}");
    for failure in client.failures(task).collect().await? {
        println!("{failure}");
    }
    Ok(())
}
