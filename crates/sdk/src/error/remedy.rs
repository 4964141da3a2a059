//! What to do about an error. Here, and nowhere else, advice names methods of this crate.

use std::borrow::Cow;
use std::fmt;

/// What to do about an [`Error`](crate::Error).
///
/// ```
/// let error = northbound::Credentials::new("demo-app", "").unwrap_err();
/// println!("{}", error.remedy());
/// ```
///
/// Display names methods of this crate, as in `give a newer token(), or let the client log in with credentials()`. A program whose
/// users have settings of their own matches the variants and names those instead. Advice that names no method is
/// [`Text`](Self::Text).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Advice that names no method.
    Text(Cow<'static, str>),
    /// Give the client credentials or a token.
    GiveCredentials,
    /// Give the client one credential: the secret, a token or a source of tokens.
    GiveOneCredential,
    /// Give the client the secret: it has to log in.
    GiveSecret,
    /// Give a token that was not cut off and has nothing else pasted to it.
    CheckToken,
    /// Give a newer token, or let the client log in.
    ReplaceToken,
    /// Stop the other process that logs in with this application, or share one token with it.
    StopOtherLogins,
    /// Share the quota with other programs, or set it to what the platform allows.
    ShareQuota,
    /// Check the source of tokens.
    CheckTokenSource,
    /// Check the source of the secret.
    CheckSecretSource,
    /// Check the store of the shared quota.
    CheckQuotaStore,
    /// Trust the authority that issued the platform's certificate, or this certificate itself.
    TrustAuthority,
    /// Show the platform a client certificate.
    GiveClientCertificate,
    /// Put the certificate's host name in the endpoint, and give the address of that host.
    ResolveName,
    /// Use https, or allow plain http explicitly.
    UseHttps,
    /// Give one attempt more time, or ask for smaller pages.
    RaiseTimeout,
    /// Allow longer replies, or ask for smaller pages.
    RaiseBodyLimit,
    /// Give a call more time: it waited for a token.
    RaiseDeadlineForToken,
    /// Give a call more time, or call less often: it waited for the quota.
    RaiseDeadlineForQuota,
    /// Give a call more time, or ask for smaller pages: it waited for the reply.
    RaiseDeadlineForReply,
    /// Give a watch more time, or look at the subtasks that are not settled.
    WatchLonger,
    /// Check the task id, give a watch more time, or let it accept a task without subtasks.
    AllowEmpty,
    /// Read the subtasks: a count does not show what happened to some of them.
    ReadSubtasks {
        /// How many subtasks were found in no documented status.
        other: u64,
        /// How many subtasks the task has.
        total: u64,
    },
    /// Find out in the platform's portal whether the task exists, before creating it again.
    LookForTask,
    /// Ask for a single page with one status or none, or read all pages.
    ReadAllPages,
    /// Read page by page: the numbers of the platform's pages do not add up.
    ReadPageByPage {
        /// What the platform does, as the end of a sentence.
        because: &'static str,
    },
    /// Read again, and then the whole task without a filter by status.
    ReadWithoutStatus {
        /// What the platform does, as the end of a sentence.
        because: &'static str,
    },
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(text) => text,
            Self::GiveCredentials => "give an application with credentials(), or a token with token()",
            Self::GiveOneCredential => "call one of credentials(), token() and token_source(), and only once",
            Self::GiveSecret => "build the client with credentials()",
            Self::CheckToken => "check that the whole token was given, with token() or token_source()",
            Self::ReplaceToken => "give a newer token(), or let the client log in with credentials()",
            Self::StopOtherLogins => {
                "another process may log in with the same application, which cancels this one's token: stop it, give it an application \
                 of its own, or share one token with token_source(); or a proxy drops the header app_key, as nginx does unless \
                 `underscores_in_headers on` is set"
            }
            Self::ShareQuota => {
                "if other programs use this application's quota, give each a part with quota(); if the platform's quota is smaller than \
                 the client's, set that; or ask the operator for a higher threshold"
            }
            Self::CheckTokenSource => "check the source that was given with token_source()",
            Self::CheckSecretSource => "check what was given to secret_source()",
            Self::CheckQuotaStore => "check what was given to the quota with shared()",
            Self::TrustAuthority => "give the platform's own authority, or its certificate, with root_certificates()",
            Self::GiveClientCertificate => "give the one that the operator issued, with identity()",
            Self::ResolveName => "put the certificate's name in the endpoint, and its address in resolve()",
            Self::UseHttps => "use https; a program can opt in with danger_allow_plain_http()",
            Self::RaiseTimeout => "raise timeout(), or ask for smaller pages with page_size()",
            Self::RaiseBodyLimit => "ask for smaller pages with page_size(), or raise body_limit()",
            Self::RaiseDeadlineForToken => "raise deadline(); another process may be logging in as well",
            Self::RaiseDeadlineForQuota => "call less often, or raise deadline()",
            Self::RaiseDeadlineForReply => "raise deadline(), or ask for smaller pages with page_size()",
            Self::WatchLonger => "raise the watch's deadline(), or look at the subtasks that are still open",
            Self::AllowEmpty => "check the task id, raise the watch's deadline(), or set allow_empty()",
            Self::ReadSubtasks { other, total } => {
                return write!(
                    f,
                    "read the subtasks with subtasks(): {other} of {total} were not found in a documented status: \
                     they have another one, have just changed it, or are gone"
                );
            }
            Self::LookForTask => {
                "the task may exist, and no call finds its id: look for its name in the platform's portal before you create it \
                 again; a second create that ends with is_name_taken() or is_task_unfinished() proves nothing, since another \
                 program may have used the name, or have the unfinished task"
            }
            Self::ReadAllPages => "give one status or none, or read with stream() or pages()",
            Self::ReadPageByPage { because } => return write!(f, "read page by page with page(): {because}"),
            Self::ReadWithoutStatus { because } => {
                return write!(f, "read again; if that fails too, read without status(): {because}");
            }
        })
    }
}

impl From<&'static str> for Remedy {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Remedy {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}
