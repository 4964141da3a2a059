//! From the errors of a JSON Schema validator to what a person did wrong.
//!
//! A validator says of a misspelt keyword only that the value fits none of the forms allowed in `oneOf`. The form
//! that was meant is found here, and its own errors are reported instead.

use std::collections::BTreeSet;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use crate::document::pointer::child;

/// How the message begins that a member should not be there.
pub(super) const UNKNOWN: &str = "unknown keyword";

/// One fault of a value, below the value that was checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fault {
    pub(super) pointer: String,
    pub(super) message: String,
}

/// What is behind the errors, each fault once, in the order of their pointers.
pub(super) fn explain<'e>(errors: impl IntoIterator<Item = ValidationError<'e>>) -> BTreeSet<Fault> {
    let mut found = BTreeSet::new();
    errors.into_iter().for_each(|error| collect(&error, &mut found));
    // A list where a text belongs is none of the allowed texts either: the type is enough.
    let mistyped: Vec<String> = found
        .iter()
        .filter(|fault| fault.message.contains(" is not of type"))
        .map(|fault| fault.pointer.clone())
        .collect();
    found.retain(|fault| !(mistyped.contains(&fault.pointer) && fault.message.contains(" is none of ")));
    found
}

fn collect(error: &ValidationError<'_>, found: &mut BTreeSet<Fault>) {
    let pointer = error.instance_path().as_str();
    let mut add = |pointer: &str, message: String| {
        found.insert(Fault { pointer: pointer.to_owned(), message });
    };
    match error.kind() {
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            match options_of_all(context) {
                Some((pointer, options)) => {
                    add(&pointer, format!("the value is none of {}", options.join(", ")))
                }
                None => meant(context).iter().for_each(|error| collect(error, found)),
            }
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                add(&child(pointer, name), format!("{UNKNOWN} `{name}`"));
            }
        }
        ValidationErrorKind::Enum { options } => {
            let options: Vec<String> = options.as_array().into_iter().flatten().map(shown).collect();
            add(pointer, format!("{} is none of {}", shown(error.instance()), options.join(", ")));
        }
        _ => add(pointer, error.masked_with(shown(error.instance())).to_string()),
    }
}

/// The errors of the form that was most likely meant: not ruled out by `$ref` or by a member that names the form,
/// and the one whose errors lie deepest, because the most of it fits.
fn meant<'c>(context: &'c [Vec<ValidationError<'static>>]) -> &'c [ValidationError<'static>] {
    let depth = |error: &ValidationError<'_>| error.instance_path().as_str().matches('/').count();
    let likely = context.iter().min_by_key(|errors| {
        let deepest = errors.iter().map(depth).max().unwrap_or(0);
        (errors.iter().any(rules_out), usize::MAX - deepest, errors.len())
    });
    likely.map_or(&[], Vec::as_slice)
}

fn rules_out(error: &ValidationError<'static>) -> bool {
    names_the_form(error).is_some()
        || matches!(error.kind(), ValidationErrorKind::Required { property } if property == "$ref")
}

/// The member that names a form and has the name of another one, and the name that this form has.
fn names_the_form<'e>(error: &'e ValidationError<'static>) -> Option<(&'e str, &'e Value)> {
    let (ValidationErrorKind::Enum { options }, pointer) = (error.kind(), error.instance_path().as_str())
    else {
        return None;
    };
    let [option] = options.as_array()?.as_slice() else { return None };
    ["/in", "/type", "/scheme"].iter().any(|end| pointer.ends_with(end)).then_some((pointer, option))
}

/// When every form asks for another value of the same member, that member is the fault.
fn options_of_all(context: &[Vec<ValidationError<'static>>]) -> Option<(String, Vec<String>)> {
    let named = context.iter().map(|errors| errors.iter().find_map(names_the_form));
    let named = named.collect::<Option<Vec<_>>>()?;
    let (pointer, _) = *named.first()?;
    let is_one = named.iter().all(|(other, _)| *other == pointer);
    is_one.then(|| (pointer.to_owned(), named.iter().map(|(_, option)| shown(option)).collect()))
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
