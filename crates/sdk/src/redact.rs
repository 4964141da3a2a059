//! What a message may show of a text that came from outside: short, on one line, and without secrets.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use northbound_client::Secret;

/// How many characters of a text a message shows.
const EXCERPT: usize = 200;
/// In characters. A shorter secret would occur in many ordinary words, so it is only hidden in the place of a value.
const SHORTEST: usize = 6;
/// How many characters of a text are looked at, and kept: more than any error needs.
const LONGEST: usize = 16 * 1024;
/// A longer status is not named in messages, in bytes.
pub(crate) const LONGEST_WORD: usize = 256;
const HIDDEN: &str = "[redacted]";

/// The secrets of an application: its own, and the latest tokens.
#[derive(Default)]
pub(crate) struct Secrets(Mutex<VecDeque<Known>>);

/// A secret, and unless it is short what text holds of it that is in base64, as the credentials of `Authorization: Basic` are.
struct Known(Vec<Secret>);

impl Secrets {
    /// How many secrets are remembered. A reply may repeat a token that has been replaced since.
    const MOST: usize = 16;

    pub(crate) fn note(&self, secret: &Secret) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = Secret::from(printed(secret.expose()));
        if !found.expose().is_empty() && !secrets.iter().any(|known| known.0[0] == found) {
            let offsets = if found.expose().chars().count() < SHORTEST { 0..0 } else { 0..3 };
            let base64 = offsets.map(|before| inside_base64(secret.expose(), before));
            secrets.push_back(Known([found].into_iter().chain(base64).collect()));
            if secrets.len() > Self::MOST {
                // The first one is the application's own secret.
                secrets.remove(1);
            }
        }
    }

    /// The text without the secrets, should it repeat them: as they are, or as a form, a URL, HTML, JSON or base64 writes
    /// them.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let text = printed(text);
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hide(&text, secrets.iter().flat_map(|known| &known.0)).unwrap_or(text)
    }

    /// The same for a word that is data as well: it may contain a short secret by chance. A word that is longer than any
    /// message shows is left alone.
    pub(crate) fn redacted_word(&self, word: &str) -> Option<String> {
        if word.len() > LONGEST_WORD {
            return None;
        }
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hide(&printed(word), secrets.iter().filter(|known| !known.is_short()).flat_map(|known| &known.0))
    }
}

/// The text that is searched for secrets, and a secret as it is found there. An excerpt leaves unprintable characters out, and
/// must not put a secret together by that.
fn printed(text: &str) -> String {
    text.chars().filter(|c| c.is_whitespace() || !is_unprintable(*c)).take(LONGEST).collect()
}

impl Known {
    fn is_short(&self) -> bool {
        self.0.len() == 1
    }
}

/// The text without these secrets; `None` if it has none of them.
fn hide<'a>(text: &str, secrets: impl IntoIterator<Item = &'a Secret>) -> Option<String> {
    secrets
        .into_iter()
        .fold(None, |hidden, secret| without(hidden.as_deref().unwrap_or(text), secret.expose()).or(hidden))
}

/// The characters of base64 that depend on the secret alone, if it begins `before` bytes after a multiple of three.
fn inside_base64(secret: &str, before: usize) -> Secret {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes = [&[0; 2][..before], secret.as_bytes()].concat();
    let bit = |at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
    let letter = |at: usize| (at * 6..at * 6 + 6).fold(0, |letter, at| letter << 1 | usize::from(bit(at)));
    let inside = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
    Secret::from(inside.map(|at| char::from(ALPHABET[letter(at)])).collect::<String>())
}

/// The text without the secret; `None` if it does not have it.
fn without(text: &str, secret: &str) -> Option<String> {
    let first = secret.chars().next()?;
    let begins = |c: char| c == first || "%\\&+-_".contains(c);
    let is_short = secret.chars().count() < SHORTEST;
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(step) = text[at..].find(begins) {
        at += step;
        let rest = secret.chars().try_fold(&text[at..], after);
        if let Some(rest) = rest.filter(|rest| !is_short || is_value(&text[..at], rest)) {
            out += &text[copied..at];
            out += HIDDEN;
            at = text.len() - rest.len();
            copied = at;
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    (copied > 0).then(|| out + &text[copied..])
}

/// Whether the text between these two is a value: the whole text, a text in quotes, or a text after a name, as in
/// `\"secret\":\"x\"` and `secret=x&`.
fn is_value(before: &str, rest: &str) -> bool {
    let begins = match before.chars().next_back() {
        None => rest.is_empty(),
        Some(last) => "\"'`=:/".contains(last) || before.ends_with(": ") || before.ends_with("Bearer "),
    };
    begins && !rest.starts_with(char::is_alphanumeric)
}

/// What follows a letter at the beginning of a text, in whatever way the letter is written there.
fn after(text: &str, letter: char) -> Option<&str> {
    // The last two are those of base64 in a URL.
    const OTHERS: [(char, &str); 8] = [
        ('&', "&amp;"),
        ('<', "&lt;"),
        ('>', "&gt;"),
        ('"', "&quot;"),
        ('\'', "&#39;"),
        ('\'', "&#x27;"),
        ('+', "-"),
        ('/', "_"),
    ];
    let other = |(own, other): &(char, &str)| text.strip_prefix(other).filter(|_| *own == letter);
    OTHERS.iter().find_map(other).or_else(|| text.strip_prefix(letter)).or_else(|| {
        let (mut bytes, mut units) = ([0; 4], [0; 2]);
        letter
            .encode_utf8(&mut bytes)
            .bytes()
            .try_fold(text, |text, byte| after_digits(text.strip_prefix('%')?, 2, byte.into()))
            .or_else(|| after_backslashes(text)?.strip_prefix(letter))
            .or_else(|| {
                let mut units = letter.encode_utf16(&mut units).iter();
                units.try_fold(text, |text, unit| {
                    after_digits(after_backslashes(text)?.strip_prefix('u')?, 4, *unit)
                })
            })
            .or_else(|| text.strip_prefix('+').filter(|_| letter == ' '))
    })
}

/// JSON has one backslash before an escape, and JSON in a string of JSON has several: 15 if it is three strings deep.
fn after_backslashes(text: &str) -> Option<&str> {
    let many = text.bytes().take(15).take_while(|byte| *byte == b'\\').count();
    (many > 0).then(|| &text[many..])
}

fn after_digits(text: &str, digits: usize, number: u16) -> Option<&str> {
    let (own, rest) = text.split_at_checked(digits)?;
    (u16::from_str_radix(own, 16) == Ok(number)).then_some(rest)
}

/// The beginning of a text on one line, without control characters: a terminal obeys some of them.
pub(crate) fn excerpt(text: &str) -> String {
    let mut words = String::new();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.extend(word.chars().filter(|c| !is_unprintable(*c)));
        if words.chars().count() > EXCERPT {
            return words.chars().take(EXCERPT).chain(['…']).collect();
        }
    }
    words
}

/// Whether a character should not be printed, because it would control the terminal or page, or is invisible: control
/// characters, characters that change the direction of writing, and invisible ones.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_on_one_line() {
        assert_eq!(excerpt("<html>\n  <body>\tBad\u{7} Gate\u{202e}way"), "<html> <body> Bad Gateway");
        assert_eq!(excerpt(&"é".repeat(1000)).chars().count(), 201);
        assert_eq!(excerpt(""), "");
    }

    fn redacted(text: &str, secret: &str) -> String {
        let secrets = Secrets::default();
        secrets.note(&Secret::from(secret));
        secrets.redacted(text)
    }

    #[test]
    fn a_secret_is_hidden_however_it_is_written() {
        let texts = [
            "p@ss/w\"rd é+1",
            "p%40ss%2Fw%22rd+%C3%A9%2B1",
            "p%40ss%2fw%22rd%20%c3%a9%2b1",
            "%70%40%73%73%2F%77%22%72%64%20%C3%A9%2B%31",
            "p@ss/w\\\"rd é+1",
            "p@ss\\/w\\\\\"rd \\u00e9+1",
            "p@ss/w&quot;rd é+1",
            "p@ss\0/w\"rd\u{7f} é+1",
        ];
        for text in texts {
            assert_eq!(redacted(&format!("a={text}&b"), "p@ss/w\"rd é+1"), "a=[redacted]&b", "{text}");
        }
        assert_eq!(redacted("a=s3c\u{ad}ret", "s3c\u{ad}ret"), "a=[redacted]");
        assert_eq!(redacted("aaaaaab", "aaaaab"), "a[redacted]");
        assert_eq!(redacted("\\\\srv\\x", "\\srv\\x"), "[redacted]");
    }

    #[test]
    fn a_secret_in_base64_is_hidden_wherever_it_begins() {
        // `demo-app:s3cret>?~é`, and the same after another letter and after two.
        for (text, shown) in [
            ("ZGVtby1hcHA6czNjcmV0Pj9+w6k=", "ZGVtby1hcHA6[redacted]k="),
            ("eGRlbW8tYXBwOnMzY3JldD4_fsOp", "eGRlbW8tYXBwOn[redacted]"),
            ("eHhkZW1vLWFwcDpzM2NyZXQ%2BP37DqQ%3D%3D", "eHhkZW1vLWFwcDp[redacted]Q%3D%3D"),
        ] {
            assert_eq!(redacted(text, "s3cret>?~é"), shown);
        }
    }

    #[test]
    fn a_long_text_costs_no_more_than_its_length() {
        let long = "\\".repeat(LONGEST);
        assert_eq!(redacted(&long, "\\secret").len(), LONGEST);
        let secrets = Secrets::default();
        secrets.note(&Secret::from("secret"));
        assert_eq!(secrets.redacted_word(&format!("secret{}", "x".repeat(LONGEST_WORD))), None);
    }

    #[test]
    fn a_short_secret_is_hidden_only_where_a_value_stands() {
        for text in ["a bad appId", "wrong", "x=ab&b=ba", "is a day: at"] {
            assert_eq!(redacted(text, "a"), text);
        }
        assert_eq!(redacted(r#"{"secret":"abc","a":1} secret=abc&x: abc"#, "abc").matches(HIDDEN).count(), 3);
        for text in ["a", "secret: a", r#"{"a"}"#, "%61", "=a "] {
            assert!(redacted(text, "a").contains(HIDDEN), "{text}");
        }
    }

    #[test]
    fn the_latest_tokens_and_the_first_secret_are_remembered() {
        let secrets = Secrets::default();
        for number in 0..50 {
            secrets.note(&Secret::from(format!("secret-{number}-x")));
        }
        assert_eq!(secrets.redacted("secret-0-x secret-1-x secret-49-x"), "[redacted] secret-1-x [redacted]");
        assert_eq!(secrets.redacted_word("secret-49-x").as_deref(), Some("[redacted]"));
        assert_eq!(secrets.redacted_word("Stopped"), None);
    }
}
