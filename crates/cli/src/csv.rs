//! Comma-separated values that a spreadsheet shows and does not carry out.

/// One line, with its end.
///
/// A cell that a spreadsheet would take for a formula gets an apostrophe in front: device ids and replies are other people's
/// text, and `=HYPERLINK(…)` in one of them must not run on the desk of whoever opens the file.
pub(crate) fn line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| quoted(&harmless(cell.as_ref()))).collect();
    cells.join(",") + "\n"
}

/// The cells of a line as they are written, quotes and all.
pub(crate) fn written_cells(line: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    line.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// As <https://owasp.org/www-community/attacks/CSV_Injection> lists them, with their full-width forms.
fn harmless(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

fn quoted(cell: &str) -> String {
    let plain = !cell.contains([',', '"', '\n', '\r', ';', '\t']) && cell.trim() == cell;
    if plain { cell.to_owned() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_parts_cells_is_quoted() {
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
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            let line = line([cell]);
            assert!(line.trim_start_matches('"').starts_with('\''), "{line}");
        }
        assert_eq!(line(["=HYPERLINK(\"http://x\",\"y\")"]), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"\n");
    }
}
