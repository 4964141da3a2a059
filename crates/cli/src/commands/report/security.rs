//! What a page of ours may do in a browser: run its own script under its own style, and nothing else.

use base64::Engine as _;
use ring::digest::{SHA256, digest};

/// The policy of a page with one style and one script, both inline: <https://www.w3.org/TR/CSP3/>.
pub(super) fn policy(style: &str, script: &str) -> String {
    let hash =
        |text: &str| base64::engine::general_purpose::STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let (style, script) = (hash(style), hash(script));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_allowed_but_what_has_the_hash() {
        // printf alert | openssl dgst -sha256 -binary | base64; the same of nothing.
        assert_eq!(
            policy("", "alert"),
            "default-src 'none'; style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; \
             script-src 'sha256-35BQWN1npAn++BSA6B5HNlcrDttNf7mHxpXNB+Jg7IE='; base-uri 'none'; form-action 'none'"
        );
    }
}
