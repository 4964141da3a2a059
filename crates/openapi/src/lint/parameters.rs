//! Parameters: where they go, how they are written, and that path and operation agree about them.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase as _;

use super::finding::Findings;
use super::operations::{of_path, parameters_of, shown};
use super::outline::{Kind, Node, Outline};

/// Headers that a document has to leave to its security schemes and media types.
const RESERVED_HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    for parameter in outline.of_kind(Kind::Parameter).filter(|parameter| parameter.reference().is_none()) {
        location(outline, parameter, findings);
        style(parameter, findings);
        content(parameter, findings);
    }
    for item in outline.of_kind(Kind::PathItem) {
        doubled(outline, item, findings);
        for operation in of_path(outline, item) {
            doubled(outline, operation, findings);
            let parameters = effective(outline, item, operation);
            names(operation, &parameters, findings);
            path_parameters(item, operation, &parameters, findings);
        }
    }
}

/// A parameter of an operation: where it is listed, and what it is.
struct Listed<'n, 'a> {
    at: &'n str,
    parameter: &'n Node<'a>,
}

impl Listed<'_, '_> {
    fn name(&self) -> &str {
        self.parameter.text("name").unwrap_or_default()
    }

    fn place(&self) -> &str {
        self.parameter.text("in").unwrap_or_default()
    }
}

fn listed<'n, 'a>(outline: &'n Outline<'a>, owner: &'n Node<'a>) -> impl Iterator<Item = Listed<'n, 'a>> {
    outline.below(owner, "parameters").filter_map(|node| {
        let parameter = outline.resolve(node)?;
        parameter.text("name").is_some().then_some(Listed { at: &node.pointer, parameter })
    })
}

/// The parameters of an operation: its own, and those of the path that it does not replace.
fn effective<'n, 'a>(
    outline: &'n Outline<'a>,
    item: &'n Node<'a>,
    operation: &'n Node<'a>,
) -> Vec<Listed<'n, 'a>> {
    let own: Vec<Listed<'_, '_>> = listed(outline, operation).collect();
    let replaced = |other: &Listed<'_, '_>| {
        own.iter().any(|mine| mine.name() == other.name() && mine.place() == other.place())
    };
    let inherited: Vec<Listed<'_, '_>> = listed(outline, item).filter(|other| !replaced(other)).collect();
    own.into_iter().chain(inherited).collect()
}

fn location(outline: &Outline<'_>, parameter: &Node<'_>, findings: &mut Findings<'_>) {
    let Some(name) = parameter.text("name") else { return };
    match parameter.text("in") {
        Some("cookie") => findings.report(
            "parameter-location",
            &parameter.at("in"),
            format!("progenitor cannot send the parameter `{name}` in a cookie"),
            "send it in the query or in a header",
        ),
        Some("header") => {
            let is_reserved = RESERVED_HEADERS.iter().any(|reserved| name.eq_ignore_ascii_case(reserved));
            let secures = |scheme: &Node<'_>| {
                scheme.text("in") == Some("header")
                    && scheme.text("name").is_some_and(|header| header.eq_ignore_ascii_case(name))
            };
            if is_reserved || outline.of_kind(Kind::SecurityScheme).any(secures) {
                findings.report(
                    "parameter-location",
                    &parameter.pointer,
                    format!("the header `{name}` comes from a security scheme or media type"),
                    "remove the parameter, and name the scheme under `security`",
                );
            }
        }
        _ => {}
    }
}

fn style(parameter: &Node<'_>, findings: &mut Findings<'_>) {
    let supported = match parameter.text("in") {
        Some("query") => "form",
        Some("path" | "header") => "simple",
        _ => return,
    };
    if let Some(style) = parameter.text("style").filter(|style| *style != supported) {
        findings.report(
            "parameter-style",
            &parameter.at("style"),
            format!("progenitor does not know the style `{style}`"),
            format!("remove it: `{supported}` is the default"),
        );
    }
}

fn content(parameter: &Node<'_>, findings: &mut Findings<'_>) {
    if parameter.get("content").is_some() {
        findings.report(
            "parameter-content",
            &parameter.at("content"),
            "progenitor reads only parameters that have a `schema`",
            "describe the parameter with `schema` instead of `content`",
        );
    }
    if parameter.text("in") == Some("path") && !parameter.is_true("required") {
        findings.report(
            "path-parameter",
            &parameter.pointer,
            "a parameter of the path is not marked as required",
            "add `required: true`, a path has no gaps",
        );
    }
}

fn doubled(outline: &Outline<'_>, owner: &Node<'_>, findings: &mut Findings<'_>) {
    let mut seen = BTreeSet::new();
    for parameter in listed(outline, owner) {
        if !seen.insert((parameter.name().to_owned(), parameter.place().to_owned())) {
            findings.report(
                "double-parameter",
                parameter.at,
                format!("the {} parameter `{}` is listed twice", parameter.place(), parameter.name()),
                "remove one of the two",
            );
        }
    }
}

fn names(operation: &Node<'_>, parameters: &[Listed<'_, '_>], findings: &mut Findings<'_>) {
    let mut first: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    if operation.get("requestBody").is_some() {
        first.insert("body".to_owned(), ("the request body", ""));
    }
    for parameter in parameters {
        let field = parameter.name().to_snake_case();
        let this = (parameter.name(), parameter.place());
        match first.get(&field) {
            // The same name at the same place is reported as doubled.
            Some(other) if *other == this => {}
            Some((other, _)) => findings.report(
                "parameter-name",
                parameter.at,
                format!("`{}` and `{other}` would both become the argument `{field}`", this.0),
                format!("rename one of them in {}", shown(operation)),
            ),
            None => drop(first.insert(field, this)),
        }
    }
}

fn path_parameters(
    item: &Node<'_>,
    operation: &Node<'_>,
    parameters: &[Listed<'_, '_>],
    findings: &mut Findings<'_>,
) {
    // A path that cannot be read is reported as such.
    let Ok(wanted) = parameters_of(&item.name()) else { return };
    let declared: Vec<&Listed<'_, '_>> = parameters.iter().filter(|one| one.place() == "path").collect();
    for name in &wanted {
        if !declared.iter().any(|parameter| parameter.name() == name) {
            findings.report(
                "path-parameter",
                &operation.pointer,
                format!("{} does not declare `{name}` of its path", shown(operation)),
                format!("add a parameter `name: {name}`, `in: path`, `required: true`"),
            );
        }
    }
    for parameter in declared {
        if !wanted.iter().any(|name| name == parameter.name()) {
            findings.report(
                "path-parameter",
                parameter.at,
                format!("the path has no `{{{}}}`", parameter.name()),
                "remove the parameter, or add it to the path",
            );
        }
    }
}
