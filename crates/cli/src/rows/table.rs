//! Subtasks for a person: as a table, or where that is too wide for the terminal, one below the other.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, TableStyle};

use crate::rows::columns::Column;
use crate::screen::layout;
use crate::screen::palette::{Palette, STRONG};

/// How many columns of a long text a table shows.
const TEXT_WIDTH: usize = 60;
/// A text that has to be broken into narrower pieces reads better on lines of its own.
const NARROWEST_TEXT: usize = 24;
/// Blanks between two columns of a table.
const GAP: usize = 2;

/// The lines; `width` is that of the terminal, if there is one.
pub(crate) fn lines(
    columns: &[Column],
    rows: &[Vec<String>],
    width: Option<usize>,
    palette: Palette,
) -> Vec<String> {
    let table = table(columns, rows);
    let width = width.unwrap_or(usize::MAX);
    let widths: Vec<usize> = table.column_max_content_widths().into_iter().map(usize::from).collect();
    let natural = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    if natural <= width {
        return lines_of(&table, palette);
    }
    let texts: Vec<usize> = (0..columns.len()).filter(|place| columns[*place].is_text()).collect();
    let fixed = natural - texts.iter().map(|place| widths[*place]).sum::<usize>();
    if texts.is_empty() || width < fixed + NARROWEST_TEXT * texts.len() {
        return one_below_the_other(rows, width, palette);
    }
    lines_of(&broken(table, columns, width), palette)
}

fn table(columns: &[Column], rows: &[Vec<String>]) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(columns.iter().map(|column| column.heading()));
    for row in rows {
        table.add_row(row.iter().map(|cell| layout::shortened(cell, TEXT_WIDTH)));
    }
    table
}

/// The table with its texts broken, so that it fits.
fn broken(mut table: Table, columns: &[Column], width: usize) -> Table {
    // The margins at both ends are cut off later.
    let outer = u16::try_from(width + GAP).unwrap_or(u16::MAX);
    table.set_width(outer).set_content_arrangement(ContentArrangement::Dynamic);
    for (place, _) in columns.iter().enumerate().filter(|(_, column)| !column.is_text()) {
        if let Some(column) = table.column_mut(place) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}

fn lines_of(table: &Table, palette: Palette) -> Vec<String> {
    let mut lines: Vec<String> =
        table.lines().map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect();
    if let Some(heading) = lines.first_mut() {
        *heading = palette.paint(STRONG, heading);
    }
    lines
}

fn one_below_the_other(rows: &[Vec<String>], width: usize, palette: Palette) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        let mut cells = row.iter();
        let first = cells.next().map(|cell| layout::wrapped(cell, width)).unwrap_or_default();
        lines.extend(first.iter().map(|line| palette.paint(STRONG, line)));
        for cell in cells.filter(|cell| cell.as_str() != "-") {
            let broken = layout::wrapped(cell, width.saturating_sub(GAP));
            lines.extend(broken.iter().map(|line| format!("  {line}")));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: Option<usize>, rows: &[[&str; 4]]) -> Vec<String> {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        lines(&Column::TABLE, &rows, width, Palette::default())
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
    fn texts_break_where_the_table_is_a_little_too_wide() {
        let lines = shown(Some(110), &[ROW]);
        assert!(lines.iter().all(|line| layout::width(line) <= 110), "{lines:#?}");
        assert!(lines[0].starts_with("DEVICE ") && lines.len() > 2, "{lines:#?}");
        // What is broken goes on below itself.
        assert_eq!(lines[1].find("The"), lines[0].find("REASON"), "{lines:#?}");
    }

    #[test]
    fn on_forty_columns_cells_are_one_below_the_other() {
        assert_eq!(
            shown(
                Some(40),
                &[ROW, ["水表一号水表一号水表一号水表一号水表一号水表一号", "Pending", "-", "-"]]
            ),
            [
                "4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7",
                "  Fail",
                "  The serviceType is not exist. (100431)",
                "  0a1805c844d0e8860132aea30d141c1a",
                "水表一号水表一号水表一号水表一号水表一号",
                "水表一号",
                "  Pending",
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
