//! The settings, judged before anything is sent.

use northbound::{AppId, Client, Credentials};
use reqwest::Url;

use super::problem::Problem;
use crate::arguments::global::SettingName;
use crate::error::CliError;
use crate::session::connection::{self, Proof as Given};
use crate::session::context::Context;

/// The setting of a run, part by part: a part that is wrong does not keep the others from being judged.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) endpoint: Result<GivenEndpoint, Problem>,
    /// Host and port of the proxy that the environment sets, if any.
    pub(super) proxy: Result<Option<(String, u16)>, Problem>,
    /// Where the certificates in files come from, if any are given.
    pub(super) certificates: Result<Option<String>, Problem>,
    /// Where the address of the host comes from, if it is given.
    pub(super) address: String,
    /// The beginning of the id of the application that calls, and where it comes from.
    pub(super) application: Result<String, Problem>,
    pub(super) secret: Result<Proof, Problem>,
}

/// Where the platform is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GivenEndpoint {
    pub(super) url: Url,
    pub(super) from: String,
}

/// With what the application proves who it is: a secret, or a token that the user has obtained elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proof {
    pub(super) is_token: bool,
    /// What holds it.
    pub(super) from: String,
}

impl Setting {
    /// The setting of a platform elsewhere.
    pub(super) fn of(context: &Context<'_>) -> Self {
        let endpoint = endpoint(context);
        // Otherwise the endpoint is to be mended first.
        let url = endpoint.as_ref().ok().map(|endpoint| endpoint.url.as_str());
        let proxy = url.map_or(Ok(None), |url| proxy(context, url));
        let certificates = url.map_or(Ok(None), |url| certificates(context, url));
        let address = context.settings.source(SettingName::Resolve, "");
        let application = connection::application(context).map_err(Problem::from);
        let application = application.map(|id| shown(context, &id, ""));
        Self { endpoint, proxy, certificates, address, application, secret: proof(context) }
    }

    /// The setting of the emulator inside this command, which listens there.
    #[cfg(feature = "emulator")]
    pub(super) fn of_emulator(context: &Context<'_>, client: &Client, url: Url) -> Self {
        let from = context.settings.source(SettingName::Secret, EMULATOR);
        Self {
            endpoint: Ok(GivenEndpoint { url, from: EMULATOR.to_owned() }),
            proxy: Ok(None),
            certificates: Ok(None),
            address: String::new(),
            application: Ok(shown(context, client.app_id(), EMULATOR)),
            secret: Ok(Proof { is_token: false, from }),
        }
    }

    /// Whether a call can be made.
    pub(super) fn is_sound(&self) -> bool {
        let Self { endpoint, proxy, certificates, application, secret, .. } = self;
        endpoint.is_ok() && proxy.is_ok() && certificates.is_ok() && application.is_ok() && secret.is_ok()
    }
}

/// Where a setting comes from that the user did not give.
#[cfg(feature = "emulator")]
const EMULATOR: &str = "the emulator inside this command";

fn endpoint(context: &Context<'_>) -> Result<GivenEndpoint, Problem> {
    let url = connection::address(context)?.parse();
    let url = url.map_err(|_| CliError::usage("the endpoint is no URL", ""))?;
    Ok(GivenEndpoint { url, from: context.settings.source(SettingName::Endpoint, "") })
}

fn proxy(context: &Context<'_>, endpoint: &str) -> Result<Option<(String, u16)>, Problem> {
    let builder = connection::builder_to(&context.global, endpoint);
    let client = connection::trial(connection::without_certificates(builder))?;
    Ok(client.proxy().map(|(host, port)| (host.to_owned(), port)))
}

fn certificates(context: &Context<'_>, endpoint: &str) -> Result<Option<String>, Problem> {
    connection::trial(connection::builder(&context.global, endpoint)?.no_proxy())?;
    let given = [SettingName::CaCert, SettingName::ClientCert].map(|name| context.settings.get(name));
    let places: Vec<_> = given.iter().flatten().map(|given| given.place()).collect();
    Ok((!places.is_empty()).then(|| places.join(" and ")))
}

fn shown(context: &Context<'_>, id: &AppId, otherwise: &str) -> String {
    format!("{} from {}", beginning(id.as_str()), context.settings.source(SettingName::AppId, otherwise))
}

fn proof(context: &Context<'_>) -> Result<Proof, Problem> {
    let is_token = match connection::proof(context)? {
        Given::Token(token) => {
            // Over plain http, so that no certificate is read.
            Client::builder("http://127.0.0.1").token(AppId::new("nobody")?, token).build()?;
            true
        }
        Given::Secret(secret) => Credentials::new("nobody", secret).map(|_| false)?,
        // It runs when a login needs it.
        Given::Command(_) => false,
    };
    Ok(Proof { is_token, from: context.settings.source(SettingName::Secret, "") })
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
