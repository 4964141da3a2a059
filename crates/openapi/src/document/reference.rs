//! References within the document: the one place that knows what a `$ref` leads to.

use percent_encoding::percent_decode_str;
use serde_json::Value;

/// How many references may lead to one another; more are a circle.
const LONGEST: usize = 48;

/// The pointer that a reference such as `#/components/schemas/Subtask` holds; nothing, if it leads out of the document.
///
/// A reference is a URI fragment, so it may be percent-encoded; a pointer is not.
pub fn pointer(reference: &str) -> Option<String> {
    Some(percent_decode_str(reference.strip_prefix('#')?).decode_utf8_lossy().into_owned())
}

/// The node that a reference leads to, if it exists in the document.
pub fn target<'d>(document: &'d Value, reference: &str) -> Option<&'d Value> {
    document.pointer(&pointer(reference)?)
}

/// The node itself or, if it is a reference, the node at its end; nothing, if it leads nowhere or in a circle.
pub fn resolve<'d>(document: &'d Value, node: &'d Value) -> Option<&'d Value> {
    let mut node = node;
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
        let document = json!({ "a/b": { "{c}": { "$ref": "#/d" } }, "d": 1, "e": { "$ref": "#/e" }, "f": { "$ref": "g.yaml" } });
        let resolved = |reference| resolve(&document, &json!({ "$ref": reference })).cloned();
        assert_eq!(resolved("#/a~1b/%7Bc%7D"), Some(json!(1)));
        assert_eq!([resolved("#/e"), resolved("#/f"), resolved("#/h")], [None, None, None]);
        assert_eq!(resolve(&document, &document["d"]), Some(&json!(1)));
    }
}
