//! What this command shares with other processes: the token and the quota of the application.

use std::sync::Once;

use northbound::{Client, ClientBuilder};
use northbound_shared::FileShare;

use crate::session::context::Context;
use crate::session::private_folder::{Kept, folder};

/// Where processes find the token and the quota of an application. Clones are the same thing.
#[derive(Clone)]
pub(crate) enum Share {
    /// Those of this user on this machine.
    File(FileShare),
}

impl Share {
    /// The one that the user has chosen; `None` if the environment names no folder.
    pub(crate) fn of(context: &Context<'_>) -> Option<Self> {
        folder(Kept::Caches, context.environment).map(|folder| Self::File(FileShare::new(folder)))
    }

    /// A client that takes its tokens from here. `login` is used when there is none.
    pub(crate) fn tokens(&self, builder: ClientBuilder, login: Client) -> ClientBuilder {
        let app_id = login.app_id().clone();
        match self {
            Self::File(share) => builder.token_source(app_id, share.tokens(login)),
        }
    }

    /// Counts the calls of this client, and of all with the same quota, together with those of other processes.
    pub(crate) fn quota(&self, client: &Client) {
        let quota = client.quota().clone();
        let _shared = match self {
            Self::File(share) => quota.shared(share.quota(client)),
        };
    }

    /// Whether an earlier login has left its token here.
    fn has_token(&self, login: &Client) -> bool {
        match self {
            Self::File(share) => share.has_token(login),
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
