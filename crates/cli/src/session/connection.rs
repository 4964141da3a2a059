//! Which platform to ask, and as whom.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use northbound::{AppId, Client, ClientBuilder, Credentials, QUOTA, Quota, Secret};

use crate::arguments::global::{APPLICATION_ORIGIN, ENDPOINT_ORIGIN, Global, SettingName};
use crate::error::CliError;
use crate::session::context::Context;
use crate::session::secret::{read, secret_in, secret_of};
use crate::session::share::{Share, announce};

/// A client, and what must live as long as it is used.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// The embedded emulator stops when it is dropped.
    #[cfg(feature = "emulator")]
    _emulator: Option<northbound_emulator::Emulator>,
}

/// What a command sets on its clients besides the user's settings.
pub(crate) type Adjust<'a> = &'a dyn Fn(ClientBuilder) -> ClientBuilder;

impl Connection {
    /// Makes a client with the user's settings. Nothing is sent yet.
    pub(crate) async fn open(context: &Context<'_>) -> Result<Self, CliError> {
        Self::open_with(context, &|builder| builder).await
    }

    /// The same with clients that are adjusted: the one that calls, and the one that logs in.
    pub(crate) async fn open_with(context: &Context<'_>, adjust: Adjust<'_>) -> Result<Self, CliError> {
        let connection = Self::resolve(context, adjust).await?;
        let application = connection.client.app_id();
        tracing::debug!(endpoint = connection.endpoint(), %application, "this platform will be asked");
        Ok(connection)
    }

    /// Where the client calls.
    pub(crate) fn endpoint(&self) -> &str {
        self.client.endpoint().trim_end_matches('/')
    }

    async fn resolve(context: &Context<'_>, adjust: Adjust<'_>) -> Result<Self, CliError> {
        let global = &context.global;
        #[cfg(feature = "emulator")]
        if global.emulator {
            return Self::to_emulator(global, adjust).await;
        }
        let (endpoint, app_id) = (endpoint(context)?, AppId::new(app_id(context)?)?);
        let share = Share::of(context)?;
        let proof = proof(context)?;
        let builder = adjust(builder(global, &endpoint)?);
        let logging_in = |login| logging_in(context, login, &endpoint, share.as_ref(), adjust);
        let client = match proof {
            Proof::Token(token) => builder.token(app_id, token).build()?,
            Proof::Secret(secret) => {
                logging_in(builder.credentials(Credentials::new(app_id.as_str(), secret)?))?
            }
            Proof::Command(words) => {
                logging_in(builder.secret_source(app_id, move || secret_of(words.clone())))?
            }
        };
        match share {
            Some(share) => share.quota(&client),
            // Plain http is for a try on this machine.
            None if client.endpoint().starts_with("https:") => tracing::warn!(
                "token and quota are not shared with other processes: set XDG_CACHE_HOME or HOME (on Windows LOCALAPPDATA) to an \
                 absolute path"
            ),
            None => {}
        }
        Ok(Self {
            client,
            #[cfg(feature = "emulator")]
            _emulator: None,
        })
    }

    #[cfg(feature = "emulator")]
    async fn to_emulator(global: &Global, adjust: Adjust<'_>) -> Result<Self, CliError> {
        use northbound_emulator::{Emulator, Scenario};

        refuse_platform(global)?;
        let app_id = global.app_id.as_deref().unwrap_or(Scenario::DEMO_APP_ID);
        let secret = global.secret_file.as_deref().map(|path| secret_in("secret file", path)).transpose()?;
        let secret = secret.unwrap_or_else(|| Secret::from(Scenario::DEMO_SECRET));
        let credentials = Credentials::new(app_id, secret)?;
        // No quota, so that a try does not wait, unless the user sets one.
        let quota = global.quota.unwrap_or(0);
        let emulator = Emulator::builder().scenario(Scenario::default().with_quota(quota)).start().await?;
        let builder = adjust(builder(global, &emulator.url())?);
        let client = builder.credentials(credentials).quota(quota_of(quota)?).build()?;
        Ok(Self { client, _emulator: Some(emulator) })
    }
}

/// The parser does not see a conflict between an option before the command's name and one after it.
#[cfg(feature = "emulator")]
fn refuse_platform(global: &Global) -> Result<(), CliError> {
    let typed = [
        ("--profile", global.profile.is_some()),
        ("--endpoint", global.endpoint.is_some()),
        ("--ca-cert", global.ca_cert.is_some()),
        ("--client-cert", global.client_cert.is_some()),
        ("--resolve", global.resolve.is_some()),
    ];
    if global.share.is_some() {
        let what = "--emulator has nothing to share: the platform is inside this command";
        return Err(CliError::usage(what, "leave --share out"));
    }
    let Some((option, _)) = typed.into_iter().find(|(_, typed)| *typed) else { return Ok(()) };
    let what = format!("--emulator and {option} are two different platforms");
    Err(CliError::usage(what, "leave one of them out"))
}

/// Where the platform is.
pub(crate) fn endpoint(context: &Context<'_>) -> Result<String, CliError> {
    let emulator =
        if cfg!(feature = "emulator") { "; or add --emulator to try it without an account" } else { "" };
    context.global.endpoint.clone().filter(|endpoint| !endpoint.is_empty()).ok_or_else(|| {
        let ways = ways(context, SettingName::Endpoint, "add --endpoint URL");
        CliError::usage("no platform is given", format!("{ways}: {ENDPOINT_ORIGIN}{emulator}"))
    })
}

/// Who calls.
pub(crate) fn app_id(context: &Context<'_>) -> Result<String, CliError> {
    context.global.app_id.clone().filter(|id| !id.is_empty()).ok_or_else(|| {
        let ways = ways(context, SettingName::AppId, "add --app-id ID");
        CliError::usage("no application is given", format!("{ways}: {APPLICATION_ORIGIN}"))
    })
}

/// With what the application proves who it is.
pub(crate) enum Proof {
    /// What the user has obtained elsewhere.
    Token(Secret),
    Secret(Secret),
    /// What prints the secret.
    Command(Vec<OsString>),
}

/// A token, the secret, or what prints it: a command is not run yet.
pub(crate) fn proof(context: &Context<'_>) -> Result<Proof, CliError> {
    use SettingName::{Secret, SecretCommand, SecretFile, Token};
    context.settings.secret_stays_with_its_platform()?;
    if let Some(given) = context.settings.get(Secret) {
        return Ok(match given.name {
            Token => Proof::Token(given.text()?.into()),
            SecretCommand => Proof::Command(given.words.clone()),
            SecretFile => Proof::Secret(secret_in("secret file", Path::new(&given.words[0]))?),
            _ => Proof::Secret(given.text()?.into()),
        });
    }
    let ways = ways(context, Secret, "add --secret-file FILE");
    let advice = format!("{ways}: {APPLICATION_ORIGIN}; or set NORTHBOUND_TOKEN to a token that you have");
    Err(CliError::usage("no secret is given", advice))
}

/// How a setting that is missing can be given.
fn ways(context: &Context<'_>, name: SettingName, option: &str) -> String {
    let variable = name.variable();
    match context.settings.instead(&context.global) {
        Some(instead) => format!("{option}, or write it into the profile; or to use {variable} {instead}"),
        None => format!("{option}, or set {variable}"),
    }
}

/// A client that logs in when no earlier login has left a token.
fn logging_in(
    context: &Context<'_>,
    login: ClientBuilder,
    endpoint: &str,
    share: Option<&Share>,
    adjust: Adjust<'_>,
) -> Result<Client, CliError> {
    let Context { global, settings, .. } = context;
    let tokens = share.filter(|_| !global.no_token_cache);
    let login = login.before_login(announce(tokens.cloned(), settings.instead(global))).build()?;
    let Some(tokens) = tokens else { return Ok(login) };
    // Both count into one quota.
    let builder = adjust(builder(global, endpoint)?).quota(login.quota().clone());
    Ok(tokens.tokens(builder, login).build()?)
}

/// The endpoint as a client has it.
pub(crate) fn address(context: &Context<'_>) -> Result<String, CliError> {
    let builder = builder_to(&context.global, &endpoint(context)?).no_proxy();
    Ok(trial(without_certificates(builder))?.endpoint().to_owned())
}

/// Builds a client that is never used, to find out what is wrong with it.
pub(crate) fn trial(builder: ClientBuilder) -> Result<Client, CliError> {
    Ok(builder.token(AppId::new("nobody")?, "none").build()?)
}

/// Certificates take time, those of the system too.
pub(crate) fn without_certificates(builder: ClientBuilder) -> ClientBuilder {
    builder.http(|http| http.tls_certs_only([]))
}

/// Who calls. The error does not show the id: a secret may have been pasted in its place.
pub(crate) fn application(context: &Context<'_>) -> Result<AppId, CliError> {
    AppId::new(app_id(context)?).map_err(|error| {
        let advice = CliError::from(error).advice().unwrap_or_default();
        CliError::usage("the application id is not valid", advice)
    })
}

/// A client for this endpoint with the user's options, and still without credentials.
pub(crate) fn builder(global: &Global, endpoint: &str) -> Result<ClientBuilder, CliError> {
    let mut builder = builder_to(global, endpoint);
    if let Some(calls) = global.quota {
        builder = builder.quota(quota_of(calls)?);
    }
    if let Some(deadline) = global.deadline {
        builder = builder.deadline(deadline);
    }
    if let Some(path) = &global.ca_cert {
        builder = builder.root_certificates(read("certificate authority", path, || fs::read(path))?);
    }
    if let Some(path) = &global.client_cert {
        builder = builder.identity(read("client certificate", path, || fs::read(path))?);
    }
    Ok(builder)
}

/// A client for this endpoint with the options that say where calls go, and no others.
pub(crate) fn builder_to(global: &Global, endpoint: &str) -> ClientBuilder {
    let builder = Client::builder(endpoint);
    match &global.resolve {
        Some(resolved) => builder.resolve(&resolved.host, resolved.address),
        None => builder,
    }
}

fn quota_of(calls: u32) -> Result<Quota, CliError> {
    Ok(if calls == 0 { Quota::unlimited() } else { Quota::new(calls, QUOTA.window)? })
}
