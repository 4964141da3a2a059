//! What was typed, and what the environment holds: judged before anything is sent.

use northbound::{AppId, Client, ClientBuilder, Credentials};
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
    /// The beginning of the id of the application that calls, and where it comes from.
    pub(super) application: Result<String, Problem>,
    pub(super) secret: Result<Proof, Problem>,
}

/// Where the platform is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GivenEndpoint {
    pub(super) url: Url,
    pub(super) from: &'static str,
}

/// With what the application proves who it is: a secret, or a token that the user has obtained elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) is_token: bool,
    /// The option or variable that holds it.
    pub(super) from: &'static str,
}

impl Setting {
    /// The setting of a platform elsewhere.
    pub(super) fn of(global: &Global, environment: Environment<'_>) -> Self {
        let endpoint = endpoint(global, environment);
        // Otherwise the endpoint is to be mended first.
        let url = endpoint.as_ref().ok().map(|endpoint| endpoint.url.as_str());
        let proxy = url.map_or(Ok(None), |url| proxy(global, url));
        let certificates = url.map_or(Ok(()), |url| certificates(global, url));
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
        Self {
            endpoint: Ok(GivenEndpoint { url, from: EMULATOR }),
            proxy: Ok(None),
            certificates: Ok(()),
            application: Ok(shown(global, client.app_id(), EMULATOR)),
            secret: Ok(from_secret(global, EMULATOR)),
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
    let client = trial_client(without_certificates(connection::builder_to(global, &text).no_proxy()))?;
    let url = client.endpoint().parse().map_err(|_| CliError::usage("the endpoint is no URL", ""))?;
    Ok(GivenEndpoint { url, from: origin(global.endpoint.is_some(), "--endpoint", ENDPOINT) })
}

fn proxy(global: &Global, endpoint: &str) -> Result<Option<(String, u16)>, Problem> {
    let client = trial_client(without_certificates(connection::builder_to(global, endpoint)))?;
    Ok(client.proxy().map(|(host, port)| (host.to_owned(), port)))
}

fn certificates(global: &Global, endpoint: &str) -> Result<(), Problem> {
    let builder = connection::builder(global, endpoint)?;
    trial_client(builder.no_proxy()).map(drop)
}

/// Certificates have a check of their own, those of the system too.
fn without_certificates(builder: ClientBuilder) -> ClientBuilder {
    builder.http(|http| http.tls_certs_only([]))
}

/// Builds a client that is never used, to find out what is wrong with it.
fn trial_client(builder: ClientBuilder) -> Result<Client, Problem> {
    Ok(builder.token(AppId::new("nobody")?, "none").build()?)
}

fn application(global: &Global, environment: Environment<'_>) -> Result<String, Problem> {
    let id = connection::app_id(global, environment)?;
    // The error repeats the id, and a secret may have been pasted in its place.
    let without_id = |problem| Problem { found: "the application id is not valid".to_owned(), ..problem };
    let id = AppId::new(&id).map_err(|error| without_id(Problem::from(error)))?;
    Ok(shown(global, &id, APP_ID))
}

/// Where a setting comes from: the option, if it was typed.
fn origin(is_typed: bool, option: &'static str, otherwise: &'static str) -> &'static str {
    if is_typed { option } else { otherwise }
}

fn shown(global: &Global, id: &AppId, otherwise: &'static str) -> String {
    format!("{} from {}", beginning(id.as_str()), origin(global.app_id.is_some(), "--app-id", otherwise))
}

fn proof(global: &Global, environment: Environment<'_>) -> Result<Proof, Problem> {
    if let Some(token) = connection::token(global, environment)? {
        // Over plain http, so that no certificate is read.
        Client::builder("http://127.0.0.1").token(AppId::new("nobody")?, token).build()?;
        return Ok(Proof { is_token: true, from: TOKEN });
    }
    Credentials::new("nobody", connection::secret(global, environment)?)?;
    Ok(from_secret(global, SECRET))
}

fn from_secret(global: &Global, otherwise: &'static str) -> Proof {
    Proof { is_token: false, from: origin(global.secret_file.is_some(), "--secret-file", otherwise) }
}

/// Enough of an id to distinguish two of one's own, and not enough to use it.
fn beginning(id: &str) -> String {
    let length = id.chars().count();
    id.chars().take((length / 4).min(4)).chain(['…']).collect()
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
