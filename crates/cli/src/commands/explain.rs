//! `northbound explain`: what the catalogue knows of an error code.

use clap::Args;
use std::io::Write;

use northbound::client_layer::DOCUMENTED_ERRORS;
use northbound::{ERROR_CATALOG, ErrorCode, ErrorInfo};
use serde_json::json;

use crate::error::CliError;
use crate::session::context::Context;

#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// The code, such as 1010005
    pub(crate) code: String,
}

pub(crate) fn run(context: &mut Context<'_>, options: &ExplainOptions) -> Result<(), CliError> {
    let info = ErrorCode::from(options.code.trim()).info().ok_or_else(|| unknown(&options.code))?;
    let ErrorInfo { code, name, text, meaning, remedy, action, source, .. } = info;
    // The responses that may carry the code.
    let rows = DOCUMENTED_ERRORS.iter().filter(|row| row.codes.contains(code));
    if context.global.output().is_json() {
        let responses = rows.map(|row| json!({ "operation": row.operation, "status": row.status }));
        return Ok(context.deliver_json(&json!({
            "code": code.as_str(),
            "name": name,
            "text": text,
            "meaning": meaning,
            "remedy": remedy,
            "action": action.as_str(),
            "responses": responses.collect::<Vec<_>>(),
            "source": source,
        }))?);
    }
    let mut facts = vec![
        ("code", format!("{code} ({name})")),
        ("text", (*text).to_owned()),
        ("meaning", (*meaning).to_owned()),
        ("remedy", (*remedy).to_owned()),
        ("action", action.as_str().to_owned()),
    ];
    facts.extend(rows.map(|row| ("comes", format!("with HTTP {} from {}", row.status, row.operation))));
    facts.extend(source.map(|source| ("source", source.to_owned())));
    for (label, text) in facts {
        writeln!(context.stdout, "{:9}{text}", format!("{label}:"))?;
    }
    Ok(())
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
