//! The devices that a command goes to: ids as they were typed, or from a file with an id a line.

use std::collections::HashSet;
use std::io;

use crate::error::CliError;
use crate::screen::layout::{counted, one_line};
use crate::session::interrupt::may_hang;

/// Ids of devices, each once, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Devices {
    pub(crate) ids: Vec<String>,
    seen: HashSet<String>,
    /// Ids that came again, and were dropped.
    pub(crate) duplicates: u64,
    /// Lines or places without an id.
    pub(crate) empty: u64,
}

impl Devices {
    /// Reads what was typed: ids, `@FILE`, or `@-` for stdin.
    pub(crate) fn read(words: &[String]) -> Result<Self, CliError> {
        let mut devices = Self::default();
        for word in words {
            match word.strip_prefix('@') {
                Some(file) => {
                    let text = read_text(file).map_err(|error| {
                        let what = format!("cannot read the devices in {file}: {error}");
                        CliError::usage(what, "check the path, and that the file is UTF-8")
                    })?;
                    for (number, line) in (1..).zip(text.lines()) {
                        devices.add_checked(line.trim(), &format!("line {number} of {file}"))?;
                    }
                }
                None if std::path::Path::new(word).is_file() => {
                    let what = format!("{word} is a file, and --devices has it as an id");
                    return Err(CliError::usage(what, format!("write --devices @{word}")));
                }
                None => {
                    for id in word.split(',') {
                        devices.add_checked(id.trim(), "--devices")?;
                    }
                }
            }
        }
        if devices.ids.is_empty() {
            return Err(CliError::usage("there is no device id in --devices", "give one at least"));
        }
        Ok(devices)
    }

    /// Adds an id if it can be one. A table has its id in a column, and is no list of ids.
    fn add_checked(&mut self, id: &str, place: &str) -> Result<(), CliError> {
        let hidden = northbound::invisible(id).map(|found| format!("holds {found}"));
        let is_heading = ["deviceid", "device_id"].iter().any(|heading| id.eq_ignore_ascii_case(heading));
        let strange = is_heading || id.starts_with('-');
        let strange = strange || id.contains(|c: char| c.is_whitespace() || ",;\"".contains(c));
        let fault = hidden.or_else(|| strange.then(|| format!("is no device id: {:?}", one_line(id))));
        if let Some(fault) = fault {
            let advice =
                "give one id a line, without a heading and without other columns; nothing has been sent";
            return Err(CliError::usage(format!("{place} {fault}"), advice));
        }
        self.add(id);
        Ok(())
    }

    /// Adds an id, and counts what is dropped.
    pub(crate) fn add(&mut self, id: &str) {
        if id.is_empty() {
            self.empty += 1;
        } else if self.seen.insert(id.to_owned()) {
            self.ids.push(id.to_owned());
        } else {
            self.duplicates += 1;
        }
    }

    /// Leaves those for which `keep` says so, and returns how many are gone.
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) -> u64 {
        let before = self.ids.len();
        self.ids.retain(|id| keep(id));
        (before - self.ids.len()) as u64
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.ids.len() as u64
    }

    /// What was dropped, in words.
    pub(crate) fn dropped(&self) -> Option<String> {
        let facts =
            [(self.duplicates, "repeated id", "repeated ids"), (self.empty, "empty line", "empty lines")];
        let facts: Vec<String> = facts
            .iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, several)| format!("{count} {}", if *count == 1 { one } else { several }))
            .collect();
        (!facts.is_empty()).then(|| format!("dropped: {}", facts.join(", ")))
    }

    /// The number and the first ids, in words.
    pub(crate) fn shown(&self) -> String {
        const FIRST: usize = 3;
        let first: Vec<String> = self.ids.iter().take(FIRST).map(|id| one_line(id)).collect();
        let more = if self.ids.len() > FIRST { ", …" } else { "" };
        format!("{}: {}{more}", counted(self.count(), "device"), first.join(", "))
    }
}

/// The text of a file, or of stdin for `-`.
pub(crate) fn read_text(file: &str) -> io::Result<String> {
    // A pipe may have no writer.
    let read = || if file == "-" { io::read_to_string(io::stdin()) } else { std::fs::read_to_string(file) };
    may_hang(read).map(|text| text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_file(text: &str) -> Result<Devices, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Devices::read(&[format!("@{}", file.path().display())]).map_err(|failure| failure.to_string())
    }

    #[test]
    fn duplicates_and_empty_lines_are_dropped_and_counted() {
        let devices = of_file("\u{feff}a\r\n\n b \na\n\nc\na").unwrap();
        assert_eq!((devices.ids.join(" "), devices.duplicates, devices.empty), ("a b c".to_owned(), 2, 2));
        assert_eq!(devices.dropped().unwrap(), "dropped: 2 repeated ids, 2 empty lines");
        let typed = Devices::read(&["a,b,,a".to_owned(), "c".to_owned()]).unwrap();
        assert_eq!((typed.shown(), typed.duplicates, typed.empty), ("3 devices: a, b, c".to_owned(), 1, 1));
    }

    #[test]
    fn what_is_no_list_of_ids_is_refused() {
        for (text, found) in [
            ("", "there is no device id in --devices"),
            ("\n\n", "there is no device id in --devices"),
            ("a\nb,Fail\n", "line 2 of"),
            ("\"a\"\n", "is no device id: \"\\\"a\\\"\""),
            ("a b\n", "is no device id: \"a b\""),
            ("a\u{200b}\n", "line 1 of"),
            ("deviceId\na\n", "is no device id: \"deviceId\""),
            ("a\n--dry-run\n", "is no device id: \"--dry-run\""),
        ] {
            let fault = of_file(text).unwrap_err();
            assert!(fault.contains(found), "{text:?}: {fault}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        let fault = Devices::read(&[file.path().display().to_string()]).unwrap_err();
        assert!(fault.to_string().contains("is a file, and --devices has it as an id"), "{fault}");
    }
}
