//! Options that take several values: separated by commas, as several words, with the option repeated, or from a file.

use std::ffi::{OsStr, OsString};
use std::hash::Hash;
use std::io;

use clap::builder::{PossibleValue, StyledStr, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};
use indexmap::IndexSet;

use crate::session::hanging::reading;

/// The values that one use of an option brings.
#[derive(Clone, Debug)]
pub(crate) struct List<T>(Vec<T>);

impl<T: Clone> List<T> {
    /// The values of all uses of the option, in their order.
    pub(crate) fn all(uses: &[Self]) -> Vec<T> {
        uses.iter().flat_map(|list| list.0.iter().cloned()).collect()
    }
}

impl<T: Clone + Eq + Hash> List<T> {
    /// The same, each once.
    pub(crate) fn distinct(uses: &[Self]) -> Vec<T> {
        Self::all(uses).into_iter().collect::<IndexSet<_>>().into_iter().collect()
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
        let tip = match text.to_string_lossy().starts_with('@') {
            true => "@FILE is a text file in UTF-8 with a value a line and nothing invisible; @- is stdin",
            false => "separate values with commas, and type nothing invisible",
        };
        let values = values.parse_ref(command, option, text).map_err(|error| with_tip(error, tip))?;
        let read = values.iter().map(|(line, value)| {
            let read = self.0.parse_ref(command, option, OsStr::new(value));
            read.map_err(|error| match text.to_string_lossy().strip_prefix('@') {
                Some(file) => with_tip(error, format!("the value is in line {line} of {file}")),
                None => error,
            })
        });
        read.collect::<Result<_, _>>().map(List)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

/// The error of the parser, with what to do about it.
pub(crate) fn with_tip(mut error: clap::Error, tip: impl Into<StyledStr>) -> clap::Error {
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}

/// The values of a list as it was typed, each with the line of the file that it is in. A list without a value is an
/// error: it would otherwise mean no filter, and so everything.
fn values(text: &str) -> Result<Vec<(usize, String)>, String> {
    let (text, separator) = match text.strip_prefix('@') {
        None => (text.to_owned(), ','),
        Some(file) => (read(file).map_err(|error| format!("cannot read it: {error}"))?, '\n'),
    };
    let values = northbound::without_line_ends(&text).split(separator).map(|value| value.trim().to_owned());
    let values: Vec<_> = (1..).zip(values).filter(|(_, value)| !value.is_empty()).collect();
    let hidden = |(n, value): &(_, String)| Some((*n, northbound::invisible(value)?));
    if let Some((n, found)) = values.iter().find_map(hidden) {
        return Err(format!("value {n} holds {found}"));
    }
    if values.is_empty() { Err("there is no value in it".to_owned()) } else { Ok(values) }
}

fn read(file: &str) -> io::Result<String> {
    match file {
        "-" => reading("stdin", || io::read_to_string(io::stdin())),
        _ => reading(file, || std::fs::read_to_string(file)),
    }
}

/// Joins the words of a list into one: those that a comma joins, as in `--status Fail, Timeout`. Other words that follow are values
/// where the option has a fixed set of values, as in `--status Fail Timeout TASK_ID`, or where TASK_ID has come.
pub(crate) fn joined(words: Vec<OsString>, command: &Command) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::with_capacity(words.len());
    let (mut list, mut has_operand): (Option<&Arg>, bool) = (None, false);
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy().into_owned();
        if let (Some(option), Some(last)) = (list, joined.last_mut()) {
            let known = option.get_possible_values();
            let is_value = known.iter().any(|value| value.matches(&text, true))
                || known.is_empty() && has_operand && !text.starts_with(['-', '@']);
            // An option after a comma too many is an option: `--devices a, --dry-run` must not send to `--dry-run`.
            let continues = last.to_string_lossy().ends_with(',') && !text.starts_with('-');
            if is_value || text.starts_with(',') || continues {
                last.push(",");
                last.push(word);
                continue;
            }
        }
        joined.push(word);
        let option = named(&text, command);
        list = option.filter(|option| matches!(option.get_action(), ArgAction::Append));
        if option.is_some_and(|option| option.get_action().takes_values() && !text.contains('=')) {
            joined.extend(words.next());
        } else if text == "--" {
            joined.extend(words.by_ref());
        } else if !text.starts_with('-') {
            has_operand = command.find_subcommand(&text).is_none();
        }
    }
    joined
}

/// The option that a word names, in whichever command it is.
pub(crate) fn named<'a>(word: &str, command: &'a Command) -> Option<&'a Arg> {
    let long = word.strip_prefix("--").map(|option| option.split('=').next().unwrap_or_default());
    let short = word.strip_prefix('-').and_then(|options| options.chars().last());
    let has_short = |option: &Arg| short.is_some() && option.get_short() == short;
    let names = |option: &&Arg| long.map_or_else(|| has_short(option), |_| option.get_long() == long);
    let here = command.get_arguments().find(names);
    here.or_else(|| command.get_subcommands().find_map(|below| named(word, below)))
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
        let option = parsed("above below --name 1, --status Fail t");
        assert_eq!(option, Ok((vec!["Fail".to_owned()], vec![1], Some("t".to_owned()))));
        for line in
            ["t --name 1 2 --status Fail", "t --name 1 --status Fail --name 2", "--status Fail t --name=1 2"]
        {
            let all = Ok((vec!["Fail".to_owned()], vec![1, 2], Some("t".to_owned())));
            assert_eq!(parsed(&format!("above below {line}")), all, "{line}");
        }
        assert_eq!(parsed("above below --name 1 2"), Ok((vec![], vec![1], Some("2".to_owned()))));
        let error = parsed("above below --name 1,x").unwrap_err();
        assert_eq!(error, "error: invalid value 'x' for '--name <name>': invalid digit found in string");
    }

    #[test]
    fn a_file_has_a_value_a_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let typed = format!("above below --name @{} t", file.path().display());
        std::fs::write(file.path(), "\u{feff}1\r\n\r\n  2  \n3").unwrap();
        assert_eq!(parsed(&typed), Ok((vec![], vec![1, 2, 3], Some("t".to_owned()))));
        let matches = command().try_get_matches_from(typed.replace("--name", "--status").split(' '));
        let error = matches.unwrap_err().to_string();
        assert!(error.contains("'1'") && error.contains("the value is in line 1 of"), "{error}");
        for (text, why) in [
            ("\n \n", "there is no value in it"),
            ("x", "invalid value 'x'"),
            ("1\n2\u{200b}", "value 2 holds U+200B, a zero-width space, after \"2\""),
        ] {
            std::fs::write(file.path(), text).unwrap();
            assert!(parsed(&typed).unwrap_err().contains(why), "{text:?}");
        }
        assert!(
            parsed("above below --name @/nonexistent").unwrap_err().contains("cannot read it: No such file")
        );
        assert!(parsed("above below --name ,").unwrap_err().contains("there is no value in it"));
    }
}
