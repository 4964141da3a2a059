//! The file of profiles: for each platform, under a name, what would be typed or set in the environment otherwise. It holds no secret.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use reqwest::Url;
use strum::VariantArray as _;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::arguments::global::SettingName;
use crate::error::CliError;
use crate::session::hanging::reading;
use crate::session::private_folder::{Kept, folder};
use crate::session::process::Environment;
use crate::session::setting::Setting;

/// The variable that names the profile if none is typed.
pub(crate) const PROFILE: &str = "NORTHBOUND_PROFILE";
/// The variable that names another file.
pub(crate) const PROFILES: &str = "NORTHBOUND_PROFILES";
const EXAMPLE: &str =
    "write it as a line [NAME], and below it lines such as endpoint = \"https://platform.example:8743\"";
const BOTH: &str = "the profile has both secret-file and secret-command";
const NO_SECRET: &str = "write the path of a file with the secret into secret-file, or a command that prints it into secret-command";
const A_TEXT: &str = "write it as a text in quotes, or leave it out";
const A_COMMAND: &str = "write the command as a list of texts, such as [\"pass\", \"show\", \"meters\"]";

/// Whether nobody but this user and root can write to a file: it names commands that are run.
#[cfg(unix)]
fn is_own(file: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    [0, rustix::process::geteuid().as_raw()].contains(&file.uid()) && file.mode() & 0o002 == 0
}

#[cfg(not(unix))]
fn is_own(_: &fs::Metadata) -> bool {
    true
}

/// The file of this user.
pub(crate) struct ProfilesFile {
    pub(crate) path: PathBuf,
    text: String,
    home: Option<PathBuf>,
}

impl ProfilesFile {
    /// Where it is; `None` if the environment does not say.
    pub(crate) fn path(environment: Environment<'_>) -> Option<PathBuf> {
        let named = environment(PROFILES).filter(|path| !path.is_empty()).map(PathBuf::from);
        named.or_else(|| Some(folder(Kept::Settings, environment)?.join("profiles.toml")))
    }

    pub(crate) fn read(environment: Environment<'_>) -> Result<Self, CliError> {
        let path = Self::path(environment).ok_or_else(|| {
            let advice = format!(
                "set XDG_CONFIG_HOME or HOME (on Windows APPDATA) to an absolute path, or {PROFILES} to the file"
            );
            CliError::usage("no folder for profiles.toml is known", advice)
        })?;
        let file = path.display();
        if fs::metadata(&path).is_ok_and(|there| !is_own(&there)) {
            let what = format!("other users can write to the profiles in {file}");
            return Err(CliError::usage(
                what,
                "take the file over, and close it to them: `chown` and `chmod go-w`",
            ));
        }
        let text = reading(&file.to_string(), || fs::read_to_string(&path)).map_err(|error| {
            CliError::usage(
                format!("cannot read the profiles in {file}: {error}"),
                format!("for a profile {EXAMPLE}"),
            )
        })?;
        Ok(Self { path, text, home: environment("HOME").map(PathBuf::from) })
    }

    /// The names of the profiles, none of which is wrong.
    pub(crate) fn checked(&self) -> Result<Vec<String>, CliError> {
        let names: Vec<_> = self.tables()?.keys().map(|name| name.get_ref().to_string()).collect();
        names.iter().try_for_each(|name| self.profile(name).map(drop))?;
        Ok(names)
    }

    /// What a profile says.
    pub(crate) fn profile(&self, name: &str) -> Result<Vec<Setting>, CliError> {
        let tables = self.tables()?;
        let Some((key, table)) = tables.iter().find(|(key, _)| key.get_ref() == name) else {
            let names: Vec<_> = tables.keys().map(|name| name.get_ref().as_ref()).collect();
            let what = format!("{} has no profile {name:?}", self.path.display());
            let has = if names.is_empty() {
                "it is empty".to_owned()
            } else {
                format!("it has {}", names.join(", "))
            };
            return Err(CliError::usage(what, has));
        };
        let DeValue::Table(table) = table.get_ref() else {
            return Err(self.wrong(key.span(), format!("{name:?} is no profile"), EXAMPLE));
        };
        let source = format!("profile {name}");
        let settings = table.iter().map(|(key, value)| self.setting(key, value, &source));
        let settings: Vec<_> = settings.collect::<Result<_, _>>()?;
        let of_secret = |setting: &&Setting| setting.name.role() == SettingName::Secret;
        match settings.iter().filter(of_secret).nth(1) {
            Some(_) => Err(self.wrong(key.span(), BOTH, "leave one of them out")),
            None => Ok(settings),
        }
    }

    fn tables(&self) -> Result<DeTable<'_>, CliError> {
        let parsed = DeTable::parse(&self.text).map(Spanned::into_inner);
        // The error itself shows the line, and somebody may have pasted a secret into it.
        parsed.map_err(|error| {
            self.wrong(error.span().unwrap_or_default(), error.message(), "write it as TOML")
        })
    }

    fn setting(
        &self,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
        source: &str,
    ) -> Result<Setting, CliError> {
        use SettingName::{Secret, SecretCommand, Share, Token};
        let wrong = |what: String, advice: &str| Err(self.wrong(key.span(), what, advice));
        let word = key.get_ref();
        let name = match word.parse() {
            Ok(Secret | Token) => return wrong(format!("a profile holds no {word}"), NO_SECRET),
            Ok(name) => name,
            Err(_) => {
                let near = |name: &SettingName| strsim::jaro_winkler(&name.to_string(), word);
                let names = SettingName::VARIANTS.iter().filter(|name| !matches!(name, Secret | Token));
                let nearest = names.max_by(|one, other| near(one).total_cmp(&near(other)));
                let nearest = nearest.map_or_else(String::new, ToString::to_string);
                let advice = format!("write `{nearest}` if you mean that");
                return wrong(format!("a profile has no `{word}`"), &advice);
            }
        };
        let text = |value: &DeValue<'_>| match value {
            DeValue::String(text) => Some(OsString::from(text.as_ref())).filter(|text| !text.is_empty()),
            DeValue::Integer(number) => Some(number.to_string().into()),
            DeValue::Boolean(is_so) => Some(is_so.to_string().into()),
            _ => None,
        };
        let words: Option<Vec<OsString>> = match (name, value.get_ref()) {
            (SecretCommand, DeValue::Array(words)) => words.iter().map(|word| text(word.get_ref())).collect(),
            (SecretCommand, _) => None,
            (_, value) => text(value).map(|text| vec![text]),
        };
        let Some(mut words) = words.filter(|words| !words.is_empty()) else {
            let advice = if name == SecretCommand { A_COMMAND } else { A_TEXT };
            return wrong(format!("`{name}` cannot be read"), advice);
        };
        if name == Share && Url::parse(&words[0].to_string_lossy()).is_ok_and(|url| url.password().is_some())
        {
            let advice =
                format!("set NORTHBOUND_SHARE, and choose the profile with {PROFILE} instead of --profile");
            return wrong("a profile holds no password, as this `share` does".to_owned(), &advice);
        }
        // A command without a folder is looked for where a shell does.
        let path = Path::new(&words[0]);
        if name.is_path() || name == SecretCommand && path.components().count() > 1 {
            words[0] = self.absolute(path).into();
        }
        Ok(Setting { name, words, source: source.to_owned(), line: Some(self.line(key.span())) })
    }

    /// Relative paths are from the folder of the file.
    fn absolute(&self, path: &Path) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(below), Some(home)) => home.join(below),
            _ => self.path.parent().unwrap_or(Path::new("")).join(path),
        }
    }

    fn line(&self, place: Range<usize>) -> usize {
        self.text.get(..place.start).unwrap_or_default().matches('\n').count() + 1
    }

    fn wrong(&self, place: Range<usize>, what: impl fmt::Display, advice: &str) -> CliError {
        CliError::usage(format!("{}, line {}: {what}", self.path.display(), self.line(place)), advice)
    }
}
