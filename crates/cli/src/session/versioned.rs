//! Files of the command that have a version, so that another version of the command does not misread them.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Reads the JSON of a file that has this version; an error says what is wrong with it.
pub(crate) fn parse<T: DeserializeOwned>(text: &[u8], known: u32) -> Result<T, String> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let damaged = |error: serde_json::Error| format!("is damaged: {error}");
    let Versioned { version } = serde_json::from_slice(text).map_err(damaged)?;
    if version != known {
        return Err(format!("is of version {version}, and this command knows version {known}"));
    }
    serde_json::from_slice(text).map_err(damaged)
}
