//! Recognises an error of the platform in a body that did not decode as what was expected.
//!
//! This is the one file of the crate that names members of a body: services answer with one pair, the gateway in front of
//! them with another, under any status. Only members at the top count: a good page may hold `error_code` inside a subtask.

use northbound_client::types::ErrorResponse;
use northbound_client::{ErrorCode, Exact, Members};

const ENVELOPES: [(&str, &str); 2] = [("error_code", "error_desc"), ("resultcode", "resultmsg")];

/// In bytes. A longer body is not searched for an error, because that could take too long after a deadline.
const LONGEST: usize = 1024 * 1024;

/// A page must have this member.
pub(crate) const ROWS: &str = "taskDetails";
/// The reply to a login must have this member.
pub(crate) const TOKEN: &str = "accessToken";
/// The reply to a create must have this member.
pub(crate) const CREATED_TASK: &str = "taskID";
/// A batch task that has any member has this one.
pub(crate) const TASK: &str = "taskId";

/// Whether a body has a member at its top, even if it is null.
pub(crate) fn has_member(body: &[u8], member: &str) -> bool {
    Members::in_body(body).is_some_and(|members| members.get(member).is_some())
}

/// Whether a body may hold a token, whatever its form: then no message shows it.
pub(crate) fn may_hold_token(body: &str) -> bool {
    body.to_ascii_lowercase().contains("token")
}

/// What the platform says of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) code: ErrorCode,
    pub(crate) description: Option<String>,
}

impl Envelope {
    /// Looks for an error among members at the top of a body.
    pub(crate) fn among(members: &Members) -> Option<Self> {
        if members.json().len() > LONGEST {
            return None;
        }
        ENVELOPES.iter().find_map(|(code, description)| {
            let code = members.get(code)?.decode().ok().filter(is_code)?;
            let description = members.get(description).filter(|value| !value.is_null());
            Some(Self { code, description: description.map(Exact::to_text).map(Into::into) })
        })
    }

    /// Whether the code means success: some gateways add such a code to a good reply.
    pub(crate) fn is_success(&self) -> bool {
        self.code.as_str() == "0"
    }

    /// Looks for an error in a whole body.
    pub(crate) fn in_body(body: &[u8]) -> Option<Self> {
        if body.len() > LONGEST {
            return None;
        }
        Self::among(&Members::in_body(body)?)
    }

    /// Looks for an error in a body that decoded as one.
    pub(crate) fn of(response: &ErrorResponse) -> Option<Self> {
        let ErrorResponse { error_code, error_desc, resultcode, resultmsg, .. } = response;
        [(error_code, error_desc), (resultcode, resultmsg)].into_iter().find_map(|(code, description)| {
            let code = code.clone().filter(is_code)?;
            Some(Self { code, description: description.clone() })
        })
    }
}

fn is_code(code: &ErrorCode) -> bool {
    !code.as_str().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> Option<String> {
        Envelope::in_body(body.as_bytes()).map(|envelope| envelope.code.to_string())
    }

    #[test]
    fn a_code_is_found_in_a_body_that_has_to_be_repaired() {
        for body in [
            "\u{feff}{\"error_code\":\"1010005\"}",
            "{\"error_code\":\"1010005\",\"error_desc\":\"a\nb\"}\0",
            "{\"error_code\":\"1010005\",\"error_desc\":\"\\ud83d\"}",
            "{\"error_code\":\"1\",\"error_code\":\"1010005\"}",
            "{\"error_code\":1010005.0}",
        ] {
            assert_eq!(code(body).as_deref(), Some("1010005"), "{body}");
        }
    }

    #[test]
    fn a_code_of_many_digits_keeps_them() {
        assert_eq!(code(r#"{"error_code":89860000000000000001}"#).as_deref(), Some("89860000000000000001"));
    }

    #[test]
    fn an_empty_code_gives_way_to_the_other_envelope() {
        let body = r#"{"error_code":"","resultcode":"1010005"}"#;
        assert_eq!(code(body).as_deref(), Some("1010005"));
        let decoded = serde_json::from_str(body).unwrap();
        assert_eq!(Envelope::of(&decoded), Envelope::in_body(body.as_bytes()));
        assert_eq!(Envelope::of(&serde_json::from_str(r#"{"error_code":""}"#).unwrap()), None);
    }

    #[test]
    fn only_a_code_at_the_top_is_an_error() {
        assert_eq!(code(r#"{"taskDetails":[{"error":{"error_code":"100022"}}]}"#), None);
        assert_eq!(code(r#"{"error_code":null}"#), None);
        assert_eq!(code(r#"{"error_code":""}"#), None);
        assert_eq!(code(r#"["error_code"]"#), None);
        assert_eq!(code("<html>error_code</html>"), None);
        assert_eq!(code(""), None);
    }
}
