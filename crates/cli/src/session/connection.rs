//! Which platform to ask, and as whom.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use northbound::{AppId, Client, ClientBuilder, Credentials, QUOTA, Quota, Secret, without_line_ends};

use crate::arguments::global::{APPLICATION_ORIGIN, ENDPOINT_ORIGIN, Global};
use crate::error::CliError;
use crate::session::context::Context;
use crate::session::hanging::reading;
use crate::session::private_folder::{Kept, folder};
use crate::session::process::{Environment, NOT_UTF_8};
use crate::session::token_cache::{self, TokenCache};

pub(crate) const ENDPOINT: &str = "NORTHBOUND_ENDPOINT";
pub(crate) const APP_ID: &str = "NORTHBOUND_APP_ID";
pub(crate) const SECRET: &str = "NORTHBOUND_SECRET";
pub(crate) const TOKEN: &str = "NORTHBOUND_TOKEN";
/// More bytes than any secret has: the file may be a wrong one.
const LONGEST_SECRET: u64 = 64 * 1024;

/// A client, and what must live as long as it is used.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// The embedded emulator stops when it is dropped.
    #[cfg(feature = "emulator")]
    _emulator: Option<northbound_emulator::Emulator>,
}

/// What a command sets on its clients besides the user's options.
pub(crate) type Adjust<'a> = &'a dyn Fn(ClientBuilder) -> ClientBuilder;

impl Connection {
    /// Makes a client from the options or, where one is missing, from the environment. Nothing is sent yet.
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
        let Context { global, environment, .. } = context;
        #[cfg(feature = "emulator")]
        if global.emulator {
            return Self::to_emulator(global, adjust).await;
        }
        let endpoint = endpoint(global, environment)?;
        let app_id = app_id(global, environment)?;
        let client = match token(global, environment)? {
            Some(token) => adjust(builder(global, &endpoint)?).token(AppId::new(app_id)?, token).build()?,
            None => {
                let credentials = Credentials::new(app_id, secret(global, environment)?)?;
                logging_in(context, &endpoint, credentials, adjust)?
            }
        };
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
        let secret = secret_from_file(global)?.unwrap_or_else(|| Secret::from(Scenario::DEMO_SECRET));
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
        ("--endpoint", global.endpoint.is_some()),
        ("--ca-cert", global.ca_cert.is_some()),
        ("--client-cert", global.client_cert.is_some()),
        ("--resolve", global.resolve.is_some()),
    ];
    let Some((option, _)) = typed.into_iter().find(|(_, typed)| *typed) else { return Ok(()) };
    let what = format!("--emulator and {option} are two different platforms");
    Err(CliError::usage(what, "leave one of them out"))
}

/// Where the platform is.
pub(crate) fn endpoint(global: &Global, environment: Environment<'_>) -> Result<String, CliError> {
    let emulator =
        if cfg!(feature = "emulator") { "; or add --emulator to try it without an account" } else { "" };
    given(global.endpoint.as_ref(), ENDPOINT, environment)?.ok_or_else(|| {
        let advice = format!("add --endpoint URL, or set {ENDPOINT}: {ENDPOINT_ORIGIN}{emulator}");
        CliError::usage("no platform is given", advice)
    })
}

/// Who calls.
pub(crate) fn app_id(global: &Global, environment: Environment<'_>) -> Result<String, CliError> {
    given(global.app_id.as_ref(), APP_ID, environment)?.ok_or_else(|| {
        let advice = format!("add --app-id ID, or set {APP_ID}: {APPLICATION_ORIGIN}");
        CliError::usage("no application is given", advice)
    })
}

/// The application's secret.
pub(crate) fn secret(global: &Global, environment: Environment<'_>) -> Result<Secret, CliError> {
    if let Some(secret) = secret_from_file(global)? {
        return Ok(secret);
    }
    given(None, SECRET, environment)?.map(Secret::from).ok_or_else(|| {
        let advice = format!(
            "set {SECRET}, or add --secret-file FILE: {APPLICATION_ORIGIN}; a token that you have goes into {TOKEN}"
        );
        CliError::usage("no secret is given", advice)
    })
}

/// A token that the user has obtained elsewhere; --secret-file takes precedence.
pub(crate) fn token(global: &Global, environment: Environment<'_>) -> Result<Option<Secret>, CliError> {
    let from_file = global.secret_file.is_some();
    Ok(if from_file { None } else { given(None, TOKEN, environment)?.map(Secret::from) })
}

/// A client that logs in when no earlier login has left a token.
fn logging_in(
    Context { global, environment, .. }: &Context<'_>,
    endpoint: &str,
    credentials: Credentials,
    adjust: Adjust<'_>,
) -> Result<Client, CliError> {
    let app_id = credentials.app_id().clone();
    let folder = folder(Kept::Caches, environment);
    let login = adjust(builder(global, endpoint)?).credentials(credentials);
    let kept_in = folder.clone().filter(|_| !global.no_token_cache);
    let login = login.before_login(token_cache::announce(kept_in)).build()?;
    // Plain http is for a try on this machine; its tokens are not worth keeping.
    if global.no_token_cache || !login.endpoint().starts_with("https:") {
        return Ok(login);
    }
    let Some(folder) = folder else {
        tracing::warn!(
            "tokens are not kept, so each command logs in: set XDG_CACHE_HOME or HOME (on Windows LOCALAPPDATA) to an absolute path"
        );
        return Ok(login);
    };
    // Both count into one quota.
    let builder = adjust(builder(global, endpoint)?).quota(login.quota().clone());
    Ok(builder.token_source(app_id, TokenCache::new(folder, login)).build()?)
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

/// An option takes precedence over the environment.
fn given(
    typed: Option<&String>,
    name: &str,
    environment: Environment<'_>,
) -> Result<Option<String>, CliError> {
    let set = || environment(name).map(|value| without_line_ends(&value).to_owned());
    match typed.cloned().or_else(set) {
        Some(value) if typed.is_none() && value.contains(NOT_UTF_8) => Err(CliError::usage(
            format!("the environment variable {name} is not UTF-8"),
            "set it again, in a terminal or a file whose encoding is UTF-8",
        )),
        value => Ok(value.filter(|value| !value.is_empty())),
    }
}

fn quota_of(calls: u32) -> Result<Quota, CliError> {
    Ok(if calls == 0 { Quota::unlimited() } else { Quota::new(calls, QUOTA.window)? })
}

/// Reads a file that an option names.
fn read<T>(what: &str, path: &Path, content: impl FnOnce() -> io::Result<T>) -> Result<T, CliError> {
    reading(&path.display().to_string(), content).map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::InvalidData => "save the file as UTF-8",
            _ => "check the path, and that you may read the file",
        };
        CliError::usage(format!("cannot read the {what} {}: {error}", path.display()), advice)
    })
}

fn secret_from_file(global: &Global) -> Result<Option<Secret>, CliError> {
    let Some(path) = &global.secret_file else {
        return Ok(None);
    };
    secret_in("secret file", path).map(Some)
}

/// The secret that a file holds.
pub(crate) fn secret_in(what: &str, path: &Path) -> Result<Secret, CliError> {
    let content = || io::read_to_string(File::open(path)?.take(LONGEST_SECRET));
    let text = read(what, path, content)?;
    Ok(Secret::from(without_line_ends(&text)))
}
