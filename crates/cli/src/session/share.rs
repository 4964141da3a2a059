//! What this command shares with other processes: the token and the quota of the application.

use std::sync::Once;

use northbound::{Client, ClientBuilder};
use northbound_shared::FileShare;
#[cfg(feature = "redis")]
use northbound_shared::RedisShare;

#[cfg(feature = "redis")]
use crate::arguments::global::SettingName;
use crate::error::CliError;
use crate::session::context::Context;
use crate::session::private_folder::{Kept, folder};

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
    /// The one that the user names, else that of this user on this machine; `None` if the environment names no folder.
    pub(crate) fn of(context: &Context<'_>) -> Result<Option<Self>, CliError> {
        #[cfg(feature = "redis")]
        if let Some(address) = context.global.share.as_ref().filter(|address| !address.expose().is_empty()) {
            // The address is not shown, since it may contain a password.
            let share = RedisShare::new(address.expose()).map(|share| Some(Self::Redis(share)));
            return share.map_err(|error| {
                let named = context.settings.source(SettingName::Share, "--share");
                CliError::usage(format!("the value of {named} is {error}"), SHARE_ADVICE)
            });
        }
        Ok(folder(Kept::Caches, context.environment).map(|folder| Self::File(FileShare::new(folder))))
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
/// `instead` says how a token of theirs can be given, if something keeps it from being read.
pub(crate) fn announce(tokens: Option<Share>, instead: Option<String>) -> impl Fn(&Client) {
    let first = Once::new();
    move |login| {
        first.call_once(|| {
            if !tokens.as_ref().is_some_and(|tokens| tokens.has_token(login)) {
                let app_id = login.app_id();
                tracing::warn!(
                    "this login cancels tokens that other programs use for application {app_id}; to avoid that, give a token of theirs \
                     in NORTHBOUND_TOKEN{}",
                    instead.as_ref().map(|instead| format!(", and {instead}")).unwrap_or_default()
                );
            }
        });
    }
}
