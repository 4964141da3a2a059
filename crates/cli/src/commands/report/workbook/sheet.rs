//! A sheet of a workbook, written row by row, and the errors of the crate that writes it.

use std::any::Any;
use std::borrow::Cow;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use rust_xlsxwriter::{Format, FormatAlign, IgnoreError, Worksheet, XlsxError};
use unicode_width::UnicodeWidthStr as _;

/// The longest text that a cell holds, in units of UTF-16.
const LONGEST: usize = 32_767;
/// What a longer text ends with.
const CUT: &str = " … [cut]";
/// The narrowest and the widest column, in digits.
const WIDTHS: (usize, usize) = (8, 60);
const A4: u8 = 9;

/// What a cell shows.
pub(super) enum Cell<'a> {
    Text(&'a str),
    Heading(&'a str),
    Count(u64),
}

/// A sheet in the making.
pub(super) struct Sheet {
    sheet: Worksheet,
    /// How many there are, with the heading.
    pub(super) rows: u32,
    /// Texts that were cut.
    pub(super) cut: u64,
    /// An upper limit of its size, in bytes.
    pub(super) bytes: u64,
    widths: Vec<usize>,
    last_column: u16,
    heading: Format,
    count: Format,
}

impl Sheet {
    /// Begins a sheet with this many columns, in which long texts take several lines or end at the next cell.
    pub(super) fn new(mut sheet: Worksheet, columns: usize, has_lines: bool) -> Result<Self, XlsxError> {
        let top = Format::new().set_align(FormatAlign::Top);
        // The format of a text, without which a program makes a number of it as soon as somebody edits the cell.
        let text = top.clone().set_num_format("@");
        let text = if has_lines { text.set_text_wrap() } else { text };
        let last_column = u16::try_from(columns - 1).unwrap_or(u16::MAX);
        sheet.set_column_range_format(0, last_column, &text)?;
        sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
        let (heading, count) = (text.set_bold(), top.set_align(FormatAlign::Left).set_num_format("#,##0"));
        let widths = vec![WIDTHS.0; columns];
        Ok(Self { sheet, rows: 0, cut: 0, bytes: 0, widths, last_column, heading, count })
    }

    pub(super) fn push<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> Result<(), XlsxError> {
        let (row, sheet) = (self.rows, &mut self.sheet);
        for ((column, width), cell) in (0..).zip(&mut self.widths).zip(cells) {
            let text = match cell {
                Cell::Count(count) => {
                    sheet.write_number_with_format(row, column, count as f64, &self.count)?;
                    continue;
                }
                Cell::Text(text) | Cell::Heading(text) => text,
            };
            let fitted = fitted(text);
            self.cut += u64::from(matches!(fitted, Cow::Owned(_)));
            // A character takes seven bytes at most, and a cell 70 around its text.
            self.bytes += 7 * fitted.len() as u64 + 70;
            *width = (*width).max(text.width().min(WIDTHS.1));
            match cell {
                Cell::Heading(_) => sheet.write_string_with_format(row, column, fitted, &self.heading)?,
                _ => sheet.write_string(row, column, fitted)?,
            };
        }
        self.rows += 1;
        Ok(())
    }

    /// Ends a list, whose first row is a heading: it stays in sight and on each printed page, and filters the rows below it. Some
    /// columns at the end may be left out when it is printed.
    pub(super) fn list(mut self, name: &str, unprinted: usize) -> Result<Worksheet, XlsxError> {
        let (last, column) = (self.rows.saturating_sub(1), self.last_column);
        self.sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?.autofilter(0, 0, last, column)?;
        self.sheet.set_print_area(0, 0, last, column - unprinted as u16)?;
        // The arrow of the filter takes the room of three digits.
        self.widths.iter_mut().for_each(|width| *width += 3);
        self.plain(name)
    }

    /// Ends a sheet.
    pub(super) fn plain(mut self, name: &str) -> Result<Worksheet, XlsxError> {
        for (column, width) in (0..).zip(&self.widths) {
            self.sheet.set_column_width(column, *width as f64)?;
        }
        // An id of digits is a text, and no mistake.
        let (last, wrong) = (self.rows.saturating_sub(1), IgnoreError::NumberStoredAsText);
        self.sheet.ignore_error_range(0, 0, last, self.last_column, wrong)?.set_name(name)?;
        Ok(self.sheet)
    }
}

/// A text as long as a cell holds.
fn fitted(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST || text.encode_utf16().count() <= LONGEST {
        return text.into();
    }
    let units: Vec<u16> = text.encode_utf16().take(LONGEST - CUT.len()).collect();
    // The last character may be half of one.
    let kept = String::from_utf16_lossy(&units);
    (kept.trim_end_matches(char::REPLACEMENT_CHARACTER).to_owned() + CUT).into()
}

/// Does something with the crate. Its errors become those of the file, and so do its panics: it has no other answer to a disk that
/// is full, or a temporary file that cannot be written.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, XlsxError>) -> io::Result<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !panic.location().is_some_and(|place| place.file().contains("rust_xlsxwriter")) {
                usual(panic);
            }
        }));
    });
    let of_panic = |panic: Box<dyn Any + Send>| {
        // Such as: Couldn't write to xml file: Os { code: 28, kind: StorageFull, message: "No space left on device" }
        let text =
            panic.downcast_ref::<String>().map_or("a temporary file cannot be written", String::as_str);
        io::Error::other(text.split('"').nth(1).unwrap_or(text).to_owned())
    };
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(of_panic)?.map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_between_characters_and_marked() {
        for (text, units) in [("水", 1), ("a", 1), ("🚰", 2)] {
            let fits = text.repeat(LONGEST / units);
            assert_eq!(fitted(&fits), fits);
            let cut = fitted(&(fits.clone() + "ab")).into_owned();
            assert!(cut.ends_with(CUT) && fits.starts_with(cut.trim_end_matches(CUT)));
            let length = cut.encode_utf16().count();
            assert!((LONGEST - 4..=LONGEST).contains(&length), "{length}");
        }
    }

    #[test]
    fn a_panic_of_the_crate_is_an_error_that_says_what_is_wrong() {
        let error = r#"Os { code: 28, kind: StorageFull, message: "No space left on device" }"#;
        let full = || -> Result<(), XlsxError> { panic!("Couldn't write to xml file: {error}") };
        assert_eq!(guarded(full).unwrap_err().to_string(), "No space left on device");
    }
}
