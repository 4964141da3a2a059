//! Options that take several values: separated by commas, as several words, with the option repeated, or from a file.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, ArgAction, Command};

/// The values that one use of an option brings.
#[derive(Clone, Debug)]
pub(crate) struct List<T>(Vec<T>);

impl<T: Clone> List<T> {
    /// The values of all uses of the option, in their order.
    pub(crate) fn all(uses: &[Self]) -> Vec<T> {
        uses.iter().flat_map(|list| list.0.iter().cloned()).collect()
    }
}

/// Reads a list; another parser reads each value.
#[derive(Clone, Debug)]
pub(crate) struct ListParser<P>(pub(crate) P);

impl<P: TypedValueParser> TypedValueParser for ListParser<P> {
    type Value = List<P::Value>;

    fn parse_ref(
        &self,
        command: &Command,
        option: Option<&Arg>,
        text: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let values = values.parse_ref(command, option, text)?;
        let read = values.iter().map(|value| self.0.parse_ref(command, option, OsStr::new(value)));
        read.collect::<Result<_, _>>().map(List)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

/// The values of a list as it was typed. A list without a value is an error: it would otherwise mean no filter, and so everything.
fn values(text: &str) -> Result<Vec<String>, String> {
    let (text, separator) = match text.strip_prefix('@') {
        None => (text.to_owned(), ','),
        Some(file) => (read(file).map_err(|error| format!("cannot read it: {error}"))?, '\n'),
    };
    let values = text.trim_start_matches('\u{feff}').split(separator).map(str::trim);
    let values: Vec<String> = values.filter(|value| !value.is_empty()).map(str::to_owned).collect();
    if values.is_empty() { Err("there is no value in it".to_owned()) } else { Ok(values) }
}

fn read(file: &str) -> io::Result<String> {
    if file != "-" {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// Joins the words of a list into one: those that a comma joins, as in `--status Fail, Timeout`, and where the option has a fixed
/// set of values those that are in it, as in `--status Fail Timeout TASK_ID`.
pub(crate) fn joined(words: Vec<OsString>, command: &Command) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::with_capacity(words.len());
    let mut list: Option<Vec<PossibleValue>> = None;
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        if let (Some(known), Some(last)) = (&list, joined.last_mut()) {
            let is_value = known.iter().any(|value| value.matches(&text, true));
            if is_value || text.starts_with(',') || last.to_string_lossy().ends_with(',') {
                last.push(",");
                last.push(word);
                continue;
            }
        }
        joined.push(word);
        let option = text.strip_prefix("--").unwrap_or_default();
        let (name, value) =
            option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
        list = named(name, command);
        if list.is_some() && value.is_none() {
            joined.extend(words.next());
        } else if text == "--" {
            joined.extend(words.by_ref());
        }
    }
    joined
}

/// The fixed set of values of the option, which may be empty, if the option takes a list.
fn named(name: &str, command: &Command) -> Option<Vec<PossibleValue>> {
    let takes_list =
        |option: &&Arg| option.get_long() == Some(name) && matches!(option.get_action(), ArgAction::Append);
    let here = command.get_arguments().find(takes_list).map(Arg::get_possible_values);
    here.or_else(|| command.get_subcommands().find_map(|below| named(name, below)))
}

#[cfg(test)]
mod tests {
    use clap::builder::PossibleValuesParser;

    use super::*;

    fn command() -> Command {
        let list = |name: &'static str| Arg::new(name).long(name).action(ArgAction::Append);
        let status = list("status").ignore_case(true);
        let status = status.value_parser(ListParser(PossibleValuesParser::new(["Fail", "Timeout"])));
        let name = list("name").value_parser(ListParser(|text: &str| text.parse::<u8>()));
        let below = Command::new("below").arg(status).arg(name).arg(Arg::new("task"));
        Command::new("above").subcommand(below)
    }

    /// The values of both lists, and the operand.
    type Parsed = (Vec<String>, Vec<u8>, Option<String>);

    fn parsed(line: &str) -> Result<Parsed, String> {
        let words = line.split_whitespace().map(OsString::from).collect();
        let matches = command().try_get_matches_from(joined(words, &command()));
        let matches =
            matches.map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())?;
        let below = matches.subcommand_matches("below").unwrap();
        let status: Vec<List<String>> = below.get_many("status").into_iter().flatten().cloned().collect();
        let names: Vec<List<u8>> = below.get_many("name").into_iter().flatten().cloned().collect();
        Ok((List::all(&status), List::all(&names), below.get_one("task").cloned()))
    }

    #[test]
    fn a_list_is_read_however_it_is_typed() {
        let both = Ok((vec!["Fail".to_owned(), "Timeout".to_owned()], vec![], Some("t".to_owned())));
        for line in [
            "--status Fail,Timeout t",
            "--status Fail, Timeout t",
            "--status Fail , Timeout t",
            "--status Fail ,Timeout t",
            "--status Fail Timeout t",
            "--status=Fail Timeout t",
            "--status Fail --status Timeout t",
            "t --status Fail Timeout",
        ] {
            assert_eq!(parsed(&format!("above below {line}")), both, "{line}");
        }
        assert_eq!(parsed("above below --status fail timeout t").unwrap().0, ["fail", "timeout"]);
        assert!(parsed("above below --status Fail, t").unwrap_err().contains("invalid value 't'"));
        assert_eq!(parsed("above below --name 1, 2 t"), Ok((vec![], vec![1, 2], Some("t".to_owned()))));
        assert_eq!(parsed("above below --name 1 -- 2"), Ok((vec![], vec![1], Some("2".to_owned()))));
        let error = parsed("above below --name 1,x").unwrap_err();
        assert_eq!(error, "error: invalid value 'x' for '--name <name>': invalid digit found in string");
    }

    #[test]
    fn a_file_has_a_value_a_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let typed = format!("above below --name @{} t", file.path().display());
        std::fs::write(file.path(), "\u{feff}1\r\n\r\n  2  \n3").unwrap();
        assert_eq!(parsed(&typed), Ok((vec![], vec![1, 2, 3], Some("t".to_owned()))));
        for (text, why) in [("\n \n", "there is no value in it"), ("x", "invalid value 'x'")] {
            std::fs::write(file.path(), text).unwrap();
            assert!(parsed(&typed).unwrap_err().contains(why), "{text:?}");
        }
        assert!(
            parsed("above below --name @/nonexistent").unwrap_err().contains("cannot read it: No such file")
        );
        assert!(parsed("above below --name ,").unwrap_err().contains("there is no value in it"));
    }
}
