//! Responses: progenitor makes one type of all successes of an operation and one of all errors, and panics if it cannot.

use serde_json::Value;

use super::finding::Findings;
use super::operations::shown;
use super::outline::{Kind, Node, Outline};

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    for operation in outline.of_kind(Kind::Operation) {
        let answers: Vec<Answer<'_, '_>> = outline
            .below(operation, "responses")
            .filter_map(|node| {
                Some(Answer { at: &node.pointer, status: node.name(), response: outline.resolve(node)? })
            })
            .collect();
        statuses(operation, &answers, findings);
        one_type(outline, operation, &answers, findings);
        for answer in
            answers.iter().filter(|answer| answer.is_error() && json(outline, answer.response).is_none())
        {
            findings.report(
                "error-without-body",
                answer.at,
                format!("the error {} of {} has no `application/json` body", answer.status, shown(operation)),
                "give it the error schema that all other errors have",
            );
        }
    }
    outline.of_kind(Kind::MediaType).for_each(|media| body_parts(media, findings));
}

/// A response of an operation: where it is listed, under which status, and what it is.
struct Answer<'n, 'a> {
    at: &'n str,
    status: String,
    response: &'n Node<'a>,
}

impl Answer<'_, '_> {
    fn is_success(&self) -> bool {
        self.status.starts_with('2')
    }

    fn is_client_error(&self) -> bool {
        self.status.starts_with('4')
    }

    fn is_error(&self) -> bool {
        self.is_client_error() || self.status.starts_with('5')
    }
}

fn statuses(operation: &Node<'_>, answers: &[Answer<'_, '_>], findings: &mut Findings<'_>) {
    let place = operation.at("responses");
    if !answers.iter().any(Answer::is_success) {
        findings.report(
            "missing-success",
            &place,
            format!("{} has no response for success", shown(operation)),
            "describe the response 200",
        );
    }
    if !answers.iter().any(Answer::is_client_error) {
        findings.report(
            "missing-client-error",
            &place,
            format!("{} has no response between 400 and 499", shown(operation)),
            "describe what a caller gets who does something wrong",
        );
    }
    for answer in answers {
        if answer.status == "default" {
            findings.report(
                "default-response",
                answer.at,
                "progenitor takes `default` for a success and for an error, and panics if it has another type",
                "list the statuses one by one",
            );
        } else if answer.status.ends_with("XX") {
            findings.report(
                "status-range",
                answer.at,
                format!("beside `{}`, a single status becomes a branch that is never reached", answer.status),
                "list the statuses one by one",
            );
        }
    }
}

fn one_type(
    outline: &Outline<'_>,
    operation: &Node<'_>,
    answers: &[Answer<'_, '_>],
    findings: &mut Findings<'_>,
) {
    for (rule, noun) in [("two-success-types", "success"), ("two-error-types", "error")] {
        let is_error = noun == "error";
        let belongs =
            |answer: &&Answer<'_, '_>| if is_error { answer.is_error() } else { answer.is_success() };
        let mut first: Option<(&str, Body<'_>)> = None;
        for answer in answers.iter().filter(belongs) {
            let this = body(outline, answer.response);
            // An error without a body has its own rule.
            if this.is_none() && is_error {
                continue;
            }
            match &first {
                None => first = Some((&answer.status, this)),
                Some((status, other)) if *other != this => findings.report(
                    rule,
                    answer.at,
                    format!(
                        "{} has another {noun} type for {} than for {status}",
                        shown(operation),
                        answer.status
                    ),
                    format!("give all {noun} responses of the operation the same schema"),
                ),
                Some(_) => {}
            }
        }
    }
}

/// The schema of a response's JSON body, by which progenitor tells types apart; `None` without one.
type Body<'a> = Option<&'a Value>;

fn body<'a>(outline: &Outline<'a>, response: &Node<'a>) -> Body<'a> {
    json(outline, response).and_then(|media| media.get("schema"))
}

/// The JSON body of a response.
pub(super) fn json<'n, 'a>(outline: &'n Outline<'a>, response: &'n Node<'a>) -> Option<&'n Node<'a>> {
    let mut bodies = outline.below(response, "content");
    bodies.find(|media| media.name().split(';').next() == Some("application/json"))
}

fn body_parts(media: &Node<'_>, findings: &mut Findings<'_>) {
    if media.get("schema").is_none() {
        findings.report(
            "body-schema",
            &media.pointer,
            "the body has no `schema`, so that progenitor has no type for it",
            "add a `schema`",
        );
    }
    if media.get("encoding").is_some() {
        findings.report(
            "body-encoding",
            &media.at("encoding"),
            "progenitor panics on `encoding`",
            "remove it: neither JSON nor a form of plain members needs one",
        );
    }
}
