//! `northbound explain`: what is known of an error code, or of all.

use clap::Args;
use std::io::Write;

use northbound::Action;
use northbound::client_layer::{DOCUMENTED_ERRORS, DocumentedErrors};
use serde_json::{Value, json};

use crate::codes::{Codes, EXAMPLE, Explained, Group};
use crate::error::{CliError, kebab};
use crate::rows::table::{self, TableColumn};
use crate::screen::layout::one_line;
use crate::screen::palette::STRONG;
use crate::session::context::Context;

#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLE)]
pub(crate) struct ExplainOptions {
    /// The code, such as 1010005 of a call, or 100428 of a device
    #[arg(required_unless_present = "all")]
    pub(crate) code: Option<String>,
    /// List every code that is known: those of calls, those of devices, and your own
    #[arg(long, conflicts_with = "code")]
    pub(crate) all: bool,
}

pub(crate) fn run(context: &mut Context<'_>, options: &ExplainOptions) -> Result<(), CliError> {
    let codes = Codes::of(context)?;
    let Some(code) = options.code.as_deref().map(str::trim) else { return list(context, &codes.all()) };
    let explained = codes.explain(code).ok_or_else(|| unknown(code))?;
    if context.global.output().is_json() {
        return Ok(context.deliver_json(&json_of(&explained))?);
    }
    let Explained { text, meaning, next_step, who, source, info, .. } = explained;
    let name = info.map(|info| format!(" ({})", info.name)).unwrap_or_default();
    let mut facts = vec![
        ("code", format!("{code}{name}")),
        ("meaning", meaning.to_owned()),
        ("next step", next_step.to_owned()),
        ("who acts", who.to_owned()),
    ];
    facts.extend(text.map(|text| ("text", text.to_owned())));
    facts.extend(action(&explained).map(|action| ("action", action.to_owned())));
    if info.is_some_and(|info| info.action.is_none()) {
        facts.push(("comes", "in the `error` of a subtask".to_owned()));
    }
    facts.extend(
        responses(code).map(|row| ("comes", format!("with HTTP {} from {}", row.status, row.operation))),
    );
    facts.extend(source.map(|source| ("source", source.to_owned())));
    for (label, text) in facts {
        writeln!(context.stdout, "{:11}{}", format!("{label}:"), one_line(&text))?;
    }
    Ok(())
}

/// Every code, by group. Nothing of a text is left out: where the table is too wide, each code has lines of its own.
fn list(context: &mut Context<'_>, codes: &[Explained<'_>]) -> Result<(), CliError> {
    if context.global.output().is_json() {
        let codes: Vec<Value> = codes.iter().map(json_of).collect();
        return Ok(context.deliver_json(&json!({ "codes": codes }))?);
    }
    let columns = ["CODE", "WHO ACTS", "MEANING", "NEXT STEP"].map(TableColumn::new);
    let (width, palette) = (context.stdout.width(), context.stdout.palette);
    for (place, (group, heading)) in Group::ALL.into_iter().enumerate() {
        let of_group = codes.iter().filter(|explained| explained.group == group);
        let cells =
            |known: &Explained<'_>| [known.code, known.who, known.meaning, known.next_step].map(one_line);
        let rows: Vec<_> = of_group.map(|explained| cells(explained).to_vec()).collect();
        if rows.is_empty() {
            continue;
        }
        let gap = if place == 0 { "" } else { "\n" };
        writeln!(context.stdout, "{gap}{}", palette.paint(STRONG, heading))?;
        context.stdout.write_lines(&table::lines(&columns, &rows, width, palette))?;
    }
    Ok(())
}

fn json_of(explained: &Explained<'_>) -> Value {
    let responses =
        responses(explained.code).map(|row| json!({ "operation": row.operation, "status": row.status }));
    json!({
        "code": explained.code,
        "name": explained.info.map(|info| info.name),
        "group": kebab(explained.group),
        "text": explained.text,
        "meaning": explained.meaning,
        "nextStep": explained.next_step,
        "who": explained.who,
        "action": action(explained),
        "responses": responses.collect::<Vec<_>>(),
        "source": explained.source,
    })
}

/// What a program should do about a call with this code.
fn action(explained: &Explained<'_>) -> Option<&'static str> {
    explained.info?.action.map(Action::as_str)
}

/// The responses that may carry a code.
fn responses(code: &str) -> impl Iterator<Item = &'static DocumentedErrors> {
    DOCUMENTED_ERRORS.iter().filter(move |row| row.codes.iter().any(|known| known.as_str() == code))
}

fn unknown(code: &str) -> CliError {
    let what = format!("the error code {code:?} is not known");
    let advice = "`northbound explain --all` lists the codes that are known. When you know what it means, add it to the file of --codes";
    CliError::usage(
        what,
        format!(
            "{advice}: a line [{code:?}], and below it lines such as meaning = \"…\", next_step = \"…\" and who = \"…\""
        ),
    )
}
