//! Splits a reply into its members and its rows by quotes and brackets, even if one of them is no JSON.

use crate::limits;

/// A reply in parts.
pub(super) struct Frame<'a> {
    /// `"name": value` of each member but the rows.
    pub(super) members: Vec<&'a [u8]>,
    /// The objects in the list of rows; `None` if there is no such list.
    pub(super) rows: Option<Vec<&'a [u8]>>,
}

/// Splits a reply whose rows are in the member `name`; `None` if its brackets do not match, or if the call
/// allows fewer rows. Of two members with that name the last one counts.
pub(super) fn frame<'a>(body: &'a [u8], name: &str) -> Option<Frame<'a>> {
    let mut scan = Scan { body, at: 0 };
    let mut frame = Frame { members: Vec::new(), rows: None };
    let mut is_misplaced = false;
    scan.list(b'{', b'}', |scan| {
        let start = scan.at;
        let key = scan.string()?;
        scan.expect(b':')?;
        let is_rows = serde_json::from_slice::<String>(key).is_ok_and(|key| key == name);
        if is_rows {
            (frame.rows, is_misplaced) = (None, false);
            if scan.peek()? == b'[' {
                let mut rows = Vec::new();
                scan.list(b'[', b']', |scan| {
                    rows.push(scan.value()?);
                    limits::allows_another().then_some(())
                })?;
                frame.rows = Some(rows);
                return Some(());
            }
        }
        let value = scan.value()?;
        if is_rows {
            is_misplaced = value != b"null";
            return Some(());
        }
        frame.members.push(scan.body[start..scan.at].trim_ascii());
        Some(())
    })?;
    (scan.at == body.len() && !is_misplaced).then_some(frame)
}

struct Scan<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    /// The next byte that is not blank.
    fn peek(&mut self) -> Option<u8> {
        while self.body.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.body.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Reads parts that are separated by commas, from one bracket to the other.
    fn list(&mut self, open: u8, close: u8, mut part: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.expect(open)?;
        if self.peek()? == close {
            return self.expect(close);
        }
        loop {
            self.peek()?;
            part(self)?;
            if self.peek()? == close {
                return self.expect(close);
            }
            self.expect(b',')?;
        }
    }

    /// Reads a string, with its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            let byte = *self.body.get(self.at)?;
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                return self.body.get(start..self.at);
            }
        }
    }

    /// Reads whatever stands before the next comma or closing bracket that is not inside it; an empty value is none.
    fn value(&mut self) -> Option<&'a [u8]> {
        let (start, mut depth) = (self.at, 0_usize);
        loop {
            match self.body.get(self.at)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b',' | b'}' | b']' if depth == 0 => break,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        let value = self.body[start..self.at].trim_ascii();
        (!value.is_empty()).then_some(value)
    }
}
