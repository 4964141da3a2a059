//! `northbound explain`: what the catalogue knows of an error code.

use clap::Args;
use std::io::Write;

use northbound::client_layer::DOCUMENTED_ERRORS;
use northbound::{ERROR_CATALOG, ErrorCode, ErrorInfo};

use crate::error::CliError;
use crate::session::context::Context;

#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// The code, such as 1010005
    pub(crate) code: String,
}

pub(crate) fn run(context: &mut Context<'_>, options: &ExplainOptions) -> Result<(), CliError> {
    context.refuse_csv()?;
    let info = ErrorCode::from(options.code.trim()).info().ok_or_else(|| unknown(&options.code))?;
    if context.global.output().is_json() {
        return Ok(context.deliver_json(&json(info))?);
    }
    for (label, text) in facts(info) {
        writeln!(context.stdout, "{:9}{text}", format!("{label}:"))?;
    }
    Ok(())
}

fn facts(info: &ErrorInfo) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("code", format!("{} ({})", info.code, info.name)),
        ("text", info.text.to_owned()),
        ("meaning", info.meaning.to_owned()),
        ("remedy", info.remedy.to_owned()),
        ("action", info.action.as_str().to_owned()),
    ];
    facts.extend(
        responses(info).map(|(operation, status)| ("comes", format!("with HTTP {status} from {operation}"))),
    );
    facts.extend(info.source.map(|source| ("source", source.to_owned())));
    facts
}

/// Which responses of which operations may carry the code.
fn responses(info: &ErrorInfo) -> impl Iterator<Item = (&'static str, u16)> {
    DOCUMENTED_ERRORS
        .iter()
        .filter(|row| row.codes.contains(&info.code))
        .map(|row| (row.operation, row.status))
}

fn json(info: &ErrorInfo) -> serde_json::Value {
    let responses: Vec<_> = responses(info)
        .map(|(operation, status)| serde_json::json!({ "operation": operation, "status": status }))
        .collect();
    serde_json::json!({
        "code": info.code.as_str(),
        "name": info.name,
        "text": info.text,
        "meaning": info.meaning,
        "remedy": info.remedy,
        "action": info.action.as_str(),
        "responses": responses,
        "source": info.source,
    })
}

fn unknown(code: &str) -> CliError {
    let known: Vec<_> = ERROR_CATALOG.iter().map(|info| info.code.as_str()).collect();
    CliError::usage(
        format!("the catalogue does not know the error code {code:?}"),
        format!(
            "of the calls it knows {}; a code in the `error` of a subtask comes with its own text",
            known.join(", ")
        ),
    )
}
