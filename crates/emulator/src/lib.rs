#![doc = include_str!("../README.md")]

mod api;
mod clock;
mod credentials;
mod draw;
mod platform;
mod query;
mod refusal;
mod routes;
mod rows;
mod scenario;
mod server;
mod task;
mod token;

pub use routes::{openapi, router};
pub use scenario::{Application, Content, Scenario, ScenarioError, Task};
pub use server::{Builder, Emulator, StartError};
