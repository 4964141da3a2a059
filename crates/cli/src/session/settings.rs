//! The settings of a connection: which platform to ask, as whom, and how. Here, and nowhere else, it is decided where each comes from.
//!
//! What is typed goes first. A profile that is typed stands for its platform as a whole: it goes before the environment, whose variables
//! for a platform are not read, so that a secret of one platform does not go to another. A profile that the environment names comes after
//! its variables.

use northbound::without_line_ends;
use strum::VariantArray as _;

use crate::arguments::global::{Global, SettingName};
use crate::error::{CliError, usage_of_parser};
use crate::session::process::Environment;
use crate::session::profiles::{PROFILE, ProfilesFile};
use crate::session::setting::Setting;

/// What the options, the environment and a profile say together.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    given: Vec<Setting>,
    /// All that the profile says.
    profile: Vec<Setting>,
    /// Variables that are set and do not count, and why.
    pub(crate) unused: Vec<(String, String)>,
}

impl Settings {
    pub(crate) fn of(global: &Global, environment: Environment<'_>) -> Result<Self, CliError> {
        let named = global.profile.clone().or_else(|| environment(PROFILE).filter(|name| !name.is_empty()));
        let profile = match named.filter(|_| !global.emulator) {
            Some(name) => ProfilesFile::read(environment)?.profile(&name)?,
            None => Vec::new(),
        };
        let is_closed = global.emulator || global.profile.is_some();
        let is_read = |name: SettingName| !(is_closed && name.is_of_platform());
        let typed = global.typed.iter().map(|(name, text)| Setting::new(*name, text, format!("--{name}")));
        let names = SettingName::VARIANTS.iter().filter(|name| **name != SettingName::SecretCommand);
        let set: Vec<_> = names
            .filter_map(|name| {
                let text = environment(&name.variable()).filter(|text| !text.is_empty())?;
                Some(Setting::new(*name, without_line_ends(&text), name.variable()))
            })
            .collect();
        let variables = set.iter().filter(|setting| is_read(setting.name)).cloned();
        let members = profile.iter().cloned();
        let further: Vec<Setting> = match global.profile {
            Some(_) => members.chain(variables).collect(),
            None => variables.chain(members).collect(),
        };
        let mut given: Vec<Setting> = Vec::new();
        for setting in typed.chain(further) {
            if given.iter().all(|other| other.name.role() != setting.name.role()) {
                given.push(setting);
            }
        }
        let mut settings = Self { given, profile, unused: Vec::new() };
        for Setting { name, source, .. } in set {
            let why = match settings.get(name) {
                Some(counts) if counts.source == source => continue,
                Some(counts) if is_read(name) => format!("{} wins over it", counts.source),
                _ => format!(
                    "{} ignores variables that belong to a platform",
                    if global.emulator { "--emulator" } else { "--profile" }
                ),
            };
            settings.unused.push((source, why));
        }
        Ok(settings)
    }

    /// The options, with what was not typed; and what is wrong with the rest.
    pub(crate) fn completed(&self, typed: Global) -> (Global, Vec<CliError>) {
        let (mut options, mut problems) = (Vec::new(), Vec::new());
        for setting in &self.given {
            match setting.option() {
                Ok(option) => options.extend(option),
                Err(problem) => problems.push(problem),
            }
        }
        match Global::of_words(options) {
            Ok(further) => (typed.or(further), problems),
            Err(error) => (typed, vec![usage_of_parser(&error.to_string())]),
        }
    }

    /// What is given under this name, or under another one that says the same.
    pub(crate) fn get(&self, name: SettingName) -> Option<&Setting> {
        self.given.iter().find(|setting| setting.name.role() == name.role())
    }

    /// Where that is from.
    pub(crate) fn source(&self, name: SettingName, otherwise: &str) -> String {
        self.get(name).map_or(otherwise, |setting| &setting.source).to_owned()
    }

    /// How to have a variable read that a typed profile hides.
    pub(crate) fn instead(&self, global: &Global) -> Option<String> {
        let name = global.profile.as_ref()?;
        Some(format!("choose the profile with {PROFILE}={name} instead of --profile"))
    }

    /// Refuses to send the secret of a profile to another platform than that of the profile.
    pub(crate) fn secret_stays_with_its_platform(&self) -> Result<(), CliError> {
        let of_profile = |setting: &&Setting| setting.line.is_some();
        let base =
            |setting: &Setting| setting.words[0].to_string_lossy().trim_end_matches('/').to_ascii_lowercase();
        let own = self.profile.iter().find(|setting| setting.name == SettingName::Endpoint);
        match (self.get(SettingName::Secret).filter(of_profile), own, self.get(SettingName::Endpoint)) {
            (Some(secret), Some(own), Some(asked)) if base(asked) != base(own) => Err(CliError::usage(
                format!("the secret of {} is not for the platform of {}", secret.source, asked.source),
                "write a profile for that platform too, or give its secret with --secret-file FILE",
            )),
            _ => Ok(()),
        }
    }
}
