//! JSON pointers (RFC 6901), the names by which rules, page facts and messages speak of a node.

use std::borrow::Cow;
use std::fmt::Display;

/// The pointer of a member or item of the node at `parent`.
pub fn child(parent: &str, key: impl Display) -> String {
    let key = key.to_string();
    let escaped: Cow<'_, str> = match key.contains(['~', '/']) {
        true => Cow::Owned(key.replace('~', "~0").replace('/', "~1")),
        false => Cow::Borrowed(&key),
    };
    format!("{parent}/{escaped}")
}

/// The last segment of a pointer, as it is written in the document.
pub fn last(pointer: &str) -> String {
    let segment = pointer.rsplit('/').next().unwrap_or_default();
    segment.replace("~1", "/").replace("~0", "~")
}

/// The pointer of the node that contains this one; the root is its own parent.
pub fn parent(pointer: &str) -> &str {
    pointer.rfind('/').map_or("", |slash| &pointer[..slash])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_and_tildes_survive_a_round_trip() {
        let pointer = child("/paths", "/a~b");
        assert_eq!(pointer, "/paths/~1a~0b");
        assert_eq!(last(&pointer), "/a~b");
        assert_eq!(parent(&pointer), "/paths");
    }
}
