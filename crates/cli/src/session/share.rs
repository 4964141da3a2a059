//! What this command shares with other processes: the token and the quota of the application.

use std::sync::Once;

use northbound::{Client, ClientBuilder};
use northbound_shared::FileShare;
#[cfg(feature = "redis")]
use northbound_shared::RedisShare;

use crate::error::CliError;
use crate::session::context::Context;
use crate::session::private_folder::{Kept, folder};

pub(crate) const SHARE: &str = "NORTHBOUND_SHARE";
#[cfg(feature = "redis")]
const SHARE_ADVICE: &str =
    "write it like that; a character of the password that a URL cannot have is written as % and two digits";

/// Where processes find the token and the quota of an application. Clones are the same thing.
#[derive(Clone)]
pub(crate) enum Share {
    /// Those of this user on this machine.
    File(FileShare),
    /// Those of several machines.
    #[cfg(feature = "redis")]
    Redis(RedisShare),
}

impl Share {
    /// The one at this address, else that of this user on this machine; `None` if the environment names no folder.
    pub(crate) fn of(context: &Context<'_>, address: Option<String>) -> Result<Option<Self>, CliError> {
        if let Some(address) = address {
            return Self::at(&address).map(Some);
        }
        Ok(folder(Kept::Caches, context.environment).map(|folder| Self::File(FileShare::new(folder))))
    }

    /// The address is not shown in errors, since it may contain a password.
    #[cfg(feature = "redis")]
    fn at(address: &str) -> Result<Self, CliError> {
        let share = RedisShare::new(address);
        share.map(Self::Redis).map_err(|error| {
            CliError::usage(format!("the value of --share or {SHARE} is {error}"), SHARE_ADVICE)
        })
    }

    #[cfg(not(feature = "redis"))]
    fn at(_: &str) -> Result<Self, CliError> {
        let what = format!("this program was built without the feature redis, which {SHARE} needs");
        Err(CliError::usage(
            what,
            "build it with the feature, or unset the variable to share by a file of this user",
        ))
    }

    /// A client that takes its tokens from here. `login` is used when there is none.
    pub(crate) fn tokens(&self, builder: ClientBuilder, login: Client) -> ClientBuilder {
        let app_id = login.app_id().clone();
        match self {
            Self::File(share) => builder.token_source(app_id, share.tokens(login)),
            #[cfg(feature = "redis")]
            Self::Redis(share) => builder.token_source(app_id, share.tokens(login)),
        }
    }

    /// Counts the calls of this client, and of all with the same quota, together with those of other processes.
    pub(crate) fn quota(&self, client: &Client) {
        let quota = client.quota().clone();
        let _shared = match self {
            Self::File(share) => quota.shared(share.quota(client)),
            #[cfg(feature = "redis")]
            Self::Redis(share) => quota.shared(share.quota(client)),
        };
    }

    /// Whether an earlier login has left its token here, as far as is known without asking.
    fn has_token(&self, login: &Client) -> bool {
        match self {
            Self::File(share) => share.has_token(login),
            // Who has set it up knows that others use the application.
            #[cfg(feature = "redis")]
            Self::Redis(_) => true,
        }
    }
}

/// Warns before the first login that it cancels other tokens, unless an earlier login has left its token where tokens are shared.
pub(crate) fn announce(tokens: Option<Share>) -> impl Fn(&Client) {
    let first = Once::new();
    move |login| {
        first.call_once(|| {
            if !tokens.as_ref().is_some_and(|tokens| tokens.has_token(login)) {
                let app_id = login.app_id();
                tracing::warn!(
                    "this login cancels tokens that other programs use for application {app_id}; to avoid that, give a token of theirs \
                     in NORTHBOUND_TOKEN"
                );
            }
        });
    }
}
