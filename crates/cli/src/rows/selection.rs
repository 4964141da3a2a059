//! Which columns are shown of subtasks: those of the command, and the user's own.

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, ValueEnum as _};
use northbound::Subtask;

use crate::codes::Codes;
use crate::error::CliError;
use crate::rows::columns::Column;
use crate::rows::join::Join;
use crate::rows::table::TableColumn;
use crate::screen::layout::one_line;

/// The columns that are shown, in their order.
#[derive(Debug)]
pub(crate) struct Selection {
    columns: Vec<Selected>,
    /// Whether the user chose them: they are then shown however narrow the terminal is.
    is_chosen: bool,
}

#[derive(Clone, Debug)]
enum Selected {
    Of(Column),
    /// One of the user's file, by its place and name.
    Own(usize, String),
}

impl Selection {
    /// The columns with these names; without any, the usual ones, with the own ones after the device.
    pub(crate) fn new(names: &[String], usual: &[Column], join: Option<&Join>) -> Result<Self, CliError> {
        let own: Vec<Selected> = join
            .map(Join::columns)
            .unwrap_or_default()
            .iter()
            .cloned()
            .enumerate()
            .map(|(place, name)| Selected::Own(place, name))
            .collect();
        let mut columns: Vec<Selected> = usual.iter().copied().map(Selected::Of).collect();
        if names.is_empty() {
            columns.splice(1..1, own);
            return Ok(Self { columns, is_chosen: false });
        }
        columns = Column::value_variants().iter().copied().map(Selected::Of).chain(own).collect();
        let find = |name: &String| {
            let is_named = |column: &&Selected| column.name().eq_ignore_ascii_case(name);
            columns.iter().find(is_named).cloned().ok_or_else(|| {
                let names: Vec<_> = columns.iter().map(|column| one_line(&column.name())).collect();
                let more = if join.is_none() { "; --join FILE adds your own" } else { "" };
                let what = format!("there is no column {:?} for --columns", one_line(name));
                CliError::usage(what, format!("columns are {}{more}", names.join(", ")))
            })
        };
        Ok(Self { columns: names.iter().map(find).collect::<Result<_, _>>()?, is_chosen: true })
    }

    /// Whether any of them says why a subtask failed.
    pub(crate) fn has_reasons(&self) -> bool {
        let others = [Column::Device, Column::Command, Column::Status, Column::Output];
        self.columns.iter().any(|column| matches!(column, Selected::Of(column) if !others.contains(column)))
    }

    /// What they show of a subtask; `own` are the cells of its device.
    pub(crate) fn cells<'a>(
        &'a self,
        subtask: &'a Subtask,
        own: &'a [String],
        codes: &'a Codes,
    ) -> impl Iterator<Item = Option<String>> + 'a {
        self.columns.iter().map(move |column| match column {
            Selected::Of(column) => column.of(subtask, codes),
            Selected::Own(place, _) => own.get(*place).filter(|text| !text.is_empty()).cloned(),
        })
    }

    /// Their names in csv.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.columns.iter().map(Selected::name)
    }

    /// The same as columns of a table.
    pub(crate) fn table_columns(&self) -> Vec<TableColumn> {
        let column = |column: &Selected| match column {
            Selected::Of(column) => column.in_table(!self.is_chosen && *column == Column::Command),
            Selected::Own(_, name) => TableColumn::text(&one_line(name).to_uppercase()),
        };
        self.columns.iter().map(column).collect()
    }
}

impl Selected {
    fn name(&self) -> String {
        match self {
            Self::Of(column) => column.name(),
            Self::Own(_, name) => name.clone(),
        }
    }
}

/// Reads the name of a column. Those of a file are not known yet.
#[derive(Clone, Debug)]
pub(crate) struct NameParser;

impl TypedValueParser for NameParser {
    type Value = String;

    fn parse_ref(&self, _: &Command, _: Option<&Arg>, text: &std::ffi::OsStr) -> Result<String, clap::Error> {
        Ok(text.to_string_lossy().into_owned())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Column::value_variants().iter().filter_map(Column::to_possible_value)))
    }
}
