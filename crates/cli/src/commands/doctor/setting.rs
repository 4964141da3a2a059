//! What was typed, and what the environment holds: judged before anything is sent.

use northbound::{AppId, Client, ClientBuilder, Credentials, Secret};
use reqwest::Url;

use super::problem::Problem;
use crate::arguments::global::Global;
use crate::error::CliError;
use crate::session::connection::{self, APP_ID, ENDPOINT, SECRET, TOKEN};
use crate::session::process::Environment;

/// The setting of a run, part by part: a part that is wrong does not keep the others from being judged.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) endpoint: Result<GivenEndpoint, Problem>,
    /// Host and port of the proxy that the environment sets, if any.
    pub(super) proxy: Result<Option<(String, u16)>, Problem>,
    /// The certificates in files, if any are given.
    pub(super) certificates: Result<(), Problem>,
    pub(super) application: Result<GivenApplication, Problem>,
    pub(super) secret: Result<Proof, Problem>,
}

/// Where the platform is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GivenEndpoint {
    pub(super) url: Url,
    pub(super) from: &'static str,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GivenApplication {
    /// The beginning of its id.
    pub(super) shown: String,
    pub(super) from: &'static str,
}

/// With what the application proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// A secret, from there.
    Secret(&'static str),
    /// A token that the user has obtained elsewhere.
    Token,
}

impl Setting {
    /// The setting of a platform elsewhere.
    pub(super) fn of(global: &Global, environment: Environment<'_>) -> Self {
        let endpoint = endpoint(global, environment);
        let (proxy, certificates) = match &endpoint {
            Ok(endpoint) => {
                (proxy(global, endpoint.url.as_str()), certificates(global, endpoint.url.as_str()))
            }
            // The endpoint is to be mended first.
            Err(_) => (Ok(None), Ok(())),
        };
        Self {
            endpoint,
            proxy,
            certificates,
            application: application(global, environment),
            secret: proof(global, environment),
        }
    }

    /// The setting of the emulator inside this command, which listens there.
    #[cfg(feature = "emulator")]
    pub(super) fn of_emulator(global: &Global, client: &Client, url: Url) -> Self {
        let from = if global.app_id.is_some() { "--app-id" } else { EMULATOR };
        let shown = beginning(client.app_id().as_str());
        let secret = if global.secret_file.is_some() { "--secret-file" } else { EMULATOR };
        Self {
            endpoint: Ok(GivenEndpoint { url, from: EMULATOR }),
            proxy: Ok(None),
            certificates: Ok(()),
            application: Ok(GivenApplication { shown, from }),
            secret: Ok(Proof::Secret(secret)),
        }
    }

    /// Whether a call can be made.
    pub(super) fn is_sound(&self) -> bool {
        let Self { endpoint, proxy, certificates, application, secret } = self;
        endpoint.is_ok() && proxy.is_ok() && certificates.is_ok() && application.is_ok() && secret.is_ok()
    }
}

/// Where a setting comes from that the user did not give.
#[cfg(feature = "emulator")]
const EMULATOR: &str = "the emulator inside this command";

fn endpoint(global: &Global, environment: Environment<'_>) -> Result<GivenEndpoint, Problem> {
    let text = connection::endpoint(global, environment)?;
    let client = trial_client(connection::builder_to(global, &text).no_proxy())?;
    let url = client.endpoint().parse().map_err(|_| CliError::usage("the endpoint is no URL", ""))?;
    Ok(GivenEndpoint { url, from: if global.endpoint.is_some() { "--endpoint" } else { ENDPOINT } })
}

fn proxy(global: &Global, endpoint: &str) -> Result<Option<(String, u16)>, Problem> {
    let client = trial_client(connection::builder_to(global, endpoint))?;
    Ok(client.proxy().map(|(host, port)| (host.to_owned(), port)))
}

fn certificates(global: &Global, endpoint: &str) -> Result<(), Problem> {
    let builder = connection::builder(global, endpoint)?;
    trial_client(builder.no_proxy()).map(drop)
}

/// Builds a client that is never used, to find out what is wrong with it.
fn trial_client(builder: ClientBuilder) -> Result<Client, Problem> {
    Ok(builder.token(AppId::new("nobody")?, "none").build()?)
}

fn application(global: &Global, environment: Environment<'_>) -> Result<GivenApplication, Problem> {
    let id = connection::app_id(global, environment)?;
    // The error repeats the id, and a secret may have been pasted in its place.
    let without_id = |problem| Problem { found: "the application id is not valid".to_owned(), ..problem };
    let id = AppId::new(&id).map_err(|error| without_id(Problem::from(error)))?;
    let from = if global.app_id.is_some() { "--app-id" } else { APP_ID };
    Ok(GivenApplication { shown: beginning(id.as_str()), from })
}

fn proof(global: &Global, environment: Environment<'_>) -> Result<Proof, Problem> {
    if connection::token(global, environment).is_some() {
        return Ok(Proof::Token);
    }
    let secret: Secret = connection::secret(global, environment)?;
    Credentials::new("nobody", secret)?;
    Ok(Proof::Secret(if global.secret_file.is_some() { "--secret-file" } else { SECRET }))
}

/// Enough of an id to distinguish two of one's own, and not enough to use it.
pub(super) fn beginning(id: &str) -> String {
    let length = id.chars().count();
    id.chars().take((length / 4).min(4)).chain(['…']).collect()
}

impl Proof {
    /// Where the token comes from, in words.
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::Secret(from) => from,
            Self::Token => TOKEN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_id_is_a_quarter_of_it_at_most() {
        assert_eq!(beginning("5c8ba99030344005c02316ad"), "5c8b…");
        assert_eq!(beginning("demo-app"), "de…");
        assert_eq!(beginning("abc"), "…");
        assert_eq!(beginning(""), "…");
    }
}
