//! Text on a terminal of some width: how wide it is, and where it breaks.

use std::fmt;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many columns a text takes on a terminal; escape sequences that colour it take none.
pub(crate) fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

/// A number of things in words, as in `2 rows`.
pub(crate) fn counted<N: fmt::Display + From<u8> + PartialEq>(number: N, thing: &str) -> String {
    format!("{number} {thing}{}", if number == N::from(1) { "" } else { "s" })
}

/// A number with a comma at the thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// The text in lines of at most this many columns: broken at blanks where there are any, else anywhere.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let gap = usize::from(!line.is_empty());
        if line.width() + gap + word.width() <= columns {
            line.extend(std::iter::repeat_n(' ', gap));
            line.push_str(word);
            continue;
        }
        if gap == 1 {
            lines.push(std::mem::take(&mut line));
        }
        for letter in word.chars() {
            // A character may be wider than the terminal; it then has a line of its own.
            if !line.is_empty() && line.width() + letter.width().unwrap_or(0) > columns {
                lines.push(std::mem::take(&mut line));
            }
            line.push(letter);
        }
    }
    lines.push(line);
    lines
}

/// Facts side by side as far as there is room, separated by `, `; a fact that is too long is broken.
pub(crate) fn flowed(facts: &[String], columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for fact in facts {
        match lines.last_mut() {
            Some(line) if width(line) + 2 + width(fact) <= columns => {
                line.push_str(", ");
                line.push_str(fact);
            }
            _ => lines.extend(wrapped(fact, columns)),
        }
    }
    lines
}

/// A text of at most this many columns, with an ellipsis in place of what is left out.
pub(crate) fn shortened(text: &str, columns: usize, ellipsis: &str) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut short = String::new();
    for letter in text.chars() {
        if short.width() + letter.width().unwrap_or(0) + ellipsis.width() > columns {
            break;
        }
        short.push(letter);
    }
    short.push_str(ellipsis);
    short
}

/// Data of a program as a terminal can show it: unprintable characters as escapes of JSON. JSON stays the same JSON.
pub(crate) fn escaped(data: &str) -> String {
    let mut shown = String::with_capacity(data.len());
    for c in data.chars() {
        if c == '\n' || !northbound::is_unprintable(c) {
            shown.push(c);
        } else {
            shown.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    shown
}

/// How many characters of a text a person is shown.
const LONGEST: usize = 10_000;

/// A text without control characters: a device may have any name, and a terminal obeys some of them.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if northbound::is_unprintable(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_has_no_plural() {
        assert_eq!([0_u64, 1, 2].map(|rows| counted(rows, "row")), ["0 rows", "1 row", "2 rows"]);
    }

    #[test]
    fn thousands_are_separated() {
        let numbers = [0, 999, 1000, 100_000, 1_234_567];
        assert_eq!(numbers.map(grouped), ["0", "999", "1,000", "100,000", "1,234,567"]);
    }

    #[test]
    fn data_stays_the_same_json_on_a_terminal() {
        let json = "{\"a\":\"\u{9b}\u{202e}\u{7f}水\u{e0001}\"}\n";
        let shown = escaped(json);
        assert_eq!(shown, "{\"a\":\"\\u009b\\u202e\\u007f水\\udb40\\udc01\"}\n");
        let read = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(read(&shown), read(json));
    }

    #[test]
    fn lines_break_at_blanks_and_long_words_anywhere() {
        assert_eq!(wrapped("the device is not online", 10), ["the device", "is not", "online"]);
        assert_eq!(wrapped("0123456789abc de", 10), ["0123456789", "abc de"]);
        assert_eq!(wrapped("x 0123456789ab", 10), ["x", "0123456789", "ab"]);
        assert_eq!(wrapped("", 10), [""]);
        assert_eq!(wrapped("水表水表", 5), ["水表", "水表"]);
        assert_eq!(wrapped("水", 1), ["水"]);
        assert_eq!(wrapped("ab", 0), ["a", "b"]);
    }

    #[test]
    fn facts_share_a_line_as_long_as_there_is_room() {
        let facts = ["one".to_owned(), "two".to_owned(), "three".to_owned()];
        assert_eq!(flowed(&facts, 80), ["one, two, three"]);
        assert_eq!(flowed(&facts, 8), ["one, two", "three"]);
        assert_eq!(flowed(&facts, 4), ["one", "two", "thre", "e"]);
    }

    #[test]
    fn wide_characters_count_twice_and_colours_not_at_all() {
        assert_eq!((width("水表"), width("\u{1b}[31mred\u{1b}[0m")), (4, 3));
        assert_eq!(shortened("水表水表", 5, "…"), "水表…");
        assert_eq!(shortened("abcdef", 6, "…"), "abcdef");
        assert_eq!(shortened("abcdefg", 6, "..."), "abc...");
    }

    #[test]
    fn control_characters_of_a_name_do_not_reach_the_terminal() {
        assert_eq!(one_line("a\u{1b}[2Jb\nc\u{202e}d"), "a [2Jb c d");
    }
}
