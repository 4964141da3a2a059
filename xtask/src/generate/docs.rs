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
            "catalog" => catalog(document),
            "languages" => languages(root)?,
            _ => bail!("nobody knows what this is"),
        })
    })
}

/// The error catalogue as a table, in its own order.
fn catalog(document: &Value) -> String {
    let mut table = "<table class=\"codes\">\n<thead><tr><th>Code</th><th>Name</th><th>The platform says</th><th>Meaning</th>\
                     <th>Remedy</th><th>A program should</th></tr></thead>\n<tbody>\n"
        .to_owned();
    for (code, entry) in schemas::error_catalog(document) {
        let cell = |member: &str| escaped(json::text(&entry[member]));
        let source = entry["source"].as_str().map(|source| format!("<br><small>{}</small>", escaped(source)));
        let source = source.unwrap_or_default();
        table += &format!(
            "<tr id=\"error-{code}\"><td><code>{code}</code></td><td>{}</td><td>{}</td><td>{}{source}</td><td>{}</td><td>{}</td></tr>\n",
            cell("name"),
            cell("text"),
            cell("meaning"),
            cell("remedy"),
            cell("action").replace('-', " "),
        );
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
        let entry = json!({ "name": "A", "text": "<b> & \"c\"", "meaning": "M", "remedy": "R", "action": "fix-request" });
        let table = catalog(&json!({ "components": { "x-error-catalog": { "1": entry } } }));
        assert!(table.contains("<td>&lt;b&gt; &amp; &quot;c&quot;</td>"), "{table}");
        assert!(table.contains("<td>R</td><td>fix request</td>"), "{table}");
    }

    #[test]
    fn a_readme_is_shown_without_its_links() {
        let shown = without_links("Needs [Go](x).\n\n```sh\ngo <a>\n```\n");
        assert_eq!(shown, "<p>Needs Go.</p>\n<pre><code class=\"language-sh\">go &lt;a&gt;\n</code></pre>\n");
    }
}
