//! csv as this command writes it, and as other programs do: separated by commas, semicolons or tabs.

use std::io::{self, BufRead, Cursor, Read};

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

use crate::rows::csv::plain;

/// A file of csv, line by line.
pub(crate) struct CsvFile<'a> {
    reader: Reader<Box<dyn Read + 'a>>,
    record: ByteRecord,
    heading: Vec<String>,
    /// The number of the last line.
    number: u64,
    /// Whether it is the one that was added to the file.
    is_last: bool,
}

impl<'a> CsvFile<'a> {
    /// Reads the first line. An error names the line, here and later.
    pub(crate) fn new(mut lines: impl BufRead + 'a) -> io::Result<Self> {
        let mut first = Vec::new();
        lines.read_until(b'\n', &mut first)?;
        let separator = separator(&first);
        // If the quotes of a cell have no end, this quote ends them. Otherwise it is a line of its own, the last one.
        let all: Box<dyn Read + 'a> = Box::new(Cursor::new(first).chain(lines).chain(&b"\n\"\n"[..]));
        // Only with this terminator, positions count the lines of every file.
        let terminator = Terminator::Any(b'\n');
        let mut builder = ReaderBuilder::new();
        let builder = builder.has_headers(false).flexible(true).delimiter(separator).terminator(terminator);
        let reader = builder.from_reader(all);
        let mut file =
            Self { reader, record: ByteRecord::new(), heading: Vec::new(), number: 1, is_last: false };
        file.heading = file.next_line()?.unwrap_or_default();
        if file.heading.iter().any(|name| name.contains('\r')) {
            return Err(damage(1, "line ends that only old programs write: save the file as \"CSV UTF-8\""));
        }
        Ok(file)
    }

    /// The cells of the first line.
    pub(crate) fn heading(&self) -> &[String] {
        &self.heading
    }

    /// The next line with anything in it: its number, and as many cells as the first line has.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, Vec<String>)>> {
        let Some(cells) = self.next_line()? else { return Ok(None) };
        if cells.len() != self.heading.len() {
            let what = format!("{} cells, and the first line has {}", cells.len(), self.heading.len());
            let unequal = damage(self.number, &what);
            // A cell without an end takes all further lines in, and is the better explanation.
            return Err(self.next_line().err().unwrap_or(unequal));
        }
        Ok(Some((self.number, cells)))
    }

    fn next_line(&mut self) -> io::Result<Option<Vec<String>>> {
        while self.reader.read_byte_record(&mut self.record)? {
            let breaks = self.record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
            self.number = self.reader.position().line().saturating_sub(breaks + 1);
            let text = |cell| std::str::from_utf8(cell).map(str::to_owned);
            let cells: Result<Vec<_>, _> = self.record.iter().map(text).collect();
            let Ok(mut cells) = cells else {
                let what = "text that is not UTF-8: save the file as \"CSV UTF-8\"";
                return Err(damage(self.number, what));
            };
            if let Some(cell) = cells.last_mut().filter(|cell| cell.ends_with('\r')) {
                cell.pop();
            }
            self.is_last = cells == ["\n"];
            if !self.is_last && cells.iter().any(|cell| !cell.is_empty()) {
                cells.iter_mut().for_each(|cell| *cell = plain(cell).to_owned());
                return Ok(Some(cells));
            }
        }
        if self.is_last { Ok(None) } else { Err(damage(self.number, "a cell without an end")) }
    }
}

/// What separates the cells of the first line: whichever of the usual characters it has most of.
fn separator(first: &[u8]) -> u8 {
    let outside = || first.split(|byte| *byte == b'"').step_by(2).flatten();
    let count = |separator: &u8| outside().filter(|byte| *byte == separator).count();
    // Of several, the last one is taken.
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

/// The fault of a line.
pub(crate) fn damage(line: u64, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("line {line} has {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Result<Vec<(u64, String)>, String> {
        let read = || {
            let mut file = CsvFile::new(text)?;
            let mut lines = vec![(1, file.heading().join("|"))];
            while let Some((number, cells)) = file.next()? {
                lines.push((number, cells.join("|")));
            }
            Ok(lines)
        };
        read().map_err(|error: io::Error| error.to_string())
    }

    #[test]
    fn files_of_other_programs_are_read_alike() {
        let expected = Ok(vec![
            (1, "id|place".to_owned()),
            (2, "a|x\ny".to_owned()),
            (5, "b|5\" pipe, \"z\"".to_owned()),
        ]);
        let text = "id,place\na,\"x\ny\"\n\nb,\"5\"\" pipe, \"\"z\"\"\"\n";
        let bare = text.replace("\"5\"\" pipe, \"\"z\"\"\"", "5\" pipe, \"z\"");
        for text in [
            text.to_owned(),
            text.trim_end().to_owned(),
            format!("\u{feff}{text}\"\",\n,\"\"\n"),
            text.replace("id,place", "\"id\",\"place\"").replace("a,", "'a,").replace("'", ""),
            text.replace("id,", "id;").replace("a,", "a;").replace("b,", "b;"),
            bare.replace("id,", "id\t").replace("a,", "a\t").replace("b,", "b\t"),
        ] {
            assert_eq!(lines(text.as_bytes()), expected, "{text}");
        }
        let windows = lines(text.replace('\n', "\r\n").as_bytes())
            .map(|lines| lines.iter().map(|line| line.0).collect());
        assert_eq!(windows, Ok(vec![1, 2, 5]));
        assert_eq!(lines(b""), Ok(vec![(1, String::new())]));
        assert_eq!(lines(b"id\n'-a\n"), Ok(vec![(1, "id".to_owned()), (2, "-a".to_owned())]));
    }

    #[test]
    fn a_fault_is_named_with_its_line() {
        for (text, fault) in [
            (&b"a,b\n\nc\n"[..], "line 3 has 1 cells, and the first line has 2"),
            (b"a,b\r\n\"x\r\ny\",1\r\n\"c,2\r\nd,3", "line 4 has a cell without an end"),
            (b"a,\"b", "line 1 has a cell without an end"),
            (b"a,b\n1,\xb5\xc2", "line 2 has text that is not UTF-8: save the file as \"CSV UTF-8\""),
            (b"\xff\xfea\0", "line 1 has text that is not UTF-8: save the file as \"CSV UTF-8\""),
            (
                b"a,b\r1,2\r",
                "line 1 has line ends that only old programs write: save the file as \"CSV UTF-8\"",
            ),
        ] {
            let found = lines(text).unwrap_err();
            assert_eq!(found, fault, "{}", String::from_utf8_lossy(text));
        }
    }
}
