//! Which platform to ask, and as whom.

use std::io::Read as _;

#[cfg(feature = "emulator")]
use northbound::Quota;
use northbound::{Client, Credentials, Secret};

use crate::Environment;
use crate::arguments::Global;
use crate::failure::Failure;

const ENDPOINT: &str = "NORTHBOUND_ENDPOINT";
const APP_ID: &str = "NORTHBOUND_APP_ID";
const SECRET: &str = "NORTHBOUND_SECRET";
/// More bytes than any secret has, should the file be another one.
const LONGEST_SECRET: u64 = 64 * 1024;

/// A client, and what must live as long as it is used.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// The embedded emulator stops when it is dropped.
    #[cfg(feature = "emulator")]
    _emulator: Option<northbound_emulator::Emulator>,
}

impl Connection {
    /// Makes a client from what was typed and, where that is silent, from the environment. Nothing is sent yet.
    pub(crate) async fn open(global: &Global, environment: Environment<'_>) -> Result<Self, Failure> {
        #[cfg(feature = "emulator")]
        if global.emulator {
            return Self::to_emulator(global).await;
        }
        let given = |flag: &Option<String>, name| {
            flag.clone().or_else(|| environment(name)).filter(|value| !value.is_empty())
        };
        let endpoint = given(&global.endpoint, ENDPOINT).ok_or_else(|| Failure::Usage(no_endpoint()))?;
        let app_id = given(&global.app_id, APP_ID).ok_or_else(|| {
            Failure::Usage(format!("no application is given: add --app-id ID, or set {APP_ID}"))
        })?;
        let secret = match secret_from_file(global)? {
            Some(secret) => secret,
            None => environment(SECRET).map(Secret::from).ok_or_else(|| {
                Failure::Usage(format!("no secret is given: set {SECRET}, or add --secret-file FILE"))
            })?,
        };
        let client = Client::builder(endpoint).credentials(Credentials::new(app_id, secret)?).build()?;
        Ok(Self {
            client,
            #[cfg(feature = "emulator")]
            _emulator: None,
        })
    }

    #[cfg(feature = "emulator")]
    async fn to_emulator(global: &Global) -> Result<Self, Failure> {
        use northbound_emulator::{Emulator, Scenario};

        let app_id = global.app_id.as_deref().unwrap_or(Scenario::DEMO_APP_ID);
        let secret = secret_from_file(global)?.unwrap_or_else(|| Secret::from(Scenario::DEMO_SECRET));
        let credentials = Credentials::new(app_id, secret)?;
        let emulator = Emulator::builder().start().await?;
        // This emulator does not throttle.
        let client =
            Client::builder(emulator.url()).credentials(credentials).quota(Quota::unlimited()).build()?;
        Ok(Self { client, _emulator: Some(emulator) })
    }
}

fn secret_from_file(global: &Global) -> Result<Option<Secret>, Failure> {
    let Some(path) = &global.secret_file else {
        return Ok(None);
    };
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LONGEST_SECRET).read_to_string(&mut text));
    read.map_err(|error| Failure::Usage(format!("cannot read the secret file {}: {error}", path.display())))?;
    // Editors end a file with a line break, which belongs to no secret.
    Ok(Some(Secret::from(text.trim_end_matches(['\r', '\n']))))
}

fn no_endpoint() -> String {
    let emulator =
        if cfg!(feature = "emulator") { ", or add --emulator to try it without an account" } else { "" };
    format!("no platform is given: add --endpoint URL, or set {ENDPOINT}{emulator}")
}
