//! From the errors of a JSON Schema validator to what a person did wrong.
//!
//! A validator says of a misspelt keyword only that the value fits none of the forms allowed in `oneOf`. The form
//! that was meant is found here, and its own errors are told instead.

use std::collections::BTreeSet;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::document::pointer::child;

/// What is said of a list with equal items.
pub(super) const TWICE: &str = "the list holds an item twice";

/// One fault of a value, below the value that was checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Culprit {
    pub(super) pointer: String,
    pub(super) message: String,
    /// The member that should not be there, if that is the fault.
    pub(super) unknown: Option<String>,
}

/// What is behind the errors, each fault once, in the order of their pointers.
pub(super) fn culprits<'e>(errors: impl IntoIterator<Item = ValidationError<'e>>) -> BTreeSet<Culprit> {
    let errors: Vec<_> = errors.into_iter().collect();
    let mut found = BTreeSet::new();
    errors.iter().for_each(|error| collect(error, &errors, &mut found));
    found
}

fn collect(error: &ValidationError<'_>, siblings: &[ValidationError<'_>], found: &mut BTreeSet<Culprit>) {
    let pointer = error.instance_path().as_str();
    match error.kind() {
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            match options_of_all(context) {
                Some((pointer, options)) => {
                    let message = format!("the value is none of {}", options.join(", "));
                    found.insert(Culprit { pointer, message, unknown: None });
                }
                None => meant(context).iter().for_each(|error| collect(error, meant(context), found)),
            }
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                found.insert(Culprit {
                    pointer: child(pointer, name),
                    message: format!("unknown keyword `{name}`"),
                    unknown: Some(name.clone()),
                });
            }
        }
        // A list where a text belongs is none of the allowed texts either: once is enough.
        ValidationErrorKind::Enum { .. } if siblings.iter().any(|other| is_type_error_at(other, pointer)) => {
        }
        kind => {
            let message = message(kind, error);
            found.insert(Culprit { pointer: pointer.to_owned(), message, unknown: None });
        }
    }
}

fn is_type_error_at(error: &ValidationError<'_>, pointer: &str) -> bool {
    error.instance_path().as_str() == pointer && matches!(error.kind(), ValidationErrorKind::Type { .. })
}

/// The errors of the form that was most likely meant: not ruled out by `$ref` or by a member that names the form,
/// and the one whose errors lie deepest, because the most of it fits.
fn meant<'c>(context: &'c [Vec<ValidationError<'static>>]) -> &'c [ValidationError<'static>] {
    let depth = |error: &ValidationError<'_>| error.instance_path().as_str().matches('/').count();
    context
        .iter()
        .min_by_key(|errors| {
            let deepest = errors.iter().map(depth).max().unwrap_or(0);
            (errors.iter().any(rules_out), usize::MAX - deepest, errors.len())
        })
        .map_or(&[], Vec::as_slice)
}

fn rules_out(error: &ValidationError<'static>) -> bool {
    match error.kind() {
        ValidationErrorKind::Required { property } => property == "$ref",
        ValidationErrorKind::Enum { options } => {
            let names_the_form = ["/in", "/type", "/scheme"];
            options.as_array().is_some_and(|options| options.len() == 1)
                && names_the_form.iter().any(|end| error.instance_path().as_str().ends_with(end))
        }
        _ => false,
    }
}

/// When every form asks for another value of the same member, that member is the fault.
fn options_of_all(context: &[Vec<ValidationError<'static>>]) -> Option<(String, Vec<String>)> {
    let pointer = context.first()?.iter().find(|error| rules_out(error))?.instance_path().as_str();
    let mut all = Vec::new();
    for errors in context {
        let options = errors.iter().find_map(|error| match error.kind() {
            ValidationErrorKind::Enum { options } if error.instance_path().as_str() == pointer => {
                Some(options)
            }
            _ => None,
        });
        all.extend(options?.as_array()?.iter().map(shown));
    }
    Some((pointer.to_owned(), all))
}

fn message(kind: &ValidationErrorKind, error: &ValidationError<'_>) -> String {
    let value = shown(error.instance());
    match kind {
        ValidationErrorKind::Required { property } => format!("the member {} is missing", shown(property)),
        ValidationErrorKind::Type { kind } => format!("{value} is not of type {}", types(kind)),
        ValidationErrorKind::Enum { options } => {
            let options: Vec<String> = options.as_array().into_iter().flatten().map(shown).collect();
            format!("{value} is none of {}", options.join(", "))
        }
        ValidationErrorKind::Not { schema } => match exclusive_members(schema) {
            Some(members) => format!("{members} exclude each other"),
            None => format!("{value} has a form that is forbidden here"),
        },
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            format!("{value} fits several forms that exclude each other")
        }
        ValidationErrorKind::Maximum { limit } => format!("{value} is above the maximum {limit}"),
        ValidationErrorKind::Minimum { limit } => format!("{value} is below the minimum {limit}"),
        ValidationErrorKind::MaxLength { limit } => format!("{value} is longer than {limit} characters"),
        ValidationErrorKind::MinLength { limit } => format!("{value} is shorter than {limit} characters"),
        ValidationErrorKind::Pattern { pattern } => format!("{value} does not match the pattern `{pattern}`"),
        ValidationErrorKind::Format { format } => format!("{value} is no {format}"),
        ValidationErrorKind::UniqueItems => TWICE.to_owned(),
        _ => error.masked_with(value).to_string(),
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(several) => {
            several.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or ")
        }
    }
}

/// The members of `not: {required: […]}`.
fn exclusive_members(schema: &Value) -> Option<String> {
    let members: Vec<String> = schema.get("required")?.as_array()?.iter().map(shown).collect();
    Some(members.join(" and "))
}

/// A value as a message can hold it.
pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => format!("`{text}`"),
        Value::Array(_) => "the list".to_owned(),
        Value::Object(_) => "the mapping".to_owned(),
        other => other.to_string(),
    };
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…`", &text[..end]),
        None => text,
    }
}

/// Where the culprit stands in the document, when the checked value stands at `base`.
pub(super) fn place(base: &str, culprit: &Culprit) -> String {
    format!("{base}{}", culprit.pointer)
}
