//! What kinds of failure there are.

/// What kind of failure an [`Error`](crate::Error) is: where between the caller and the platform it happened.
///
/// ```
/// use northbound::{Error, ErrorKind};
///
/// fn task_may_exist(error: &Error) -> bool {
///     error.kind() == ErrorKind::OutcomeUnknown
/// }
/// ```
///
/// What the platform means by an error that it reports is in [`Error::action`](crate::Error::action) and the predicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Input was refused, and nothing was sent.
    Refused,
    /// The source of tokens returned no token. Earlier calls may have been sent.
    NoToken,
    /// No complete reply arrived.
    Connection,
    /// No secure connection: one side does not trust the other.
    Tls,
    /// No complete reply arrived in time.
    Timeout,
    /// The platform answered with an error code.
    Platform,
    /// The answer is an HTTP error without an error code of the platform.
    Status,
    /// The answer points to another address.
    Redirect,
    /// The answer claims success, but is not what the document describes.
    Undecodable,
    /// The answer is longer than allowed.
    TooLarge,
    /// Rows are missing from a read, or come twice.
    Incomplete,
    /// It is not known whether the platform has carried the call out: no reply came after the request was begun, the reply
    /// broke off, the platform failed (HTTP 408, or a 5xx without a code that says that it refused), or a reply of success is
    /// not what the document describes. Only a call that must not be made twice can end like this:
    /// [`create_batch_task`](crate::Client::create_batch_task).
    ///
    /// The task may exist then, and no call finds its id. Creating it again does not show it either. 105002
    /// ([`is_name_taken`](crate::Error::is_name_taken)) says that a task has this name, and 105001
    /// ([`is_task_unfinished`](crate::Error::is_task_unfinished)) that a task is unfinished; but another program may have used
    /// the name, or have the unfinished task. If the repeat succeeds, the first call did not create the task, or created it
    /// under an application or a platform that does not know this name. The platform's portal shows which tasks there are.
    ///
    /// The [source](std::error::Error::source) is the error that another call would have returned.
    OutcomeUnknown,
}

/// Why a call is not retried any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Repeating does not help.
    Pointless,
    /// There were as many attempts as allowed.
    Attempts,
    /// The deadline comes before the next attempt could be made.
    Deadline,
    /// The new token is refused as well.
    Token,
    /// The platform may have carried the call out, and it must not be carried out twice.
    Unknown,
}

/// The numbers of a read that could not be completed. See [`Error::incomplete`](crate::Error::incomplete).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incomplete {
    /// The status that was asked for; `None` if the task was read whole.
    pub status: Option<northbound_client::SubtaskStatus>,
    /// The number of the page at which the read ended.
    pub page: u32,
    /// How many distinct rows came. All of them have been delivered.
    pub received: u64,
    /// How many rows the platform counted in its latest reply that says so.
    pub counted: Option<u64>,
}
