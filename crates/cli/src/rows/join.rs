//! The user's own columns, such as serial number and street, from a file that has a line a device.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufReader};
use std::path::PathBuf;

use clap::{Args, ValueEnum as _};
use indexmap::IndexMap;

use crate::error::CliError;
use crate::rows::columns::Column;
use crate::rows::csv_file::{CsvFile, damage};
use crate::screen::layout::{counted, one_line};
use crate::session::interrupt::may_hang;

/// How the column with the device ids is called if nobody says it.
const DEVICE_COLUMNS: [&str; 3] = ["deviceId", "device", "device_id"];

#[derive(Debug, Default, Args)]
pub(crate) struct JoinOptions {
    /// Add the columns of this csv file, such as serial number and street; it has one line for each device
    #[arg(long, value_name = "FILE")]
    pub(crate) join: Option<PathBuf>,
    /// The column of that file with the device ids [default: deviceId, device or device_id]
    #[arg(long, value_name = "COLUMN", requires = "join")]
    pub(crate) on: Option<String>,
    /// Count the failed devices for each value of this column of that file
    #[arg(long, value_name = "COLUMN", requires = "join")]
    pub(crate) by: Option<String>,
}

/// The user's own columns, by device.
#[derive(Debug)]
pub(crate) struct Join {
    /// The name of the file, without its folder.
    file: String,
    columns: Vec<String>,
    by: Option<usize>,
    devices: IndexMap<String, Device>,
    /// The cells of a device that is not in the file.
    no_cells: Vec<String>,
    /// Devices of rows that are not in the file, by hash.
    others: HashSet<u64>,
    /// The first of them.
    example: Option<String>,
    hasher: RandomState,
    /// Lines of the file without a device.
    nameless: u64,
    /// Devices that failed, by hash; and how many have which value.
    failed: HashSet<u64>,
    by_value: HashMap<String, u64>,
}

/// What the file has of a device.
#[derive(Debug)]
struct Device {
    line: u64,
    cells: Vec<String>,
    /// Whether there was a row of it.
    is_met: bool,
}

/// How many devices are on one side only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) in_file: u64,
    /// Devices of the file without a row among those that were read.
    pub(crate) only_in_file: u64,
    /// Devices of the rows that were read which are not in the file.
    pub(crate) only_in_rows: u64,
}

impl Join {
    /// Reads the file, if one was given.
    pub(crate) fn read(options: &JoinOptions) -> Result<Option<Self>, CliError> {
        let Some(path) = &options.join else { return Ok(None) };
        let file = one_line(&path.display().to_string());
        let cannot = |error: io::Error| {
            let advice = match error.raw_os_error() {
                Some(_) => "check the path, and that you may read the file",
                None => {
                    "--join needs a csv file in UTF-8 with a line a device, and the names of its columns in the first line"
                }
            };
            CliError::file(format!("cannot read {file}: {error}"), advice)
        };
        let opened = may_hang(|| File::open(path)).map_err(cannot)?;
        let mut lines = CsvFile::new(BufReader::with_capacity(256 * 1024, opened)).map_err(cannot)?;
        let find = |option, names: &[String], wanted: &[&str]| {
            place(names, wanted).map_err(|why| {
                // A file that is no csv may have one long name, or thousands.
                let shown = |name: &String| one_line(name).chars().take(40).collect();
                let mut shown: Vec<String> = names.iter().take(20).map(shown).collect();
                shown.extend((names.len() > 20).then(|| format!("and {} more", names.len() - 20)));
                let advice = match shown.is_empty() {
                    true => "the first line has to name the columns".to_owned(),
                    false => format!("{option} takes one of its columns: {}", shown.join(", ")),
                };
                CliError::usage(format!("{file} has {why}"), advice)
            })
        };
        let mut names: Vec<String> = lines.heading().iter().map(|name| name.trim().to_owned()).collect();
        let on = options.on.as_deref().map(|name| vec![name]);
        let on = find("--on", &names, on.as_deref().unwrap_or(&DEVICE_COLUMNS))?;
        names.remove(on);
        let by = options.by.as_deref().map(|name| find("--by", &names, &[name])).transpose()?;
        let columns = distinct(names);
        let mut join = Self {
            no_cells: vec![String::new(); columns.len()],
            file: one_line(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()),
            columns,
            by,
            devices: IndexMap::new(),
            others: HashSet::new(),
            hasher: RandomState::new(),
            example: None,
            nameless: 0,
            failed: HashSet::new(),
            by_value: HashMap::new(),
        };
        join.read_devices(&mut lines, on).map_err(cannot)?;
        Ok(Some(join))
    }

    fn read_devices(&mut self, lines: &mut CsvFile<'_>, on: usize) -> io::Result<()> {
        while let Some((line, mut cells)) = lines.next()? {
            let device = cells.remove(on).trim().to_owned();
            if device.is_empty() {
                self.nameless += 1;
                continue;
            }
            let Some(before) = self.devices.get(&device) else {
                self.devices.insert(device, Device { line, cells, is_met: false });
                continue;
            };
            if before.cells != cells {
                let (first, id, hint) = (before.line, one_line(&device), rounding(&device));
                let what = format!("device {id}, and so has line {first}, with other cells{hint}");
                return Err(damage(line, &what));
            }
        }
        Ok(())
    }

    /// The names of the own columns: all of the file but the one with the device ids, in their order. A name that another column has
    /// gets a number.
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What the file has of the device of a row, a text for each column; empty texts if it has nothing. Counts the row.
    pub(crate) fn cells(&mut self, device: Option<&str>) -> &[String] {
        let Some(id) = device.filter(|id| !id.is_empty()) else { return &self.no_cells };
        match self.devices.get_mut(id) {
            Some(device) => {
                device.is_met = true;
                &device.cells
            }
            None => {
                self.others.insert(self.hasher.hash_one(id));
                self.example.get_or_insert_with(|| id.to_owned());
                &self.no_cells
            }
        }
    }

    /// The place among [`Self::columns`] of the column by which failures are counted.
    pub(crate) fn by(&self) -> Option<usize> {
        self.by
    }

    /// Counts a row that failed by its value. A device counts once.
    pub(crate) fn count_failed(&mut self, device: Option<&str>) {
        let (Some(by), device) = (self.by, device.filter(|id| !id.is_empty())) else { return };
        if !device.is_none_or(|id| self.failed.insert(self.hasher.hash_one(id))) {
            return;
        }
        let found = device.and_then(|id| self.devices.get(id));
        let value = match found.map(|device| device.cells[by].trim()) {
            None => format!("(not in {})", self.file),
            Some("") => "(empty)".to_owned(),
            Some(value) => value.to_owned(),
        };
        *self.by_value.entry(value).or_default() += 1;
    }

    /// The values with the number of devices that failed, the most first; devices that are not in the file have a value of their own.
    pub(crate) fn groups(&self) -> Vec<(&str, u64)> {
        let mut groups: Vec<_> =
            self.by_value.iter().map(|(value, count)| (value.as_str(), *count)).collect();
        groups.sort_by(|(a, many), (b, more)| more.cmp(many).then(a.cmp(b)));
        groups
    }

    /// How many devices of rows and file have found each other, after the last row.
    pub(crate) fn tally(&self) -> Tally {
        let alone = self.devices.values().filter(|device| !device.is_met).count();
        Tally {
            in_file: self.devices.len() as u64,
            only_in_file: alone as u64,
            only_in_rows: self.others.len() as u64,
        }
    }

    /// What to tell the user after the last row, a line each.
    pub(crate) fn notes(&self) -> Vec<String> {
        let (tally, file) = (self.tally(), &self.file);
        let these = "these rows";
        let fact = |count: u64, thing: &str, whole: &str, without: &str| {
            let verb = if count == 1 { "is" } else { "are" };
            (count > 0).then(|| format!("{} of {whole} {verb} {without}", counted(count, thing)))
        };
        let facts = [
            fact(self.nameless, "line", file, "without a device id"),
            fact(tally.only_in_rows, "device", these, &format!("not in {file}")),
            fact(tally.only_in_file, "device", file, &format!("not among {these}")),
        ];
        let mut notes: Vec<String> = facts.into_iter().flatten().collect();
        if let (Some(theirs), Some(ours)) = (self.devices.keys().next(), &self.example)
            && tally.in_file == tally.only_in_file
        {
            let (hint, theirs, ours) = (rounding(theirs), one_line(theirs), one_line(ours));
            notes.push(format!(
                "warning: no device matches: {file} has ids such as {theirs}, and these rows such as {ours}{hint}; check the file and --on"
            ));
        }
        notes
    }
}

/// The usual cause of ids such as 8.68744E+14.
fn rounding(id: &str) -> &'static str {
    let hint = ": a spreadsheet has rounded it, which reading the column as text avoids";
    if id.to_ascii_uppercase().contains("E+") { hint } else { "" }
}

/// The place of the first of some names that a heading has, in upper or lower case.
fn place(heading: &[String], names: &[&str]) -> Result<usize, String> {
    for name in names {
        let is_same = |(place, other): (usize, &String)| other.eq_ignore_ascii_case(name).then_some(place);
        match heading.iter().enumerate().filter_map(is_same).collect::<Vec<_>>()[..] {
            [] => {}
            [place] => return Ok(place),
            _ => return Err(format!("several columns {name}")),
        }
    }
    Err(format!("no column {}", names.join(" or ")))
}

/// The same names, each once, and none that a column of subtasks has: a reader of the csv would take one for the other.
fn distinct(names: Vec<String>) -> Vec<String> {
    let mut taken: HashSet<String> = Column::value_variants().iter().map(|column| column.name()).collect();
    let mut free = |name: String| {
        let name = if name.is_empty() { "column".to_owned() } else { name };
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        let name =
            [name.clone()].into_iter().chain(numbered).find(|name| taken.insert(name.to_ascii_lowercase()));
        name.unwrap_or_default()
    };
    names.into_iter().map(&mut free).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a file with this text; the name of the file is left out of what is said.
    fn join(text: &str, on: Option<&str>, by: Option<&str>) -> Result<Join, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let [on, by] = [on, by].map(|name| name.map(str::to_owned));
        let read = Join::read(&JoinOptions { join: Some(file.path().to_owned()), on, by });
        let joined = read.map(|join| Join { file: "meters.csv".to_owned(), ..join.unwrap() });
        joined.map_err(|error| error.to_string().replace(&file.path().display().to_string(), "meters.csv"))
    }

    #[test]
    fn a_device_gets_the_cells_of_its_line_whatever_program_wrote_the_file() {
        let text = "\u{feff}Serial;DeviceID;Street\r\nS1; a ;\"Main St; 1\"\r\n;;\r\nS2;'-b;\r\nS1;a;\"Main St; 1\"\r\n;;no device\r\n";
        let mut join = join(text, None, None).unwrap();
        assert_eq!(join.columns(), ["Serial", "Street"]);
        assert_eq!(join.cells(Some("a")), ["S1", "Main St; 1"]);
        for unknown in [Some("x"), None] {
            assert_eq!(join.cells(unknown), ["", ""]);
        }
        assert_eq!(join.tally(), Tally { in_file: 2, only_in_file: 1, only_in_rows: 1 });
        assert_eq!(
            join.notes(),
            [
                "1 line of meters.csv is without a device id",
                "1 device of these rows is not in meters.csv",
                "1 device of meters.csv is not among these rows",
            ]
        );
    }

    #[test]
    fn failures_are_counted_by_value_each_device_once() {
        let mut join =
            join("device,district\na,North\nb, North\nc,\nd,Élan\n", None, Some("District")).unwrap();
        for device in ["a", "c", "d", "a", "nobody", "b"] {
            join.count_failed(Some(device));
        }
        join.count_failed(None);
        let expected = [("(not in meters.csv)", 2), ("North", 2), ("(empty)", 1), ("Élan", 1)];
        assert_eq!(join.groups(), expected);
    }

    #[test]
    fn own_columns_have_names_of_their_own() {
        let heading = "device,status,Status,,note,note,code (2)\n";
        let join = join(heading, None, None).unwrap();
        assert_eq!(join.columns(), ["status (2)", "Status (3)", "column", "note", "note (2)", "code (2)"]);
    }

    #[test]
    fn a_file_that_cannot_be_joined_is_refused() {
        for (text, on, by, fault) in [
            ("id,name\n", None, None, "meters.csv has no column deviceId or device or device_id"),
            ("id,name\n", Some("Id2"), None, "meters.csv has no column Id2"),
            ("id,ID,name\n", Some("iD"), None, "meters.csv has several columns iD"),
            ("device,name,device\n", None, None, "meters.csv has several columns device"),
            ("id,name\n", Some("id"), Some("id"), "meters.csv has no column id"),
            ("", None, None, "meters.csv has no column deviceId or device or device_id"),
            (
                "device,name\na,x\n\na,y\n",
                None,
                None,
                "cannot read meters.csv: line 4 has device a, and so has line 2, with other cells",
            ),
            (
                "device,name\n8.68744E+14,x\n8.68744E+14,y\n",
                None,
                None,
                "cannot read meters.csv: line 3 has device 8.68744E+14, and so has line 2, with other cells: a spreadsheet has rounded \
                 it, which reading the column as text avoids",
            ),
            (
                "device,name\na\n",
                None,
                None,
                "cannot read meters.csv: line 2 has 1 cells, and the first line has 2",
            ),
        ] {
            assert_eq!(join(text, on, by).unwrap_err(), fault, "{text:?}");
        }
    }

    #[test]
    fn ids_that_do_not_match_are_shown_with_the_usual_cause() {
        for (id, hint) in [
            ("8,68744E+14", ": a spreadsheet has rounded it, which reading the column as text avoids"),
            ("4d8e5", ""),
        ] {
            let mut join = join(&format!("device;name\n{id};x\n"), None, None).unwrap();
            assert_eq!(join.notes(), ["1 device of meters.csv is not among these rows"], "there was no row");
            join.cells(Some("868744012345678"));
            let expected = format!(
                "warning: no device matches: meters.csv has ids such as {id}, and these rows such as 868744012345678{hint}; check the \
                 file and --on"
            );
            assert_eq!(join.notes()[2], expected);
        }
    }
}
