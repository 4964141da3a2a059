//! Finds invisible characters, which often come with a pasted text. Every constructor uses this.

use crate::error::Error;
use crate::redact::is_unprintable;

/// Describes the first invisible character of a value; `None` if it has none. Invisible are control and format characters,
/// spaces other than the ordinary one, and ordinary spaces at either end. No id, secret, token or address has one.
///
/// ```
/// let found = northbound::invisible("demo\u{200b}").unwrap();
/// assert_eq!(found, "U+200B, a zero-width space, after \"demo\"");
/// assert_eq!(northbound::invisible("water meter 7"), None);
/// ```
pub fn invisible(text: &str) -> Option<String> {
    let (at, name) = find(text)?;
    let place = if at == 0 { "at its beginning".to_owned() } else { format!("after {:?}", &text[..at]) };
    Some(format!("{name}, {place}"))
}

/// Removes what an editor or a shell adds to the text of a file or a variable: a byte order mark at the beginning, and line
/// breaks at the end.
pub fn without_line_ends(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text).trim_end_matches(['\r', '\n'])
}

/// Refuses a value with an invisible character. The message quotes the value.
pub(crate) fn check(what: &str, text: &str) -> Result<(), Error> {
    refuse(what, invisible(text).map(|found| format!("the {what} {text:?} holds {found}")))
}

/// The same for a secret value: the message does not quote it.
pub(crate) fn check_secret(what: &str, text: &str) -> Result<(), Error> {
    let place = |at| text[..at].chars().count() + 1;
    refuse(what, find(text).map(|(at, name)| format!("the {what} holds {name}, as character {}", place(at))))
}

fn refuse(what: &str, found: Option<String>) -> Result<(), Error> {
    let advice = || format!("type the {what}, or copy it again without anything around it");
    found.map_or(Ok(()), |found| Err(Error::refused(found, advice())))
}

/// Where the first such character is, and its name.
fn find(text: &str) -> Option<(usize, String)> {
    let inner = text.trim_matches(' ');
    let before = text.len() - text.trim_start_matches(' ').len();
    let hidden = inner.char_indices().find(|(_, c)| is_invisible(*c)).map(|(at, c)| (before + at, c));
    let (at, c) = match hidden {
        _ if before > 0 => (0, ' '),
        None if inner.len() < text.len() => (inner.len(), ' '),
        hidden => hidden?,
    };
    Some((at, format!("U+{:04X}, {}", u32::from(c), name(c))))
}

fn is_invisible(c: char) -> bool {
    is_unprintable(c)
        || c.is_whitespace() && c != ' '
        // Letters that are blank, and what only changes the look of the character before it.
        || matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}')
        || matches!(c, '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0100}'..='\u{e01ef}')
}

fn name(c: char) -> &'static str {
    match c {
        ' ' => "a space",
        '\n' => "a line break",
        '\r' => "a carriage return",
        '\t' => "a tab",
        '\u{a0}' => "a no-break space",
        '\u{200b}' => "a zero-width space",
        '\u{200c}' | '\u{200d}' => "a zero-width joiner",
        '\u{feff}' => "a byte order mark",
        _ if c.is_control() => "a control character",
        _ if c.is_whitespace() => "a space that is not the ordinary one",
        _ => "an invisible character",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_nobody_sees_is_named_with_its_place() {
        for (text, found) in [
            ("demo ", "U+0020, a space, after \"demo\""),
            (" \u{200b}demo", "U+0020, a space, at its beginning"),
            ("demo\u{200b} ", "U+200B, a zero-width space, after \"demo\""),
            ("\u{feff}demo", "U+FEFF, a byte order mark, at its beginning"),
            ("demo\r\n", "U+000D, a carriage return, after \"demo\""),
            ("é\u{a0}x", "U+00A0, a no-break space, after \"é\""),
            ("a\u{3000}", "U+3000, a space that is not the ordinary one, after \"a\""),
            ("a\u{fe0f}", "U+FE0F, an invisible character, after \"a\""),
            ("a\u{202e}b", "U+202E, an invisible character, after \"a\""),
            ("\u{1b}[2J", "U+001B, a control character, at its beginning"),
            (" ", "U+0020, a space, at its beginning"),
        ] {
            assert_eq!(invisible(text).as_deref(), Some(found), "{text:?}");
            let error = check_secret("secret", &format!("s3cret{text}x")).err();
            assert!(!error.is_some_and(|error| format!("{error:?}").contains("s3cret")), "{text:?}");
        }
        for text in ["", "demo", "water meter 7", "水表", "p@ss/w\"rd é+1", "🌍"] {
            assert_eq!(invisible(text), None);
        }
    }

    #[test]
    fn what_an_editor_adds_to_a_text_is_left_out() {
        for text in ["s3cret", "s3cret\r\n", "\u{feff}s3cret\n\n"] {
            assert_eq!(without_line_ends(text), "s3cret");
        }
        assert_eq!(without_line_ends(" a\nb \r"), " a\nb ");
    }
}
