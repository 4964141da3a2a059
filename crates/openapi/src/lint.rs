//! The rules that no well-known linter has, or that the client generator needs, and one call that reports all breaches at once.
//!
//! First the official schema of OpenAPI 3.0, then what would make the client generator stumble, then our own rules.
//! A rule looks at the raw tree and takes nothing for granted: a document that is broken in one place is still
//! checked everywhere else.

mod calls;
mod errors;
mod explain_schema_error;
mod extensions;
mod finding;
mod json_schema;
mod names;
mod null;
mod official;
mod one_node;
mod outline;
mod references;
mod rules;

use crate::document::Document;

pub use extensions::extensions;
pub use finding::Finding;
use finding::Findings;
pub use json_schema::validator;
pub use names::variant_text;
use outline::Outline;
pub use rules::rules;

/// Checks the document against every rule.
///
/// Returns all findings in the order of the text; none means that the document may be generated from.
pub fn lint(document: &Document) -> Vec<Finding> {
    let outline = Outline::of(document.value());
    let mut findings = Findings::new(document);
    official::check(document.value(), &mut findings);
    one_node::check(&outline, &mut findings);
    references::check(&outline, &mut findings);
    names::check(&outline, &mut findings);
    calls::check(&outline, &mut findings);
    null::check(&outline, &mut findings);
    errors::check(&outline, document.value(), &mut findings);
    extensions::check(&outline, document, &mut findings);
    findings.sorted()
}
