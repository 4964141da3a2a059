//! What `-v` shows: the traces of the SDK, which have no secret in them.

use std::fmt;
use std::io::Write;

use serde_json::json;
use tracing::Dispatch;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::arguments::global::Global;

/// What writes traces where `open` says: with each `-v` more of them. Without one there are warnings alone, as JSON where errors
/// are JSON.
///
/// Traces of other crates are left out: they may have a secret in them.
pub(crate) fn writer(global: &Global, open: fn() -> Box<dyn Write>) -> Dispatch {
    let level = match global.verbose {
        0 if global.quiet => LevelFilter::OFF,
        0 => LevelFilter::WARN,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let ours = Targets::new().with_target("northbound", level);
    // The command itself reports repaired replies, waits and refused calls.
    let silent = ["northbound_client", "northbound::"].map(|target| (target, LevelFilter::OFF));
    let ours = if global.verbose == 0 { ours.with_targets(silent) } else { ours };
    let lines = tracing_subscriber::fmt::layer().with_writer(open).with_ansi(false);
    // Else a trace that cannot be written is reported on the same stream, and that panics.
    let lines = lines.log_internal_errors(false);
    // A warning is for a person, who needs neither the time nor the place in the code.
    let lines = match global.verbose {
        0 if global.asks_json() => lines
            .without_time()
            .with_target(false)
            .with_level(false)
            .fmt_fields(debug_fn(json_warning))
            .boxed(),
        0 => lines.without_time().with_target(false).boxed(),
        _ => lines.boxed(),
    };
    Dispatch::new(tracing_subscriber::registry().with(lines).with(ours))
}

/// A warning in the form that an error has.
fn json_warning(out: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    match field.name() {
        "message" => write!(out, "{}", json!({ "warning": { "message": format!("{value:?}") } })),
        _ => Ok(()),
    }
}
