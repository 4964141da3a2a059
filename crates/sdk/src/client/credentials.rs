//! Who calls: the application, and its secret.

use std::fmt;
use std::pin::Pin;

use northbound_client::types::LoginRequestAppId;
use northbound_client::{LONGEST_SECRET, Secret};

use crate::invisible::{check, check_secret, without_line_ends};
use crate::{Error, Remedy, TokenError, TokenSource};

const APP_ID_VARIABLE: &str = "NORTHBOUND_APP_ID";
const SECRET_VARIABLE: &str = "NORTHBOUND_SECRET";

/// The id that the platform gave to an application when it was created.
///
/// The platform calls it `appId` in some places and `app_key` in others. It has 1 to 256 characters, which must be allowed in
/// an HTTP header.
///
/// ```
/// let app_id = northbound::AppId::new("demo-app")?;
/// assert!(northbound::AppId::new("").is_err());
/// # Ok::<(), northbound::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId(pub(crate) LoginRequestAppId);

impl AppId {
    /// Checks an application id.
    ///
    /// # Errors
    /// When it is empty, longer than 256 characters, or has a character that is invisible or not allowed in a header.
    pub fn new(id: impl Into<String>) -> Result<Self, Error> {
        let id = id.into();
        if id.is_empty() {
            let advice = "give the id that the platform's console shows";
            return Err(Error::refused("the application id is empty", advice));
        }
        check("application id", &id)?;
        if let Some(strange) = id.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(Error::refused(
                format!("the application id {id:?} holds {strange:?}"),
                "it may hold only ASCII letters, digits and punctuation, because it is sent in a header",
            ));
        }
        let checked = LoginRequestAppId::try_from(id.as_str());
        checked
            .map(Self)
            .map_err(|fault| Error::refused(format!("the application id {id:?} is {fault}"), "shorten it"))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Application id and secret, with which a client logs in by itself.
///
/// Debug shows the id and hides the secret.
///
/// ```
/// let credentials = northbound::Credentials::new("demo-app", "demo-secret")?;
/// assert!(!format!("{credentials:?}").contains("demo-secret"));
/// # Ok::<(), northbound::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub(crate) app_id: AppId,
    pub(crate) secret: Secret,
}

impl Credentials {
    /// Credentials from given values.
    ///
    /// # Errors
    /// When the id is not allowed (see [`AppId::new`]), or the secret is empty, longer than 256 characters, or has an invisible
    /// character, such as a line break.
    pub fn new(app_id: impl Into<String>, secret: impl Into<Secret>) -> Result<Self, Error> {
        let (app_id, secret) = (AppId::new(app_id)?, secret.into());
        if secret.expose().is_empty() {
            let advice = "give the secret that belongs to the application id";
            return Err(Error::refused("the secret is empty", advice));
        }
        check_secret("secret", secret.expose())?;
        let length = secret.expose().chars().count();
        if length > LONGEST_SECRET {
            return Err(Error::refused(
                format!("the secret has {length} characters"),
                format!(
                    "the platform takes at most {LONGEST_SECRET}: check that nothing else was pasted with it"
                ),
            ));
        }
        Ok(Self { app_id, secret })
    }

    /// Credentials from the environment: `NORTHBOUND_APP_ID` and `NORTHBOUND_SECRET`. A byte order mark before a value and line
    /// breaks after it are dropped.
    ///
    /// # Errors
    /// When a variable is missing or not UTF-8, or its value is not allowed.
    pub fn from_env() -> Result<Self, Error> {
        let [id, secret] = [variable(APP_ID_VARIABLE)?, variable(SECRET_VARIABLE)?];
        Self::new(without_line_ends(&id), without_line_ends(&secret))
    }

    /// The application id.
    pub fn app_id(&self) -> &AppId {
        &self.app_id
    }
}

/// Returns the secret.
pub(crate) type AskForSecret =
    Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Secret, TokenError>> + Send>> + Send + Sync>;

/// Where tokens come from.
pub(crate) enum Source {
    /// The client logs in by itself.
    Login(Credentials),
    /// The client logs in, and asks for the secret each time.
    Asked(AppId, AskForSecret),
    /// A [`TokenSource`] returns tokens.
    Elsewhere(AppId, Box<dyn TokenSource>),
    /// The user brought one token.
    Ready(AppId, Secret),
}

impl Source {
    pub(crate) fn app_id(&self) -> &AppId {
        match self {
            Self::Login(credentials) => credentials.app_id(),
            Self::Asked(app_id, _) | Self::Elsewhere(app_id, _) | Self::Ready(app_id, _) => app_id,
        }
    }

    /// Refuses a token of the user that cannot be one.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let Self::Ready(_, token) = &self else { return Ok(self) };
        let token = token.expose();
        if token.get(..7).is_some_and(|begin| begin.eq_ignore_ascii_case("bearer ")) {
            let advice = "give the token alone, without the word before it";
            return Err(Error::refused("the token begins with the word Bearer", advice));
        }
        check_secret("token", token)
            .map_err(|error| error.with(|details| details.remedy = Remedy::CheckToken))?;
        match token.chars().position(|c| c == ' ') {
            Some(at) => {
                let found = format!("the token holds a space, as character {}", at + 1);
                Err(Error::refused(found, Remedy::CheckToken))
            }
            None => Ok(self),
        }
    }
}

fn variable(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|fault| match fault {
        std::env::VarError::NotPresent => Error::refused(
            format!("the environment variable {name} is not set"),
            "set it, or give the value in code",
        ),
        std::env::VarError::NotUnicode(_) => {
            Error::refused(format!("the environment variable {name} is not UTF-8"), "set it to plain text")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_id_is_checked_where_it_is_made() {
        for id in ["", "demo app", "demo\r\napp", "é", &"x".repeat(257)] {
            assert!(AppId::new(id).unwrap_err().is_refused(), "{id:?}");
        }
        let error = AppId::new("demo ").unwrap_err();
        assert_eq!(error.found(), "the application id \"demo \" holds U+0020, a space, after \"demo\"");
        assert_eq!(AppId::new("x".repeat(256)).unwrap().as_str().len(), 256);
    }

    #[test]
    fn a_secret_is_checked_and_never_shown() {
        assert!(Credentials::new("demo-app", "").unwrap_err().is_refused());
        let too_long = Credentials::new("demo-app", "s3cret".repeat(50)).unwrap_err();
        assert!(!format!("{too_long} {too_long:?}").contains("s3cret"));
        for (end, name) in [("\n", "U+000A, a line break"), ("\u{200b}x", "U+200B, a zero-width space")] {
            let error = Credentials::new("demo-app", format!("s3cret{end}")).unwrap_err();
            assert_eq!(error.found(), format!("the secret holds {name}, as character 7"));
        }
        let credentials = Credentials::new("demo-app", "s3cret").unwrap();
        assert!(!format!("{credentials:?}").contains("s3cret"));
    }
}
