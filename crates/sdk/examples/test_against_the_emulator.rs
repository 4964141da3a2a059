//! A small service and its tests against the emulator: without an account, without a socket, and on simulated time. In your
//! own crate the tests need `northbound-emulator`, and `tokio` with the features `macros` and `test-util`.

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use northbound::{Client, Credentials, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = Client::builder("http://127.0.0.1:8743").credentials(Credentials::from_env()?).build()?;
    println!("{}", report(&client, "demo").await?);
    Ok(())
}

/// The service: waits until a batch task is settled, and says what came of it.
async fn report(client: &Client, task_id: &str) -> Result<String, Error> {
    let summary = client.watch(task_id).settled().await?;
    Ok(format!("{} of {} devices failed", summary.failed(), summary.total()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use northbound::SubtaskStatus::Pending;
    use northbound_emulator::{Application, Control, Fault, FaultKind, Life, Outcomes, Scenario, Task};

    use super::*;

    /// 300 devices: each command is sent within 10 minutes and answered within 30, and a device that never answers has failed
    /// after an hour.
    fn scenario() -> Scenario {
        let life = Life::new(600, 1800, 3600).with_outcomes(Outcomes::new(0, 1, 1));
        Scenario::empty()
            .with_application(Application::new("my-app", "my-secret"))
            .with_task(Task::generated("update", "my-app", 300).with_life(life))
    }

    fn client(emulator: &Control) -> Client {
        Client::builder("https://platform.example")
            .credentials(Credentials::new("my-app", "my-secret").unwrap())
            .service(emulator.router())
            .build()
            .unwrap()
    }

    // tokio's clock is paused: it skips every wait, so this hour takes milliseconds. The emulator follows tokio's clock.
    #[tokio::test(start_paused = true)]
    async fn the_report_waits_for_the_last_device() {
        let emulator = Control::new(scenario()).unwrap();
        let started = tokio::time::Instant::now();
        assert_eq!(report(&client(&emulator), "update").await.unwrap(), "300 of 300 devices failed");
        assert!(started.elapsed() > Duration::from_secs(3600));
    }

    // The clock of this emulator stands still until the test advances it.
    #[tokio::test]
    async fn after_ten_minutes_every_command_is_sent() {
        let emulator = Control::new(scenario().with_manual_clock()).unwrap();
        let client = client(&emulator);
        assert_eq!(client.summary("update").await.unwrap().count(&Pending), 300);
        emulator.advance(Duration::from_secs(600));
        assert_eq!(client.summary("update").await.unwrap().count(&Pending), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_platform_that_fails_twice_costs_no_report() {
        let emulator = Control::new(scenario()).unwrap();
        emulator.add_fault(Fault::new(FaultKind::BadGateway).next(2)).unwrap();
        assert!(report(&client(&emulator), "update").await.is_ok());
    }
}
