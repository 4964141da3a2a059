//! The gateway with a quota other than the platform's: `short_window CALLS MILLISECONDS`. Platform and application are in the environment,
//! as for the command.

#![allow(clippy::print_stdout, reason = "the first line says where it listens")]

use std::env;
use std::time::Duration;

use northbound::{Client, Credentials, Quota};
use northbound_gateway::{Gateway, Listen};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<u32> = env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    let [calls, window] = numbers[..] else { return Err("short_window CALLS MILLISECONDS".into()) };
    let client = Client::builder(&env::var("NORTHBOUND_ENDPOINT")?)
        .credentials(Credentials::from_env()?)
        .quota(Quota::new(calls, Duration::from_millis(window.into()))?)
        .build()?;
    let gateway = Gateway::builder(client).start(Listen::Tcp("127.0.0.1:0".parse()?)).await?;
    println!("listening on {}", gateway.url());
    std::future::pending().await
}
