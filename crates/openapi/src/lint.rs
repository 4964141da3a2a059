//! Every rule that the document has to keep, and one call that reports all breaches at once.
//!
//! First the official schema of OpenAPI 3.0, then what would make the client generator stumble, then our own rules.
//! A rule looks at the raw tree and takes nothing for granted: a document that is broken in one place is still
//! checked everywhere else.

mod bounds;
mod components;
mod culprit;
mod described;
mod errors;
mod examples;
mod extensions;
mod finding;
mod json_schema;
mod names;
mod official;
mod operations;
mod outline;
mod parameters;
mod references;
mod replies;
mod responses;
mod schemas;

use jsonschema::Validator;
use serde_json::Value;

use crate::document::Document;

pub use extensions::extensions;
pub use finding::Finding;
use finding::Findings;
pub use names::variant_text;
use outline::Outline;

/// The ids of all rules, in the order of the alphabet.
pub const RULES: [&str; 74] = [
    "body-encoding",
    "body-schema",
    "bounds-format",
    "bounds-order",
    "catalog-entry",
    "catalog-unused",
    "closed-reply",
    "code-without-example",
    "codes-double",
    "codes-missing",
    "codes-unknown",
    "component-name",
    "content-schema",
    "default-invalid",
    "default-response",
    "document-version",
    "double-parameter",
    "embedded-example",
    "enum-double",
    "enum-name",
    "enum-type",
    "enum-varnames",
    "error-without-body",
    "example-code",
    "example-invalid",
    "exclusive-without-bound",
    "external-ref",
    "integer-format",
    "integer-minimum",
    "items-missing",
    "keyword-type",
    "known-values",
    "lifecycle",
    "missing-client-error",
    "missing-description",
    "missing-example",
    "missing-security",
    "missing-success",
    "nullable-forbidden",
    "nullable-required",
    "nullable-without-type",
    "openapi-model",
    "openapi-schema",
    "openapi-version",
    "operation-id",
    "parameter-content",
    "parameter-location",
    "parameter-name",
    "parameter-style",
    "path-item-ref",
    "path-parameter",
    "path-template",
    "platform-edition",
    "property-name",
    "quota",
    "ref-circle",
    "ref-kind",
    "ref-siblings",
    "ref-to-nothing",
    "reply-constraint",
    "reply-nullable",
    "reply-required",
    "request-media-type",
    "required-undeclared",
    "schema-name",
    "status-range",
    "two-error-types",
    "two-success-types",
    "type-missing",
    "undeclared-tag",
    "undefined-security",
    "unknown-extension",
    "unknown-keyword",
    "unused-component",
];

/// Checks the document against every rule.
///
/// Returns all findings in the order of the text; none means that the document may be generated from.
pub fn lint(document: &Document) -> Vec<Finding> {
    let outline = Outline::of(document.value());
    let mut findings = Findings::new(document);
    official::check(&outline, &mut findings);
    references::check(&outline, &mut findings);
    operations::check(&outline, &mut findings);
    parameters::check(&outline, &mut findings);
    responses::check(&outline, &mut findings);
    schemas::check(&outline, &mut findings);
    names::check(&outline, &mut findings);
    bounds::check(&outline, &mut findings);
    described::check(&outline, &mut findings);
    examples::check(&outline, &mut findings);
    errors::check(&outline, document, &mut findings);
    replies::check(&outline, &mut findings);
    extensions::check(&outline, document, &mut findings);
    components::check(&outline, &mut findings);
    findings.sorted()
}

/// What validates JSON against a schema of the document; none if the schema is too broken for that.
pub fn validator(document: &Document, schema: &Value) -> Option<Validator> {
    json_schema::Translated::of(&Outline::of(document.value())).validator(schema)
}
