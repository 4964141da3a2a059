//! Rows for a person: as a table, or where even a short one is too wide for the terminal, one below the other.

use crate::screen::layout;
use crate::screen::palette::{Palette, STRONG};

/// How many columns of a long text a table shows.
const TEXT_WIDTH: usize = 60;
/// A text that has to be shorter says too little: it gets lines of its own.
const NARROWEST_TEXT: usize = 24;
/// Blanks between two columns of a table.
const GAP: usize = 2;

/// A column of a table.
#[derive(Clone, Debug)]
pub(crate) struct TableColumn {
    pub(crate) heading: String,
    /// Whether it holds text of any length, which a narrow table may break.
    pub(crate) is_text: bool,
    /// Whether a narrow table may lose it.
    pub(crate) is_spare: bool,
}

impl TableColumn {
    /// One that is always there whole.
    pub(crate) fn new(heading: &str) -> Self {
        Self { heading: heading.to_owned(), is_text: false, is_spare: false }
    }

    /// One that a narrow table may break.
    pub(crate) fn text(heading: &str) -> Self {
        Self { is_text: true, ..Self::new(heading) }
    }

    /// The same column where a narrow table may lose it.
    pub(crate) fn spare(self) -> Self {
        Self { is_spare: true, ..self }
    }
}

/// The lines; `width` is that of the terminal, if there is one. Where a table would be too wide, it loses the columns that it can spare;
/// then its texts are shortened.
pub(crate) fn lines(
    columns: &[TableColumn],
    rows: &[Vec<String>],
    width: Option<usize>,
    palette: Palette,
) -> Vec<String> {
    let width = width.unwrap_or(usize::MAX);
    let widest = |(place, column): (usize, &TableColumn)| {
        let most = if column.is_text { TEXT_WIDTH } else { usize::MAX };
        let cells = rows.iter().map(|row| layout::width(&row[place]).min(most));
        cells.max().unwrap_or(0).max(layout::width(&column.heading))
    };
    let mut widths: Vec<usize> = columns.iter().enumerate().map(widest).collect();
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let excess = |shown: &[usize], widths: &[usize]| {
        let all: usize = shown.iter().map(|place| widths[*place] + GAP).sum();
        all.saturating_sub(width.saturating_add(GAP))
    };
    if excess(&shown, &widths) > 0 {
        shown.retain(|place| !columns[*place].is_spare);
    }
    while excess(&shown, &widths) > 0 {
        let texts = shown.iter().copied().filter(|place| columns[*place].is_text);
        match texts.max_by_key(|place| widths[*place]).filter(|place| widths[*place] > NARROWEST_TEXT) {
            Some(longest) => widths[longest] -= 1,
            None => return one_below_the_other(columns, rows, width, palette),
        }
    }
    let line = |cells: &dyn Fn(usize) -> String| {
        let padded = shown.iter().map(|place| {
            let cell = layout::shortened(&cells(*place), widths[*place], palette.ellipsis());
            let gap = " ".repeat(widths[*place] + GAP - layout::width(&cell));
            cell + &gap
        });
        padded.collect::<String>().trim_end().to_owned()
    };
    let heading = palette.paint(STRONG, &line(&|place| columns[place].heading.clone()));
    [heading].into_iter().chain(rows.iter().map(|row| line(&|place| row[place].clone()))).collect()
}

/// A row of a table that is too wide: each cell on a line, with the name of its column.
fn one_below_the_other(
    columns: &[TableColumn],
    rows: &[Vec<String>],
    width: usize,
    palette: Palette,
) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        for (place, (column, cell)) in columns.iter().zip(row).enumerate() {
            let labelled = format!("{}: {cell}", column.heading.to_lowercase());
            if place == 0 {
                lines
                    .extend(layout::wrapped(&labelled, width).iter().map(|line| palette.paint(STRONG, line)));
            } else if cell != "-" {
                let broken = layout::wrapped(&labelled, width.saturating_sub(GAP));
                lines.extend(broken.iter().map(|line| format!("  {line}")));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::columns::Column;

    fn shown(width: Option<usize>, rows: &[[&str; 4]]) -> Vec<String> {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        let columns = Column::TABLE.map(|column| column.in_table(column == Column::Command));
        lines(&columns, &rows, width, Palette::default())
    }

    const ROW: [&str; 4] = [
        "4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7",
        "Fail",
        "The serviceType is not exist. (100431)",
        "0a1805c844d0e8860132aea30d141c1a",
    ];

    #[test]
    fn a_wide_terminal_and_a_file_get_one_line_a_subtask() {
        assert_eq!(shown(None, &[ROW]).len(), 2);
        assert_eq!(shown(Some(118), &[ROW]), shown(None, &[ROW]));
    }

    #[test]
    fn a_narrow_table_loses_its_commands_and_then_the_ends_of_texts() {
        let long = ["4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7", "WaitResult", ROW[2], ROW[3]];
        assert_eq!(
            shown(Some(84), &[ROW]),
            [
                "DEVICE                                STATUS  REASON OR OUTPUT",
                "4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7  Fail    The serviceType is not exist. (100431)",
            ]
        );
        assert_eq!(
            shown(Some(80), &[long])[1],
            "4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7  WaitResult  The serviceType is not exist.…"
        );
        assert_eq!(shown(Some(73), &[long]).len(), 4, "too narrow for a table");
    }

    #[test]
    fn on_forty_columns_cells_are_one_below_the_other_with_labels() {
        assert_eq!(
            shown(
                Some(40),
                &[ROW, ["水表一号水表一号水表一号水表一号水表一号水表一号", "Pending", "-", "-"]]
            ),
            [
                "device:",
                "4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7",
                "  status: Fail",
                "  reason or output: The serviceType is",
                "  not exist. (100431)",
                "  command:",
                "  0a1805c844d0e8860132aea30d141c1a",
                "device:",
                "水表一号水表一号水表一号水表一号水表一号",
                "水表一号",
                "  status: Pending",
            ]
        );
    }

    #[test]
    fn wide_characters_do_not_break_the_table() {
        let rows = [["水表一号", "Fail", "-", "c"], ["meter-02", "Fail", "-", "c"]];
        let lines = shown(None, &rows);
        assert_eq!(lines[1], "水表一号  Fail    -                 c");
        assert_eq!(lines[2], "meter-02  Fail    -                 c");
    }
}
