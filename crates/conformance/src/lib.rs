#![doc = include_str!("../README.md")]

mod answer;
mod ask;
mod body;
mod command;
mod errors;
mod examine;
mod facts;
mod field;
mod filters;
mod http;
mod pages;
mod quota;
mod report;
mod rules;
mod session;
mod shapes;
mod tokens;

pub use command::{Options, run};
pub use examine::examine;
pub use facts::Facts;
pub use http::{Http, Server};
pub use report::{Line, Verdict};
pub use session::Subject;
