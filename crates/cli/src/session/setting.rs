//! One setting of a connection, as text, and where it comes from.

use std::error::Error as _;
use std::ffi::OsString;

use crate::arguments::global::{Global, SettingName};
use crate::error::CliError;
use crate::session::process::NOT_UTF_8;

/// Why the parser does not know an option.
const NOT_BUILT_IN: &str = "this program was built without that option";

/// A setting that is given.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) name: SettingName,
    /// One, unless it is a command.
    pub(crate) words: Vec<OsString>,
    /// The option, the variable or the profile.
    pub(crate) source: String,
    /// Its line in the file of profiles, if it is from there.
    pub(crate) line: Option<usize>,
}

impl Setting {
    pub(crate) fn new(name: SettingName, word: impl Into<OsString>, source: String) -> Self {
        Self { name, words: vec![word.into()], source, line: None }
    }

    /// Where the user finds it.
    pub(crate) fn place(&self) -> String {
        let line = self.line.map(|line| format!("`{}` (line {line}) of ", self.name));
        line.unwrap_or_default() + &self.source
    }

    /// Its first word.
    pub(crate) fn text(&self) -> Result<String, CliError> {
        let text = self.words.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
        if text.contains(NOT_UTF_8) && self.source == self.name.variable() {
            return Err(CliError::usage(
                format!("the environment variable {} is not UTF-8", self.source),
                "set it again, in a terminal or a file whose encoding is UTF-8",
            ));
        }
        Ok(text)
    }

    /// What would be typed for it; nothing if it has no option, or if it is one.
    pub(crate) fn option(&self) -> Result<Option<OsString>, CliError> {
        use SettingName::{NoTokenCache, Secret, SecretCommand, Token};
        let option = format!("--{}", self.name);
        if matches!(self.name, Token | Secret | SecretCommand) || self.source == option {
            return Ok(None);
        }
        let fault = match (self.name, self.text()?.as_str()) {
            (NoTokenCache, "true" | "1") => return Ok(Some(option.into())),
            (NoTokenCache, "false" | "0") => return Ok(None),
            (NoTokenCache, _) => "write true or false".to_owned(),
            _ => {
                let mut option = OsString::from(option + "=");
                option.extend(self.words.iter().map(OsString::as_os_str));
                match Global::of_words(vec![option.clone()]) {
                    Ok(_) => return Ok(Some(option)),
                    Err(error) => error.source().map_or_else(|| NOT_BUILT_IN.to_owned(), ToString::to_string),
                }
            }
        };
        Err(CliError::usage(
            format!("{} cannot be used: {fault}", self.place()),
            "correct it, or leave it out",
        ))
    }
}
