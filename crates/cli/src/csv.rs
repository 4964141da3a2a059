//! Comma-separated values that a spreadsheet shows and does not carry out.

use std::borrow::Cow;

/// One line, with its end.
///
/// A cell that a spreadsheet would take for a formula gets an apostrophe in front: device ids and replies are other people's
/// text, and `=HYPERLINK(…)` in one of them must not run on the desk of whoever opens the file.
pub(crate) fn line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let mut line = String::new();
    for (place, cell) in cells.into_iter().enumerate() {
        line.extend((place > 0).then_some(','));
        // No copy of a cell that needs none: it may be as long as a reply.
        push_quoted(&harmless(cell.as_ref()), &mut line);
    }
    line + "\n"
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
fn harmless(cell: &str) -> Cow<'_, str> {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { format!("'{cell}").into() } else { cell.into() }
}

fn push_quoted(cell: &str, line: &mut String) {
    let plain = !cell.contains([',', '"', '\n', '\r', ';', '\t']) && cell.trim() == cell;
    if plain {
        return line.push_str(cell);
    }
    for (place, part) in cell.split('"').enumerate() {
        line.push_str(if place == 0 { "\"" } else { "\"\"" });
        line.push_str(part);
    }
    line.push('"');
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
