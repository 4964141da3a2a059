//! The gateway's own errors, which the platform does not have. Their codes are words, so that nobody takes one for the platform's.

use axum::http::StatusCode;

/// An error that the gateway itself reports.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) code: &'static str,
    pub(crate) status: StatusCode,
    #[cfg_attr(not(feature = "openapi"), allow(dead_code, reason = "it is for the document"))]
    pub(crate) meaning: &'static str,
    pub(crate) remedy: &'static str,
}

macro_rules! own {
    ($($name:ident $code:literal $status:ident: $meaning:literal, $remedy:literal;)+) => {
        $(pub(crate) const $name: Own =
            Own { code: $code, status: StatusCode::$status, meaning: $meaning, remedy: $remedy };)+

        /// All of them.
        #[cfg(any(feature = "openapi", test))]
        pub(crate) const ALL: &[&Own] = &[$(&$name),+];
    };
}

own! {
    NO_ANSWER "gateway-no-answer" BAD_GATEWAY:
        "The platform gave no answer that the document describes. The gateway has repeated the call as far as that is allowed.",
        "try again later";
    TIMEOUT "gateway-timeout" GATEWAY_TIMEOUT:
        "A token, the quota or a reply did not come in time.",
        "try again later";
    OUTCOME_UNKNOWN "gateway-outcome-unknown" BAD_GATEWAY:
        "Nobody knows whether the platform has created the batch task.",
        "do not repeat the call: look for the task's name in the platform's portal first";
    CREATE_OFF "gateway-create-off" FORBIDDEN:
        "This gateway only reads.",
        "start the gateway with --allow-create and --key-file, if callers may create batch tasks";
    READ_TOO_LARGE "gateway-read-too-large" SERVICE_UNAVAILABLE:
        "The rows do not fit into the memory that reads may use.",
        "use a filter or /v1/tasks/{taskId}/subtasks, wait until other reads have ended, or start the gateway with more --memory";
    READ_ENDED "gateway-read-ended" CONFLICT:
        "The read that this page belongs to is gone, and another one may have other rows in this place.",
        "begin again at page 0";
    READ_CHANGED "gateway-read-changed" CONFLICT:
        "The platform's total of a whole task did not hold, so the pages that were handed out may lack rows.",
        "begin again at page 0";
    KEY_NEEDED "gateway-key-needed" UNAUTHORIZED:
        "This gateway has a key, and the request has neither the key nor a token from a login.",
        "send the header `Authorization: Bearer KEY`";
    FOREIGN_HOST "gateway-foreign-host" FORBIDDEN:
        "The request is for another host: a web page of another site may have sent it.",
        "use localhost, the gateway's address, or a name that --allow-host allows";
    FOREIGN_PAGE "gateway-foreign-page" FORBIDDEN:
        "A web page of another site sent the request.",
        "call the gateway from a program, or from its own page /docs/; no option allows other pages";
    BODY_TOO_LONG "gateway-body-too-long" PAYLOAD_TOO_LARGE:
        "The body of the request is longer than the gateway takes.",
        "send a shorter one";
    BODY_LATE "gateway-body-late" REQUEST_TIMEOUT:
        "The body of the request did not come in time, or broke off.",
        "send the request again";
    UNKNOWN_PATH "gateway-unknown-path" NOT_FOUND:
        "The gateway has no such path.",
        "look at the paths in /openapi.json and /platform.json";
    UNKNOWN_METHOD "gateway-unknown-method" METHOD_NOT_ALLOWED:
        "The path has no such method.",
        "look at the methods in /openapi.json and /platform.json";
    BUSY "gateway-busy" SERVICE_UNAVAILABLE:
        "The gateway answers as many callers as it can.",
        "try again later";
    STOPPING "gateway-stopping" SERVICE_UNAVAILABLE:
        "The gateway stops, and this call had not ended.",
        "send the request to the next gateway";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ_from_one_another_and_from_those_of_the_platform() {
        let mut codes: Vec<_> = ALL.iter().map(|own| own.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ALL.len());
        assert!(codes.iter().all(|code| code.starts_with("gateway-")), "{codes:?}");
    }
}
