#![doc = include_str!("../README.md")]

mod api;
mod clock;
mod control;
mod credentials;
mod draw;
mod life;
mod platform;
mod query;
mod quota;
mod refusal;
mod routes;
mod rows;
mod scenario;
mod server;
mod statuses;
mod task;
mod token;

pub use clock::{Clock, ClockKind};
pub use control::{Control, router};
pub use life::{Life, LifeError, Outcomes};
pub use platform::TaskState;
pub use routes::openapi;
pub use scenario::{Application, Content, Scenario, ScenarioError, Task};
pub use server::{Builder, Emulator, StartError};
