//! Whose token and quota it is.

use northbound::Client;
use serde::{Deserialize, Serialize};

use crate::private::checksum;

/// One application on one platform. A host name and its address are two platforms: nobody else knows that they are one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Application {
    endpoint: String,
    app_id: String,
}

impl Application {
    pub(crate) fn of(client: &Client) -> Self {
        Self { endpoint: client.endpoint().to_owned(), app_id: client.app_id().to_string() }
    }

    /// A number for names of files and keys. Two applications with the same one are possible, and very unlikely.
    pub(crate) fn key(&self) -> u64 {
        checksum(0xcbf2_9ce4_8422_2325, format!("{} {}", self.endpoint, self.app_id).as_bytes())
    }
}
