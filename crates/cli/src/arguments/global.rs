//! The options of every command.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args, Parser, ValueEnum};
use northbound::Secret;
use strum::{Display, EnumString, VariantArray};

/// Where a TASK_ID comes from, for help and errors.
pub(crate) const TASK_ID_ORIGIN: &str =
    "the platform returned it as `taskID` when the batch task was created; the platform cannot list tasks";
/// Where an endpoint comes from.
pub(crate) const ENDPOINT_ORIGIN: &str =
    "the platform's console shows it among the application interconnection information";
/// Where application id and secret come from.
pub(crate) const APPLICATION_ORIGIN: &str =
    "the platform's console shows id and secret when the application is created";

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Profile of profiles.toml whose settings apply where no option is typed, such as endpoint and application [env:
    /// NORTHBOUND_PROFILE; NORTHBOUND_PROFILES names another file]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Address of the platform, such as https://platform.example:8743 [env: NORTHBOUND_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// The application that calls [env: NORTHBOUND_APP_ID]
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) app_id: Option<String>,
    /// File that holds the application's secret [env: NORTHBOUND_SECRET_FILE, or the secret itself in NORTHBOUND_SECRET]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Log in again, and keep no token for the next command. The login cancels the token that other programs use. The quota is still
    /// shared with other commands [env: true or false in NORTHBOUND_NO_TOKEN_CACHE; NORTHBOUND_TOKEN holds a token that you already
    /// have]
    #[arg(long, global = true)]
    pub(crate) no_token_cache: bool,
    /// Share token and quota with other machines through a Redis or Valkey, such as redis://:PASSWORD@HOST:6379, or rediss:// with TLS
    /// [env: NORTHBOUND_SHARE, which hides the password from other users] [default: a file of this user]
    #[cfg_attr(feature = "redis", arg(long, global = true, value_name = "URL", value_parser = secret))]
    #[cfg_attr(not(feature = "redis"), arg(skip))]
    pub(crate) share: Option<Secret>,
    /// Certificate authority to trust besides those of the system, as PEM [env: NORTHBOUND_CA_CERT]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Certificate and private key for a platform that requires a client certificate, as PEM [env: NORTHBOUND_CLIENT_CERT]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) client_cert: Option<PathBuf>,
    /// Connect to ADDR if the endpoint names HOST: for a host name that cannot be looked up [env: NORTHBOUND_RESOLVE]
    #[arg(long, global = true, value_name = "HOST:ADDR", value_parser = resolved)]
    pub(crate) resolve: Option<Resolved>,
    /// Use an emulator inside this command instead of a platform, with its demo application: no account needed
    #[cfg_attr(feature = "emulator", arg(long, global = true))]
    #[cfg_attr(not(feature = "emulator"), arg(skip))]
    pub(crate) emulator: bool,
    /// Greatest number of calls in 60 seconds, together with this user's other commands; 0 is no limit, and counts no calls [env:
    /// NORTHBOUND_QUOTA] [default: 100, as on the platform; no limit with --emulator]. With --emulator, N is also the emulator's quota
    #[arg(long, allow_negative_numbers = true, global = true, value_name = "N")]
    pub(crate) quota: Option<u32>,
    /// How long one call may take, including waits, retries and logins [env: NORTHBOUND_DEADLINE] [default: 3min; 15min for the
    /// gateway]
    #[arg(long, global = true, value_name = "TIME", value_parser = super::values::time)]
    pub(crate) deadline: Option<Duration>,
    /// File that adds error codes of your devices to those that this command knows; `northbound explain --help` shows an example [env:
    /// NORTHBOUND_CODES]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) codes: Option<PathBuf>,
    /// Format of the result: a table for people, JSON for programs [default: by the ending of the name of --out, else table; export,
    /// report, man and spec have other formats]
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<Output>,
    /// Write the result to this file, once it is complete, instead of stdout; - is stdout
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// When to print in colour
    #[arg(long, global = true, value_enum, default_value_t = ColourChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColourChoice,
    /// Show calls and their outcomes on stderr, without secrets; -vv shows more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Print the result and errors only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// The settings that were typed, as text.
    #[arg(skip)]
    pub(crate) typed: Vec<(SettingName, OsString)>,
}

impl Global {
    /// The format of the result: `-o` goes before the name of the file.
    pub(crate) fn output(&self) -> Output {
        self.output.or_else(|| Output::of_file(self.out.as_deref()?)).unwrap_or_default()
    }

    /// What these words say, typed as options.
    pub(crate) fn of_words(words: Vec<OsString>) -> Result<Self, clap::Error> {
        #[derive(Parser)]
        #[command(no_binary_name = true)]
        struct Options {
            #[command(flatten)]
            global: Global,
        }
        Ok(Options::try_parse_from(words)?.global)
    }

    /// The same settings; where one is missing, that of `further`.
    pub(crate) fn or(self, further: Self) -> Self {
        Self {
            endpoint: self.endpoint.or(further.endpoint),
            app_id: self.app_id.or(further.app_id),
            secret_file: self.secret_file.or(further.secret_file),
            no_token_cache: self.no_token_cache || further.no_token_cache,
            share: self.share.or(further.share),
            ca_cert: self.ca_cert.or(further.ca_cert),
            client_cert: self.client_cert.or(further.client_cert),
            resolve: self.resolve.or(further.resolve),
            quota: self.quota.or(further.quota),
            deadline: self.deadline.or(further.deadline),
            codes: self.codes.or(further.codes),
            ..self
        }
    }

    /// Whether JSON was asked for by name, for errors as well. A person who names a file `x.json` still reads the errors.
    pub(crate) fn asks_json(&self) -> bool {
        self.output.is_some_and(Output::is_json)
    }
}

/// The settings of a connection, by the names of their options. A secret, a token and a command have no option: other users can read
/// command lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumString, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum SettingName {
    Endpoint,
    AppId,
    Token,
    Secret,
    SecretFile,
    SecretCommand,
    Share,
    CaCert,
    ClientCert,
    Resolve,
    Quota,
    Deadline,
    NoTokenCache,
    Codes,
}

impl SettingName {
    /// Those that were typed.
    pub(crate) fn typed(mut matches: &ArgMatches) -> Vec<(Self, OsString)> {
        while let Some((_, below)) = matches.subcommand() {
            matches = below;
        }
        let typed = Self::VARIANTS.iter().filter_map(|name| {
            let id = name.to_string().replace('-', "_");
            let text = matches.try_get_raw(&id).ok()??.next()?.to_owned();
            (matches.value_source(&id)? == ValueSource::CommandLine).then_some((*name, text))
        });
        typed.collect()
    }

    /// What it says: of several that say the same, the first that is given counts.
    pub(crate) fn role(self) -> Self {
        match self {
            Self::Token | Self::SecretFile | Self::SecretCommand => Self::Secret,
            name => name,
        }
    }

    /// The variable of the environment.
    pub(crate) fn variable(self) -> String {
        format!("NORTHBOUND_{}", self.to_string().to_uppercase().replace('-', "_"))
    }

    /// Whether it belongs to one platform, so that it must not be mixed with settings of another one.
    pub(crate) fn is_of_platform(self) -> bool {
        !matches!(self, Self::Deadline | Self::NoTokenCache | Self::Codes)
    }

    /// Whether it names a file.
    pub(crate) fn is_path(self) -> bool {
        matches!(self, Self::SecretFile | Self::CaCert | Self::ClientCert | Self::Codes)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For a person
    #[default]
    Table,
    /// One JSON value
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values for a spreadsheet; the exact format is jsonl
    Csv,
}

impl Output {
    pub(crate) fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }

    /// The format that a file of this name has, if its name says so.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Also into files and pipes
    Always,
    /// Plain text
    Never,
}

/// A host of which the user knows the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) host: String,
    /// Its port is 0: that of the endpoint counts.
    pub(crate) address: SocketAddr,
}

/// Text that must not be shown, whatever is wrong with it.
#[cfg(feature = "redis")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::from(text))
}

fn resolved(text: &str) -> Result<Resolved, String> {
    let malformed = || "write it like platform.example:10.0.0.7".to_owned();
    let (host, address) = text.split_once(':').filter(|(host, _)| !host.is_empty()).ok_or_else(malformed)?;
    let address = address.trim_start_matches('[').trim_end_matches(']');
    let address: IpAddr = address.parse().map_err(|_| malformed())?;
    Ok(Resolved { host: host.to_owned(), address: SocketAddr::new(address, 0) })
}

/// What was typed for output and colour, found without the parser: for the error that says why the parser fails.
pub(crate) fn typed_formats(arguments: &[OsString]) -> (Output, ColourChoice) {
    let words: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let (mut typed_output, mut typed_color) = Default::default();
    for (word, next) in words.iter().zip(words.iter().skip(1).map(Some).chain([None])) {
        let value = |name: &str| match word.strip_prefix(name)? {
            "" => next.map(|next| next.as_ref()),
            value => value.strip_prefix('='),
        };
        let short = word.strip_prefix("-o").filter(|value| !value.is_empty());
        if let Some(output) = value("--output").or_else(|| value("-o")).or(short) {
            typed_output = Output::from_str(output, true).unwrap_or_default();
        }
        if let Some(color) = value("--color") {
            typed_color = ColourChoice::from_str(color, true).unwrap_or_default();
        }
    }
    (typed_output, typed_color)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> (Output, ColourChoice) {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        typed_formats(&words)
    }

    #[test]
    fn output_and_colour_are_found_however_they_are_typed() {
        let json = (Output::Json, ColourChoice::Auto);
        for line in ["subtasks -o json --nonsense", "-ojson", "-o=json", "--output=json x", "--output json"] {
            assert_eq!(typed(line), json, "{line}");
        }
        assert_eq!(typed("--color always -o"), (Output::Table, ColourChoice::Always));
        assert_eq!(typed("--color=never -o nonsense"), (Output::Table, ColourChoice::Never));
        assert_eq!(typed(""), (Output::Table, ColourChoice::Auto));
    }

    #[test]
    fn a_file_has_the_format_that_its_name_ends_in() {
        let formats = ["a.json", "a.JSONL", "a.b.ndjson", "a.csv", "a.html", "csv", "-", ".csv"]
            .map(|name| Output::of_file(Path::new(name)));
        let [json, jsonl, csv] = [Output::Json, Output::Jsonl, Output::Csv].map(Some);
        assert_eq!(formats, [json, jsonl, jsonl, csv, None, None, None, None]);
    }

    #[test]
    fn a_host_gets_an_address_of_either_family() {
        let address =
            |text: &str| resolved(text).map(|resolved| (resolved.host, resolved.address.to_string()));
        assert_eq!(address("h.example:10.0.0.7"), Ok(("h.example".to_owned(), "10.0.0.7:0".to_owned())));
        for text in ["h:::1", "h:[::1]"] {
            assert_eq!(address(text), Ok(("h".to_owned(), "[::1]:0".to_owned())), "{text}");
        }
        for text in ["", "h", "h:", ":10.0.0.7", "h:10.0.0.7:8743", "h:another"] {
            assert!(address(text).is_err(), "{text}");
        }
    }
}
