//! What progenitor cannot make of a call: it has one type for all successes of an operation, one for all errors, and panics if
//! they differ.

use super::finding::Findings;
use super::outline::{Node, Outline};

/// Headers that a document has to leave to its security schemes and media types.
const RESERVED_HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    for operation in outline.of_kind("operation") {
        one_type(outline, operation, "two-success-types", &['2'], findings);
        one_type(outline, operation, "two-error-types", &['4', '5'], findings);
    }
    let schemes = outline.of_kind("security scheme").filter_map(|scheme| scheme.text("name"));
    let reserved: Vec<&str> = schemes.chain(RESERVED_HEADERS).collect();
    for parameter in outline.of_kind("parameter").filter(|parameter| parameter.text("in") == Some("header")) {
        let name = parameter.text("name").unwrap_or_default();
        if reserved.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
            findings.report(
                "parameter-location",
                &parameter.pointer,
                format!("the header `{name}` comes from a security scheme or media type"),
            );
        }
    }
}

fn one_type(
    outline: &Outline<'_>,
    operation: &Node<'_>,
    rule: &str,
    digits: &[char],
    findings: &mut Findings<'_>,
) {
    let mut first = None;
    for listed in outline.below(operation, "responses").filter(|listed| listed.name().starts_with(digits)) {
        let Some(response) = outline.resolve(listed) else { continue };
        let schema = json(outline, response).and_then(|media| media.get("schema"));
        if schema.is_none() && digits != ['2'] {
            findings.breach("error-without-body", &listed.pointer);
        } else if *first.get_or_insert(schema) != schema {
            findings.breach(rule, &listed.pointer);
        }
    }
}

/// The JSON body of a response.
pub(super) fn json<'n, 'a>(outline: &'n Outline<'a>, response: &'n Node<'a>) -> Option<&'n Node<'a>> {
    outline
        .below(response, "content")
        .find(|media| media.name().split(';').next() == Some("application/json"))
}
