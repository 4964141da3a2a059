//! What `-v` shows: the traces of the SDK, which bear no secret.

use std::io::Write;

use tracing::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

/// Runs a command whose traces go where `open` says: with each `-v` more of them. Without one there are warnings alone, and
/// none where they would stand in the way of a script.
///
/// Traces of other crates are left out: of what they write, nobody here can say that it bears no secret.
pub(crate) fn collecting<T>(
    verbose: u8,
    warns: bool,
    open: fn() -> Box<dyn Write>,
    command: impl FnOnce() -> T,
) -> T {
    let level = match verbose {
        0 if warns => LevelFilter::WARN,
        0 => LevelFilter::OFF,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let ours = Targets::new().with_target("northbound", level);
    // Of replies that had to be repaired the command itself says so, once.
    let ours = if verbose == 0 { ours.with_target("northbound_client", LevelFilter::OFF) } else { ours };
    let lines = tracing_subscriber::fmt::layer().with_writer(open).with_ansi(false);
    // A warning is for a person, who needs neither the time nor the place in the code.
    let lines = if verbose == 0 { lines.without_time().with_target(false).boxed() } else { lines.boxed() };
    let traces = tracing_subscriber::registry().with(lines).with(ours);
    tracing::dispatcher::with_default(&Dispatch::new(traces), command)
}
