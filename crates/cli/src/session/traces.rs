//! What `-v` shows: the traces of the SDK, which have no secret in them.

use std::fmt;
use std::io::Write;

use serde_json::json;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Event, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

/// Runs a command whose traces go where `open` says: with each `-v` more of them. Without one there are warnings alone, as JSON
/// where errors are JSON.
///
/// Traces of other crates are left out: they may have a secret in them.
pub(crate) fn collecting<T>(
    verbose: u8,
    warns: bool,
    as_json: bool,
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
    // The command itself reports repaired replies, waits and refused calls.
    let silent = ["northbound_client", "northbound::"].map(|target| (target, LevelFilter::OFF));
    let ours = if verbose == 0 { ours.with_targets(silent) } else { ours };
    let lines = tracing_subscriber::fmt::layer().with_writer(open).with_ansi(false);
    // Else a trace that cannot be written is reported on the same stream, and that panics.
    let lines = lines.log_internal_errors(false);
    // A warning is for a person, who needs neither the time nor the place in the code.
    let lines = match verbose {
        0 if as_json => lines.event_format(JsonLines).boxed(),
        0 => lines.without_time().with_target(false).boxed(),
        _ => lines.boxed(),
    };
    let traces = tracing_subscriber::registry().with(lines).with(ours);
    tracing::dispatcher::with_default(&Dispatch::new(traces), command)
}

/// A warning as one line, in the form that an error has.
struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut message = String::new();
        event.record(&mut |field: &Field, value: &dyn fmt::Debug| {
            if field.name() == "message" {
                message = format!("{value:?}");
            }
        });
        writeln!(out, "{}", json!({ "warning": { "message": message } }))
    }
}
