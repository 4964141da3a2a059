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
    columns: Vec<Place>,
    /// Whether the user chose them: they are then shown however narrow the terminal is.
    is_chosen: bool,
}

/// Where a column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Of(Column),
    /// By its place in the user's file.
    Own(usize),
}

impl Selection {
    /// The usual columns, with the own ones after the device.
    pub(crate) fn usual(columns: &[Column], join: Option<&Join>) -> Self {
        let own = |column: &Column| match column {
            Column::Device => join.map_or(0, |join| join.columns().len()),
            _ => 0,
        };
        let with_own = columns
            .iter()
            .flat_map(|column| [Place::Of(*column)].into_iter().chain((0..own(column)).map(Place::Own)));
        Self { columns: with_own.collect(), is_chosen: false }
    }

    /// Columns by their names.
    pub(crate) fn chosen(names: &[String], join: Option<&Join>) -> Result<Self, CliError> {
        let place = |name: &String| {
            let own = || join.and_then(|join| join.place(name)).map(Place::Own);
            Column::from_str(name, false).ok().map(Place::Of).or_else(own).ok_or_else(|| {
                let columns = Column::value_variants().iter().map(|column| column.name());
                let own = join.map(Join::columns).unwrap_or_default().iter().map(|name| one_line(name));
                let names = columns.chain(own).collect::<Vec<_>>().join(", ");
                let more = if join.is_none() { "; --join FILE adds your own" } else { "" };
                let what = format!("there is no column {:?} for --columns", one_line(name));
                CliError::usage(what, format!("columns are {names}{more}"))
            })
        };
        Ok(Self { columns: names.iter().map(place).collect::<Result<_, _>>()?, is_chosen: true })
    }

    /// Whether any of them says why a subtask failed.
    pub(crate) fn has_reasons(&self) -> bool {
        let others = [Column::Device, Column::Command, Column::Status, Column::Output];
        self.columns.iter().any(|column| matches!(column, Place::Of(column) if !others.contains(column)))
    }

    /// What they show of a subtask; `own` are the cells of its device.
    pub(crate) fn cells<'a>(
        &'a self,
        subtask: &'a Subtask,
        own: &'a [String],
        codes: &'a Codes,
    ) -> impl Iterator<Item = Option<String>> + 'a {
        self.columns.iter().map(move |column| match *column {
            Place::Of(column) => column.of(subtask, codes),
            Place::Own(place) => own.get(place).filter(|text| !text.is_empty()).cloned(),
        })
    }

    /// Their names in csv.
    pub(crate) fn names(&self, join: Option<&Join>) -> Vec<String> {
        let name = |column: &Place| match *column {
            Place::Of(column) => column.name(),
            Place::Own(place) => own_name(join, place),
        };
        self.columns.iter().map(name).collect()
    }

    /// The same as columns of a table.
    pub(crate) fn table_columns(&self, join: Option<&Join>) -> Vec<TableColumn> {
        let column = |column: &Place| match *column {
            Place::Of(column) => column.in_table(!self.is_chosen && column == Column::Command),
            Place::Own(place) => TableColumn::text(&one_line(&own_name(join, place)).to_uppercase()),
        };
        self.columns.iter().map(column).collect()
    }
}

fn own_name(join: Option<&Join>, place: usize) -> String {
    join.and_then(|join| join.columns().get(place)).cloned().unwrap_or_default()
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
