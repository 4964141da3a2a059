//! Prose that differs: what a reader sees and no program acts on.

use serde_json::Value;

use crate::document::pointer::child;

/// Members that hold prose, or show what is said elsewhere.
const PROSE: [&str; 19] = [
    "bearerFormat",
    "contact",
    "description",
    "example",
    "examples",
    "externalDocs",
    "license",
    "meaning",
    "remedy",
    "source",
    "summary",
    "termsOfService",
    "text",
    "title",
    "x-codeSamples",
    "x-platform-edition",
    "x-source",
    "variables",
    "openapi",
];

/// Members that map names to things: a name in them may look like a keyword.
const NAMES: [&str; 6] =
    ["properties", "schemas", "parameters", "responses", "x-error-catalog", "x-lifecycle"];

/// The places whose prose differs, as pointers in the order of the document.
pub(super) fn differences(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(old, new, "", false, &mut found);
    found
}

fn walk(old: &Value, new: &Value, pointer: &str, names: bool, found: &mut Vec<String>) {
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
            for key in keys {
                let (old, new) = (before.get(key), after.get(key));
                let here = child(pointer, key);
                if PROSE.contains(&key.as_str()) && !names {
                    if old != new {
                        found.push(here);
                    }
                } else if let (Some(old), Some(new)) = (old, new) {
                    walk(old, new, &here, !names && NAMES.contains(&key.as_str()), found);
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for (index, (old, new)) in before.iter().zip(after).enumerate() {
                walk(old, new, &child(pointer, index), false, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prose_is_named_and_a_member_called_like_it_is_none() {
        let old =
            json!({"info": {"title": "A"}, "s": {"properties": {"title": {"type": "string", "title": "x"}}}});
        let new = json!({"info": {"title": "B"}, "s": {"properties": {"title": {"type": "integer", "title": "y"}}}});
        assert_eq!(differences(&old, &new), ["/info/title", "/s/properties/title/title"]);
    }
}
