//! `northbound config`: each setting of a connection, and where it comes from. Nothing is sent, no secret is read, and no command is run.

use std::fs;

use serde_json::json;
use strum::VariantArray as _;

use crate::arguments::global::SettingName;
use crate::error::CliError;
use crate::rows::table::{self, TableColumn};
use crate::screen::layout::one_line;
use crate::session::connection;
use crate::session::context::Context;
use crate::session::profiles::ProfilesFile;
use crate::session::setting::Setting;
use crate::session::settings::Settings;

pub(crate) fn run(context: &mut Context<'_>) -> Result<(), CliError> {
    let path = ProfilesFile::path(context.environment);
    let profiles = match path.as_deref().filter(|path| path.exists()) {
        Some(_) => ProfilesFile::read(context.environment)?.checked()?,
        None => Vec::new(),
    };
    context.settings = Settings::of(&context.global, context.environment)?;
    let (completed, mut problems) = context.settings.completed(context.global.clone());
    context.global = completed;
    let mut rows = Vec::new();
    for name in SettingName::VARIANTS.iter().filter(|name| name.role() == **name) {
        let given = context.settings.get(*name);
        let value = match given {
            None => default(context, *name),
            Some(given) if given.option().is_err() => None,
            Some(given) => shown(context, given).map_err(|problem| problems.push(problem)).ok(),
        };
        let name = given.map_or(*name, |given| given.name).to_string();
        let source = given
            .map_or(if value.is_some() { "default" } else { "not set" }, |given| &given.source)
            .to_owned();
        rows.push([Some(name), value, Some(source)]);
    }
    if !context.global.emulator {
        let missing = [connection::endpoint(context).err(), connection::app_id(context).err()];
        problems.extend(missing.into_iter().flatten());
        problems.extend(connection::proof(context).err());
    }
    let unused = &context.settings.unused;
    if context.global.output().is_json() {
        let rows =
            rows.iter().map(|[name, value, from]| json!({ "name": name, "value": value, "from": from }));
        let unused = unused.iter().map(|(name, why)| json!({ "name": name, "because": why }));
        let told = |problem: &CliError| json!({ "message": problem.to_string(), "help": problem.advice() });
        let result = json!({
            "settings": rows.collect::<Vec<_>>(),
            "profiles": profiles,
            "file": path,
            "unused": unused.collect::<Vec<_>>(),
            "problems": problems.iter().map(told).collect::<Vec<_>>(),
        });
        return Ok(context.deliver_json(&result)?);
    }
    let columns = ["SETTING", "VALUE", "FROM"].map(TableColumn::new);
    let rows: Vec<_> = rows
        .into_iter()
        .map(|row| row.map(|cell| one_line(&cell.unwrap_or("-".to_owned()))).to_vec())
        .collect();
    let mut lines = table::lines(&columns, &rows, context.stdout.width(), context.stdout.palette);
    let names = if profiles.is_empty() { "none".to_owned() } else { profiles.join(", ") };
    lines.push(format!("\nprofiles: {names}, in {}", path.unwrap_or_default().display()));
    lines.extend(unused.iter().map(|(name, why)| format!("not used: {name}, because {why}")));
    for problem in problems {
        lines.push(format!("problem: {problem}\nhelp:    {}", problem.advice().unwrap_or_default()));
    }
    Ok(context.stdout.write_lines(&lines)?)
}

fn default(context: &Context<'_>, name: SettingName) -> Option<String> {
    let default = match name {
        SettingName::NoTokenCache => "false",
        SettingName::Deadline => "3min",
        SettingName::Share | SettingName::Quota if context.global.emulator => return None,
        SettingName::Share => "a file of this user",
        SettingName::Quota => "100",
        _ => return None,
    };
    Some(default.to_owned())
}

/// The value, unless it cannot be used: then it may be anything, such as a secret in the wrong place.
fn shown(context: &Context<'_>, given: &Setting) -> Result<String, CliError> {
    use SettingName::*;
    let text = given.text()?;
    match given.name {
        Endpoint => return connection::address(context),
        AppId => return Ok(connection::application(context)?.to_string()),
        Token | Secret | Share => return Ok("set".to_owned()),
        // An argument may be secret.
        SecretCommand if given.words.len() > 1 => return Ok(text + " …"),
        SecretFile | CaCert | ClientCert | Codes => {
            let cannot = |error| {
                CliError::usage(format!("cannot read {} {text}: {error}", given.place()), "check the path")
            };
            fs::metadata(&given.words[0]).map_err(cannot)?;
        }
        _ => {}
    }
    Ok(text)
}
