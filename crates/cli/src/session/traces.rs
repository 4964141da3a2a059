//! What `-v` shows: the traces of the SDK, which have no secret in them.

use std::fmt;
use std::io::Write;

use serde_json::json;
use tracing::Dispatch;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::arguments::global::Global;

/// What writes traces where `open` says: with each `-v` more of them. Without one there are warnings alone. Where errors are JSON, so
/// are warnings, with `-v` too.
///
/// Traces of other crates are left out: they may have a secret in them.
pub(crate) fn writer(global: &Global, open: fn() -> Box<dyn Write>) -> Dispatch {
    let (verbose, is_json) = (global.verbose > 0, global.asks_json());
    let level = match global.verbose {
        0 if global.quiet => LevelFilter::OFF,
        0 => LevelFilter::WARN,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let ours = |level| Targets::new().with_target("northbound", level);
    // The command itself reports repaired replies, waits and refused calls.
    let silent = ["northbound_client", "northbound::"].map(|target| (target, LevelFilter::OFF));
    let warnings = ours(level.min(LevelFilter::WARN)).with_targets(silent);
    // Else a trace that cannot be written is reported on the same stream, and that panics.
    let lines =
        || tracing_subscriber::fmt::layer().with_writer(open).with_ansi(false).log_internal_errors(false);
    // A warning is for a person, who needs neither the time nor the place in the code.
    let bare = lines().without_time().with_target(false);
    let shown = match is_json {
        true => bare.with_level(false).fmt_fields(debug_fn(json_warning)).boxed(),
        false => bare.boxed(),
    };
    let of_user = (!verbose || is_json).then(|| shown.with_filter(warnings.clone()).boxed());
    let all = ours(level);
    let is_traced = filter_fn(move |trace| {
        let enables = |targets: &Targets| targets.would_enable(trace.target(), trace.level());
        enables(&all) && !(is_json && enables(&warnings))
    });
    let traced = verbose.then(|| lines().with_filter(is_traced).boxed());
    let layers: Vec<_> = of_user.into_iter().chain(traced).collect();
    Dispatch::new(tracing_subscriber::registry().with(layers))
}

/// A warning in the form that an error has.
fn json_warning(out: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    match field.name() {
        "message" => write!(out, "{}", json!({ "warning": { "message": format!("{value:?}") } })),
        _ => Ok(()),
    }
}
