//! The error type of this crate: what was requested, what was found, what to do.
//!
//! What makes a call fail is in [`crate::call`]. Whether a call is retried is in `crate::call::attempts`.

mod kind;
mod remedy;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use northbound_client::{Action, ErrorCode, ErrorInfo};
use reqwest::StatusCode;

use crate::redact::excerpt;
pub(crate) use kind::Stop;
pub use kind::{ErrorKind, Incomplete};
pub use remedy::Remedy;

/// Why a call failed.
///
/// Display is one sentence of three parts: what was [asked](Self::asked), what was [found](Self::found), and the
/// [remedy](Self::remedy). The predicates look at the platform's error code first and at the HTTP status second, because on
/// this platform both throttling and a bad token have status 403, and one error with status 500 is permanent.
///
/// Neither Display nor Debug shows a secret or a token.
///
/// ```no_run
/// # async fn example(client: northbound::Client) {
/// match client.batch_task("5c8ba99030344005c02316ad").await {
///     Ok(task) => println!("{task}"),
///     Err(error) if error.is_task_not_found() => println!("no such task"),
///     Err(error) if error.is_retryable() => println!("try again later: {error}"),
///     Err(error) => println!("{} ({:?})", error, error.code()),
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Details>);

/// Everything that is known of a failed call.
#[derive(Clone, Debug)]
pub(crate) struct Details {
    kind: ErrorKind,
    asked: Option<String>,
    found: Cow<'static, str>,
    pub(crate) remedy: Remedy,
    status: Option<StatusCode>,
    code: Option<ErrorCode>,
    description: Option<String>,
    pub(crate) member: Option<String>,
    pub(crate) body: Option<String>,
    attempts: u32,
    pub(crate) incomplete: Option<Incomplete>,
    is_late: bool,
    /// Whether no byte of the request went out.
    is_unsent: bool,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A failure of a given kind: what was found, and what to do about it.
    pub(crate) fn new(
        kind: ErrorKind,
        found: impl Into<Cow<'static, str>>,
        remedy: impl Into<Remedy>,
    ) -> Self {
        let attempts = u32::from(!matches!(kind, ErrorKind::Refused | ErrorKind::NoToken));
        Self(Arc::new(Details {
            kind,
            asked: None,
            found: found.into(),
            remedy: remedy.into(),
            status: None,
            code: None,
            description: None,
            member: None,
            body: None,
            attempts,
            incomplete: None,
            is_late: false,
            is_unsent: false,
            retry_after: None,
            source: None,
        }))
    }

    /// Input that was refused before anything was sent.
    pub(crate) fn refused(found: impl Into<Cow<'static, str>>, remedy: impl Into<Remedy>) -> Self {
        Self::new(ErrorKind::Refused, found, remedy)
    }

    /// An error that the platform itself reported.
    pub(crate) fn platform(code: ErrorCode, description: Option<String>, status: StatusCode) -> Self {
        let info = code.info();
        let news = description.as_deref().filter(|text| info.is_none_or(|info| *text != info.text));
        let meaning = match (info.map(|info| clause(info.meaning)), news.map(excerpt)) {
            (Some(meaning), None) => meaning,
            (Some(meaning), Some(said)) => format!("{meaning}; the platform says {said:?}"),
            (None, Some(said)) => format!("the platform answers {said:?}"),
            (None, None) => "the platform reports an error".to_owned(),
        };
        let found = format!("{meaning} ({}, HTTP {})", excerpt(code.as_str()), status.as_u16());
        let unlisted = "look this code up in the platform's own list, since our document does not have it";
        let remedy = info.map_or(Remedy::from(unlisted), |info| clause(info.remedy).into());
        let error = Self::new(ErrorKind::Platform, found, remedy).with_status(status);
        error.with(|details| (details.description, details.code) = (description, Some(code)))
    }

    /// Changes an error. If it is shared, it is copied first, so other callers see no change.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Details)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    pub(crate) fn asking(self, asked: impl fmt::Display) -> Self {
        self.with(|details| details.asked = Some(asked.to_string()))
    }

    pub(crate) fn with_status(self, status: impl Into<Option<StatusCode>>) -> Self {
        self.with(|details| details.status = status.into())
    }

    pub(crate) fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.with(|details| details.source = Some(Arc::new(source)))
    }

    /// Notes that no byte of the request went out.
    pub(crate) fn unsent(self) -> Self {
        self.with(|details| details.is_unsent = true)
    }

    /// Whether no byte of the request went out.
    pub(crate) fn is_unsent(&self) -> bool {
        self.0.is_unsent
    }

    pub(crate) fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        self.with(|details| details.retry_after = retry_after)
    }

    /// Notes the proxy that the call went through: the answer, or the lack of one, may come from it.
    pub(crate) fn through(self, proxy: Option<&(String, u16)>) -> Self {
        let Some((host, port)) = proxy else { return self };
        self.with(|details| details.found.to_mut().push_str(&format!(", through the proxy {host}:{port}")))
    }

    /// Whether the call could have continued with more time.
    pub(crate) fn is_late(&self) -> bool {
        self.0.is_late
    }

    /// Notes how the call came to its end.
    pub(crate) fn ended(self, attempts: u32, stop: Stop) -> Self {
        // A name that is looked up when a call connects can be refused as well.
        let attempts = if self.is_refused() { 0 } else { attempts };
        let cause = (stop == Stop::Unknown).then(|| self.clone());
        self.with(|details| {
            details.attempts = attempts;
            details.is_late = stop == Stop::Deadline;
            match stop {
                Stop::Attempts if attempts > 1 => {
                    details.found.to_mut().push_str(&format!(", {attempts} times"))
                }
                Stop::Deadline => {
                    details.found.to_mut().push_str(", and the deadline comes before another attempt")
                }
                Stop::Unknown => {
                    let unknown = ", so nobody knows whether the platform has carried out the call";
                    details.found.to_mut().push_str(unknown);
                    details.kind = ErrorKind::OutcomeUnknown;
                    details.source = cause.map(|cause| Arc::new(cause) as _);
                }
                _ => {}
            }
        })
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was requested, such as `page 0 of the subtasks of batch task demo`; `None` if input was refused before there was a
    /// call.
    pub fn asked(&self) -> Option<&str> {
        self.0.asked.as_deref()
    }

    /// What came back, or what is wrong with the input, and the number of attempts. It may quote the platform.
    pub fn found(&self) -> &str {
        &self.0.found
    }

    /// What to do about it.
    pub fn remedy(&self) -> &Remedy {
        &self.0.remedy
    }

    /// The HTTP status of the answer, if one came.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The platform's error code, if the answer had one. It may be undocumented.
    pub fn code(&self) -> Option<&ErrorCode> {
        self.0.code.as_ref()
    }

    /// What the document's catalogue says about the code.
    pub fn info(&self) -> Option<&'static ErrorInfo> {
        self.code()?.info()
    }

    /// What a program should do about the code, by the catalogue; `None` if the catalogue lists the code for devices only.
    pub fn action(&self) -> Option<Action> {
        self.info()?.action
    }

    /// The error in the platform's own words.
    pub fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The member of the answer that could not be decoded, such as `taskDetails[3].status`.
    pub fn member(&self) -> Option<&str> {
        self.0.member.as_deref()
    }

    /// The beginning of the answer's body, if the answer is not an error of the platform.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The number of attempts; 0 if the call was refused before it was sent. Waiting for the quota and logging in again do not
    /// count.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Input was refused before anything was sent.
    ///
    /// # Troubleshooting
    /// The message names the value and the rule. Nothing has reached the platform.
    pub fn is_refused(&self) -> bool {
        self.0.kind == ErrorKind::Refused
    }

    /// The [`TokenSource`](crate::TokenSource) returned no token, or one that is not allowed in a request.
    ///
    /// # Troubleshooting
    /// The message quotes the source. This call was not sent, but earlier calls may have been.
    pub fn is_no_token(&self) -> bool {
        self.0.kind == ErrorKind::NoToken
    }

    /// The application calls more often than flow control allows (1010009, or HTTP 429).
    ///
    /// # Troubleshooting
    /// By default the platform takes 100 calls a minute from all processes of one application together. Call less often, or ask
    /// the operator for a larger quota.
    pub fn is_throttled(&self) -> bool {
        self.action() == Some(Action::WaitForQuota)
            || self.unnamed_status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// The token is not valid (1010005).
    ///
    /// # Troubleshooting
    /// A token expires after an hour, and is cancelled as soon as anybody logs in again with the same application. If it
    /// happens right after a login, look for a second process, or for a proxy that drops the header `app_key` (nginx does,
    /// unless `underscores_in_headers on` is set).
    pub fn is_invalid_token(&self) -> bool {
        self.action() == Some(Action::LogInAgain)
    }

    /// The batch task does not exist (105005).
    ///
    /// # Troubleshooting
    /// Check the task id. A task of another application is found only with that application's id
    /// ([`SubtaskQuery::app_id`](crate::SubtaskQuery::app_id)).
    pub fn is_task_not_found(&self) -> bool {
        self.code() == Some(&ErrorCode::TaskNotFound)
    }

    /// Another batch task is unfinished (105001). The platform allows one unfinished task (its page says: for each user).
    ///
    /// # Troubleshooting
    /// Wait until that task is finished, with [`Client::watch`](crate::Client::watch) if you know its id. Another program may
    /// have created it. Or you created it, in a call with an [unknown outcome](Self::is_outcome_unknown).
    pub fn is_task_unfinished(&self) -> bool {
        self.code() == Some(&ErrorCode::TaskUnfinished)
    }

    /// A batch task of this name exists (105002).
    ///
    /// # Troubleshooting
    /// Choose another name. After an [unknown outcome](Self::is_outcome_unknown) the task may be yours, or another program may
    /// have used the name. Look in the platform's portal.
    pub fn is_name_taken(&self) -> bool {
        self.code() == Some(&ErrorCode::TaskNameTaken)
    }

    /// It is not known whether the platform has carried out a call that must not be made twice.
    ///
    /// # Troubleshooting
    /// Do not simply repeat the call. [`ErrorKind::OutcomeUnknown`] says what may have happened, and how to find out.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.kind == ErrorKind::OutcomeUnknown
    }

    /// The platform says that the call itself is wrong (100022 and similar codes).
    ///
    /// # Troubleshooting
    /// The platform does not say which parameter it means. Leave the filters out one by one.
    pub fn is_invalid_input(&self) -> bool {
        self.action() == Some(Action::FixRequest) && !self.is_task_not_found() && !self.is_name_taken()
    }

    /// Application id or secret is wrong, or the application lacks a right (100203, 100208, 100217, 100247).
    ///
    /// # Troubleshooting
    /// Check id and secret, and that the endpoint is the platform on which the application was created. For 100217, leave out
    /// the id of the other application. Repeating the call does not help, even if the status is 500.
    pub fn is_misconfigured(&self) -> bool {
        self.action() == Some(Action::FixConfiguration)
    }

    /// The platform failed (50252, 100501, or a 5xx without a code).
    ///
    /// # Troubleshooting
    /// Try again later. If [`body`](Self::body) shows HTML, the answer comes from a proxy in between.
    pub fn is_platform_fault(&self) -> bool {
        self.action() == Some(Action::Retry)
            || self.unnamed_status().is_some_and(|status| status.is_server_error())
    }

    /// There was no connection, or it broke before the whole answer arrived.
    ///
    /// # Troubleshooting
    /// Check address and port (8743 in most installations), the network, and the certificate. The
    /// [source](std::error::Error::source) has the cause.
    pub fn is_connection(&self) -> bool {
        self.0.kind == ErrorKind::Connection
    }

    /// No secure connection: a certificate is not trusted, has expired, or is for a different host name; or the platform
    /// requires one of ours.
    ///
    /// # Troubleshooting
    /// The message says which. For a private authority, use
    /// [`ClientBuilder::root_certificates`](crate::ClientBuilder::root_certificates). If the platform requires a client
    /// certificate, use [`ClientBuilder::identity`](crate::ClientBuilder::identity). If the platform has only an IP address and
    /// its certificate is for a host name, put that name into the endpoint and use
    /// [`ClientBuilder::resolve`](crate::ClientBuilder::resolve). Such a call is never retried.
    pub fn is_tls(&self) -> bool {
        self.0.kind == ErrorKind::Tls
    }

    /// The answer did not come in time.
    ///
    /// # Troubleshooting
    /// The message says what was waited for: raise [`ClientBuilder::timeout`](crate::ClientBuilder::timeout) for a slow
    /// reply, the [deadline](crate::ClientBuilder::deadline) for a call that waits for the quota, or the deadline of a
    /// watch.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == ErrorKind::Timeout
    }

    /// The answer points to another address, which is not followed: the application id and the token would go there.
    ///
    /// # Troubleshooting
    /// Use the address that the message names as the endpoint, if you trust it.
    pub fn is_redirect(&self) -> bool {
        self.0.kind == ErrorKind::Redirect
    }

    /// The answer claims success but is not what the document describes.
    ///
    /// # Troubleshooting
    /// [`member`](Self::member) names the place and [`body`](Self::body) shows the beginning of the answer. Report it: the
    /// document may have to change.
    pub fn is_undecodable(&self) -> bool {
        self.0.kind == ErrorKind::Undecodable
    }

    /// The answer is longer than allowed.
    ///
    /// # Troubleshooting
    /// A read asks for smaller pages by itself, so this is one row, a page that was asked for alone, or a platform that does not
    /// keep to the page size. Ask for smaller pages, or raise [`ClientBuilder::body_limit`](crate::ClientBuilder::body_limit).
    pub fn is_too_large(&self) -> bool {
        self.0.kind == ErrorKind::TooLarge
    }

    /// Rows may be missing from a read: the platform's pages end before its total, repeat, or are sorted again.
    ///
    /// # Troubleshooting
    /// Every row that came has been delivered. [`incomplete`](Self::incomplete) has the numbers. Read again. If the error comes
    /// back, read without a status: a whole task always has the same rows, so their number can be checked against the total.
    pub fn is_incomplete(&self) -> bool {
        self.0.kind == ErrorKind::Incomplete
    }

    /// The numbers of a read that [is incomplete](Self::is_incomplete).
    pub fn incomplete(&self) -> Option<&Incomplete> {
        self.0.incomplete.as_ref()
    }

    /// A reply came, and it is neither what the document describes nor an error of the platform: something on the way may have made it.
    pub(crate) fn is_strange(&self) -> bool {
        use ErrorKind::{Redirect, Status, TooLarge, Undecodable};
        matches!(self.0.kind, Redirect | Status | TooLarge | Undecodable)
    }

    /// The status of an answer that has no code of the platform.
    fn unnamed_status(&self) -> Option<StatusCode> {
        self.0.status.filter(|_| self.0.kind == ErrorKind::Status)
    }
}

/// A sentence of the catalogue as a part of a longer one: no capital, no full stop.
fn clause(sentence: &str) -> String {
    let sentence = sentence.trim_end().trim_end_matches('.');
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { asked, found, remedy, .. } = &*self.0;
        if let Some(asked) = asked {
            write!(f, "{asked}: ")?;
        }
        write!(f, "{found}: {remedy}")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_what_was_asked_what_was_found_and_the_remedy() {
        let error = Error::new(ErrorKind::Timeout, "no reply", Remedy::RaiseTimeout).asking("page 0");
        for (stop, found) in [
            (Stop::Pointless, "no reply"),
            (Stop::Attempts, "no reply, 4 times"),
            (Stop::Deadline, "no reply, and the deadline comes before another attempt"),
        ] {
            let error = error.clone().ended(4, stop);
            assert_eq!((error.asked(), error.found()), (Some("page 0"), found));
            assert_eq!(error.to_string(), format!("page 0: {found}: {}", error.remedy()));
        }
        assert_eq!(error.ended(1, Stop::Attempts).found(), "no reply");
    }
}
