//! Comma-separated values for a spreadsheet. Text that could be a formula is changed: the exact format is jsonl.

use std::borrow::Cow;
use std::io::{self, BufRead};

/// One line, with its end.
pub(crate) fn line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let mut line = Vec::new();
    add_line(cells, &mut line);
    String::from_utf8(line).unwrap_or_default()
}

/// Adds a line to others. No cell is copied more often than it must be: it may be as long as a reply.
pub(crate) fn add_line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>, lines: &mut Vec<u8>) {
    for (place, cell) in cells.into_iter().enumerate() {
        lines.extend((place > 0).then_some(b','));
        push_quoted(&without_formulas(cell.as_ref()), lines);
    }
    lines.push(b'\n');
}

/// The cells of a line as they are written, quotes and all.
pub(crate) fn written_cells(line: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    line.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// A cell without the apostrophe that keeps a spreadsheet from taking its beginning for a formula.
pub(crate) fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| without_formulas(rest) == cell).unwrap_or(cell)
}

/// Reads the next line, with its end. A line break may be in a cell, and then in quotes. Returns how many bytes came: none at the end.
pub(crate) fn read_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    line.clear();
    let (mut quotes, mut known) = (0, 0);
    while lines.read_until(b'\n', line)? > 0 {
        quotes += line[known..].iter().filter(|byte| **byte == b'"').count();
        known = line.len();
        if quotes % 2 == 0 {
            break;
        }
    }
    Ok(line.len())
}

/// Puts an apostrophe before each place where a spreadsheet would see a formula: device ids and replies are other people's
/// text, and `=HYPERLINK(…)` in one of them must not run on the desk of whoever opens the file.
///
/// The start of the cell is one place. The others come after a semicolon, a tab and a line break: some spreadsheets separate
/// cells there, and take the quotes around our cell for letters. The characters are those of
/// <https://owasp.org/www-community/attacks/CSV_Injection>.
fn without_formulas(cell: &str) -> Cow<'_, str> {
    let (mut safe, mut copied, mut start) = (String::new(), 0, 0);
    if cell.starts_with(['\t', '\r', '\n']) {
        safe.push('\'');
    }
    for piece in cell.split_inclusive([';', '\t', '\r', '\n']) {
        // A spreadsheet may drop quotes and blanks before it looks.
        let seen = piece
            .trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || "\"\u{feff}".contains(c));
        if seen.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
            safe.push_str(&cell[copied..start]);
            safe.push('\'');
            copied = start;
        }
        start += piece.len();
    }
    if safe.is_empty() {
        return cell.into();
    }
    safe.push_str(&cell[copied..]);
    safe.into()
}

fn push_quoted(cell: &str, line: &mut Vec<u8>) {
    let plain = !cell.contains([',', '"', '\n', '\r', ';', '\t']) && cell.trim() == cell;
    if plain {
        return line.extend(cell.as_bytes());
    }
    for (place, part) in cell.split('"').enumerate() {
        line.extend(if place == 0 { "\"" } else { "\"\"" }.as_bytes());
        line.extend(part.as_bytes());
    }
    line.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::csv_file::CsvFile;

    #[test]
    fn separators_in_a_cell_are_quoted() {
        assert_eq!(
            line(["a", "b c", "", "1,2", "say \"x\"", "two\nlines"]),
            "a,b c,,\"1,2\",\"say \"\"x\"\"\",\"two\nlines\"\n"
        );
        assert_eq!(line([" x", "a;b"]), "\" x\",\"a;b\"\n");
    }

    #[test]
    fn cells_are_found_as_they_were_written() {
        let written = line(["a,b", "say \"x\",", "", "two\nlines"]);
        let cells: Vec<&str> = written_cells(&written).collect();
        assert_eq!(cells, ["\"a,b\"", "\"say \"\"x\"\",\"", "", "\"two\nlines\"\n"]);
    }

    #[test]
    fn cells_come_back_as_they_were() {
        let before = ["a,b", "say \"x\",", "", "two\nlines", "-1", "'", "'a"];
        let written = line(before);
        let mut lines = written.as_bytes();
        let mut read = Vec::new();
        assert_eq!(read_line(&mut lines, &mut read).unwrap(), written.len(), "the line break is in a cell");
        assert_eq!(read_line(&mut lines, &mut read).unwrap(), 0);
        assert_eq!(CsvFile::new(written.as_bytes()).unwrap().heading(), before);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for cell in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n",
            "＝1",
            " =1",
            "\"=1",
            "\u{feff}=1",
            "\u{0}=1",
        ] {
            let line = line([cell]);
            assert!(line.trim_start_matches('"').starts_with('\''), "{line}");
        }
        assert_eq!(line(["=HYPERLINK(\"http://x\",\"y\")"]), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"\n");
    }

    #[test]
    fn a_cell_holds_no_formula_where_another_separator_splits_it() {
        for separator in [";", "\t", "\n", "\r", "\r\n"] {
            for formula in ["=1", "-1", "＠x", " =1", "\"=1", "\"\" +1"] {
                let cell = format!("a{separator}{formula}{separator}b");
                assert_eq!(without_formulas(&cell), format!("a{separator}'{formula}{separator}b"));
            }
        }
        for text in ["a=1", "a;b-c", "1;2", "{\"a\": -1}", "a; b", "'=1", "", ";", "水表；=1"] {
            assert_eq!(without_formulas(text), text);
        }
    }
}
