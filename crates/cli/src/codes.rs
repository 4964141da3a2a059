//! What is known of error codes: the document's catalogue, and a fleet's own codes on top.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use northbound::{ERROR_CATALOG, ErrorCode, ErrorInfo};
use serde::Deserialize;
use toml::Spanned;

use crate::error::CliError;
use crate::session::context::Context;

/// What a file of codes looks like, for help.
pub(crate) const EXAMPLE: &str = "\
A file for --codes, in TOML. What it leaves out of a code that is known stays as it is:

  [\"100428\"]
  next_step = \"Call the caretaker: the power of the meter may be off.\"
  who = \"district office\"

  [\"900017\"]
  meaning = \"The valve is stuck.\"
  next_step = \"Send a fitter.\"
  who = \"field team\"";
const ADVICE: &str = "`northbound explain --help` shows what a file of codes looks like";

/// What is known of error codes: the document's catalogue, and a fleet's own codes on top.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    own: BTreeMap<String, Own>,
}

/// What a fleet says of a code. What it leaves out is as in the catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with meaning, next_step and who")]
struct Own {
    text: Option<String>,
    meaning: Option<String>,
    next_step: Option<String>,
    who: Option<String>,
    /// The file, and what the catalogue says.
    #[serde(skip)]
    source: String,
}

/// What is known of one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Explained<'a> {
    pub(crate) code: &'a str,
    /// The words that the platform sends with it.
    pub(crate) text: Option<&'a str>,
    pub(crate) meaning: &'a str,
    pub(crate) next_step: &'a str,
    /// Who has to act, as in `field team`.
    pub(crate) who: &'a str,
    /// Where it is known from, if the platform's page on the call does not list it.
    pub(crate) source: Option<&'a str>,
    /// The entry of the catalogue, if it has the code.
    pub(crate) info: Option<&'static ErrorInfo>,
    pub(crate) group: Group,
}

/// Where a code comes, or who has described it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Calls are answered with it.
    Calls,
    /// It comes only in the `error` of a subtask.
    Subtasks,
    /// The fleet has described it.
    Own,
}

impl Group {
    /// Each group, with its heading.
    pub(crate) const ALL: [(Self, &str); 3] = [
        (Self::Calls, "Codes of calls"),
        (Self::Subtasks, "Codes of devices, which come in the `error` of a subtask"),
        (Self::Own, "Your own codes"),
    ];
}

impl Codes {
    /// The catalogue, with the codes of the file that the user names, if one is named.
    pub(crate) fn of(context: &Context<'_>) -> Result<Self, CliError> {
        let file = context.global.codes.as_deref();
        file.map_or_else(|| Ok(Self::default()), Self::read)
    }

    fn read(file: &Path) -> Result<Self, CliError> {
        let name = file.display().to_string();
        let text = fs::read_to_string(file)
            .map_err(|error| CliError::file(format!("cannot read the codes in {name}: {error}"), ADVICE))?;
        let own = parsed(&text, &name).map_err(|(place, what)| {
            let line = text.get(..place).unwrap_or_default().matches('\n').count() + 1;
            CliError::usage(format!("{name}, line {line}: {what}"), ADVICE)
        })?;
        Ok(Self { own })
    }

    /// What is known of a code; `None` if nothing is.
    pub(crate) fn explain(&self, code: &str) -> Option<Explained<'_>> {
        let info = ErrorCode::from(code).info();
        let Some((code, own)) = self.own.get_key_value(code) else { return info.map(of_catalogue) };
        // What is in neither was refused when the file was read.
        fn or<'a>(own: Option<&'a str>, known: Option<&'static str>) -> &'a str {
            own.or(known).unwrap_or_default()
        }
        Some(Explained {
            code,
            text: own.text.as_deref().or(info.map(|info| info.text)),
            meaning: or(own.meaning.as_deref(), info.map(|info| info.meaning)),
            next_step: or(own.next_step.as_deref(), info.map(|info| info.remedy)),
            who: or(own.who.as_deref(), info.map(|info| info.who.as_str())),
            source: Some(&own.source),
            info,
            group: Group::Own,
        })
    }

    /// Every code that is known: those of the catalogue in its order, then the fleet's own.
    pub(crate) fn all(&self) -> Vec<Explained<'_>> {
        let of_catalogue = ERROR_CATALOG.iter().map(|info| info.code.as_str());
        let of_catalogue = of_catalogue.filter(|code| !self.own.contains_key(*code));
        of_catalogue
            .chain(self.own.keys().map(String::as_str))
            .filter_map(|code| self.explain(code))
            .collect()
    }
}

fn of_catalogue(info: &'static ErrorInfo) -> Explained<'static> {
    Explained {
        code: info.code.as_str(),
        text: Some(info.text),
        meaning: info.meaning,
        next_step: info.remedy,
        who: info.who.as_str(),
        source: info.source,
        info: Some(info),
        group: if info.action.is_some() { Group::Calls } else { Group::Subtasks },
    }
}

/// The codes that a file of this name describes; else the byte at which it is wrong, and what is wrong there.
fn parsed(text: &str, file: &str) -> Result<BTreeMap<String, Own>, (usize, String)> {
    let written: BTreeMap<Spanned<String>, Own> = toml::from_str(text)
        .map_err(|error| (error.span().map_or(0, |span| span.start), error.message().replace('\n', ", ")))?;
    let completed = written.into_iter().map(|(code, own)| {
        let (place, code) = (code.span().start, code.into_inner());
        let known = ErrorCode::from(code.as_str()).info();
        let members = [("meaning", &own.meaning), ("next_step", &own.next_step), ("who", &own.who)];
        if let Some((missing, _)) = members.iter().find(|(_, member)| known.is_none() && member.is_none()) {
            return Err((
                place,
                format!("{code} has no `{missing}`, and is none of the codes that are known"),
            ));
        }
        let source = known.and_then(|info| info.source);
        let source = [file].into_iter().chain(source).collect::<Vec<_>>().join(". ");
        Ok((code, Own { source, ..own }))
    });
    completed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, text).unwrap();
        let name = file.path().display().to_string();
        Codes::read(file.path()).unwrap_err().to_string().replace(&name, "codes.toml")
    }

    #[test]
    fn own_words_go_on_top_of_the_catalogue() {
        let (_, example) = EXAMPLE.split_once("\n\n").unwrap();
        let codes = Codes { own: parsed(example, "codes.toml").unwrap() };
        let [offline, stuck] = ["100428", "900017"].map(|code| codes.explain(code).unwrap());
        let plain = Codes::default();
        let known = plain.explain("100428").unwrap();
        assert_eq!((offline.meaning, offline.who), (known.meaning, "district office"));
        assert!(offline.source.unwrap().starts_with("codes.toml. Not from the page on batch tasks"));
        assert_eq!((stuck.text, stuck.source), (None, Some("codes.toml")));
        assert_eq!((plain.all().len() + 1, plain.explain("900017")), (codes.all().len(), None));
        let of_group = |group| codes.all().iter().filter(|explained| explained.group == group).count();
        assert_eq!(of_group(Group::Own), 2);
    }

    #[test]
    fn a_fault_in_the_file_has_its_line() {
        for (text, expected) in [
            ("\n[\"1\"]\nmeaning = 5\n", "codes.toml, line 3: invalid type: integer `5`, expected a string"),
            ("[\"100428\"]\nwhom = \"x\"\n", "codes.toml, line 2: unknown field `whom`, expected one of"),
            (
                "# wrong\n[\"7\"]\nmeaning = \"m\"\nwho = \"w\"",
                "codes.toml, line 2: 7 has no `next_step`, and",
            ),
            ("[\"7\"]\n[\"7\"]\n", "codes.toml, line 2: duplicate key"),
            (
                "meaning = \"m\"\n",
                "codes.toml, line 1: invalid type: string \"m\", expected a table with meaning",
            ),
            ("[\"7\"\n", "codes.toml, line 1: "),
        ] {
            let fault = fault(text);
            assert!(fault.starts_with(expected), "{text}: {fault}");
        }
    }
}
