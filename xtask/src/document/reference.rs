//! References within a document: the one place that knows what a `$ref` leads to.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// How many references may lead to one another; more are a circle.
const LONGEST: usize = 48;

/// The pointer that a reference such as `#/components/schemas/Subtask` holds; none if it leads out of the document.
///
/// A reference is a URI fragment and may be percent-encoded. A pointer is not.
pub fn pointer(reference: &str) -> Option<String> {
    Some(percent_decode_str(reference.strip_prefix('#')?).decode_utf8_lossy().into_owned())
}

/// The node that a reference names, if the document has it.
pub fn target<'d>(document: &'d Value, reference: &str) -> Option<&'d Value> {
    document.pointer(&pointer(reference)?)
}

/// The node itself or, if it is a reference, the node at its end; none if it leads nowhere or in a circle.
pub fn resolve<'d>(document: &'d Value, mut node: &'d Value) -> Option<&'d Value> {
    for _ in 0..LONGEST {
        match node.get("$ref").and_then(Value::as_str) {
            Some(reference) => node = target(document, reference)?,
            None => return Some(node),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_are_followed_to_their_end() {
        let document = json!({ "a": { "{b}": { "$ref": "#/c" } }, "c": 1, "d": { "$ref": "#/d" } });
        let resolved = |reference| resolve(&document, &json!({ "$ref": reference })).cloned();
        assert_eq!(resolved("#/a/%7Bb%7D"), Some(json!(1)));
        assert_eq!(["#/d", "#/e", "a.yaml#/c"].map(resolved), [None, None, None]);
    }
}
