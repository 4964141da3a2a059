//! The page that the emulator shows under `/docs`: a template, the error catalogue as a table, and how to get started.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use pulldown_cmark::{Event, Parser, Tag, TagEnd, html};
use serde_json::Value;

use super::schemas;
use crate::document::json;
use crate::document::operations::operation;
use crate::languages::CLIENTS;

/// The page, relative to the project.
pub(crate) const PAGE: &str = "crates/cli/src/docs.html";

const TEMPLATE: &str = include_str!("docs.html");

/// The page, from the document and the README of each client.
///
/// # Errors
/// When either lacks what the page shows, or the template asks for something else.
pub(super) fn page(root: &Path, document: &Value) -> anyhow::Result<String> {
    let text = |pointer: &str| schemas::text_at(document, pointer);
    let login = "/components/schemas/LoginRequest/example";
    super::filled(TEMPLATE, |key| {
        Ok(match key {
            "mark" => super::MARK.to_owned(),
            "title" | "version" => escaped(text(&format!("/info/{key}"))?),
            "application" => escaped(text(&format!("{login}/appId"))?),
            "secret" => escaped(text(&format!("{login}/secret"))?),
            "login" => operation(document, "login")?.path.to_owned(),
            "invalid-token" => code_with_action(document, "log-in-again")?.to_owned(),
            "catalog" => catalog(document, false),
            "catalog of subtasks" => catalog(document, true),
            "languages" => languages(root)?,
            _ => bail!("nobody knows what this is"),
        })
    })
}

/// The columns of a table of error codes after the code itself, and the members of the catalogue that they show.
const COLUMNS: [(&str, &str); 6] = [
    ("Name", "name"),
    ("The platform says", "text"),
    ("Meaning", "meaning"),
    ("Remedy", "remedy"),
    ("Who acts", "who"),
    ("A program should", "action"),
];

/// The codes of calls as a table, or those of subtasks, in the order of the catalogue.
fn catalog(document: &Value, subtasks: bool) -> String {
    let columns = COLUMNS.iter().filter(|(_, member)| !subtasks || *member != "action");
    let headings: String = columns.clone().map(|(heading, _)| format!("<th>{heading}</th>")).collect();
    let mut table =
        format!("<table class=\"codes\">\n<thead><tr><th>Code</th>{headings}</tr></thead>\n<tbody>\n");
    for (code, entry) in schemas::codes_of(document, subtasks) {
        table += &format!("<tr id=\"error-{code}\"><td><code>{code}</code></td>");
        for (_, member) in columns.clone() {
            let shown = escaped(json::text(&entry[*member]));
            let shown = if *member == "action" { shown.replace('-', " ") } else { shown };
            let source = entry["source"].as_str().filter(|_| *member == "meaning");
            let source = source.map(|source| format!("<br><small>{}</small>", escaped(source)));
            table += &format!("<td>{shown}{}</td>", source.unwrap_or_default());
        }
        table += "</tr>\n";
    }
    table + "</tbody>\n</table>"
}

/// How to get started in each language, to be unfolded.
fn languages(root: &Path) -> anyhow::Result<String> {
    let mut shown = String::new();
    for (name, title) in CLIENTS {
        let readme = crate::read(root, &format!("spec/clients/{name}/README.md"))?;
        let (_, text) = readme.split_once('\n').context("a heading stands alone")?;
        write!(shown, "<details><summary>{}</summary>\n{}</details>\n", escaped(title), without_links(text))?;
    }
    Ok(shown.trim_end().to_owned())
}

/// Markdown as HTML. The page stands elsewhere than the README, so its links would lead nowhere.
fn without_links(markdown: &str) -> String {
    let is_link =
        |event: &Event<'_>| matches!(event, Event::Start(Tag::Link { .. }) | Event::End(TagEnd::Link));
    let mut shown = String::new();
    html::push_html(&mut shown, Parser::new(markdown).filter(|event| !is_link(event)));
    shown
}

fn code_with_action<'document>(document: &'document Value, action: &str) -> anyhow::Result<&'document str> {
    let found = schemas::error_catalog(document).find(|(_, entry)| entry["action"] == action);
    found.map(|(code, _)| code.as_str()).with_context(|| format!("no code of the catalogue asks to {action}"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_catalogue_says_is_text_and_no_markup() {
        let entry = json!({ "name": "A", "text": "<b> & \"c\"", "meaning": "M", "remedy": "R", "who": "W", "action": "fix-request" });
        let table = catalog(&json!({ "components": { "x-error-catalog": { "1": entry } } }), false);
        assert!(table.contains("<td>&lt;b&gt; &amp; &quot;c&quot;</td>"), "{table}");
        assert!(table.contains("<td>R</td><td>W</td><td>fix request</td>"), "{table}");
    }

    #[test]
    fn a_readme_is_shown_without_its_links() {
        let shown = without_links("Needs [Go](x).\n\n```sh\ngo <a>\n```\n");
        assert_eq!(shown, "<p>Needs Go.</p>\n<pre><code class=\"language-sh\">go &lt;a&gt;\n</code></pre>\n");
    }
}
