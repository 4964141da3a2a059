//! What a message may show of a text that came from outside: short, on one line, and without secrets.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use northbound_client::Secret;

/// How many characters of a text a message shows.
const EXCERPT: usize = 200;
/// A shorter secret would be found in half of all words.
const SHORTEST: usize = 6;
/// How many characters of a text are looked at, and kept: more than any error needs.
const LONGEST: usize = 64 * 1024;
const HIDDEN: &str = "[redacted]";

/// The secrets of an application: its own, and the latest tokens.
#[derive(Default)]
pub(crate) struct Secrets(Mutex<VecDeque<Secret>>);

impl Secrets {
    /// How many are remembered. A reply may repeat a token that has been replaced meanwhile.
    const MOST: usize = 16;

    pub(crate) fn note(&self, secret: &Secret) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !secret.expose().is_empty() && !secrets.contains(secret) {
            secrets.push_back(secret.clone());
            if secrets.len() > Self::MOST {
                // The first one is the application's own secret.
                secrets.remove(1);
            }
        }
    }

    /// The text without the secrets, should it repeat them: as they are, or as a form, a URL, HTML or JSON writes them.
    pub(crate) fn redacted(&self, text: &str) -> String {
        // An excerpt leaves unprintable characters out, and must not put a secret together by that.
        let printed = text.chars().filter(|c| c.is_whitespace() || !is_unprintable(*c));
        let mut text: String = printed.take(LONGEST).collect();
        for secret in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if let Some(without) = without(&text, secret.expose()) {
                text = if is_short(secret) { HIDDEN.to_owned() } else { without };
            }
        }
        text
    }

    /// The same for a word that is data as well: a short secret may stand in it by chance.
    pub(crate) fn redacted_word(&self, word: &str) -> Option<String> {
        let secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let long = secrets.iter().filter(|secret| !is_short(secret));
        long.fold(None, |redacted, secret| {
            without(redacted.as_deref().unwrap_or(word), secret.expose()).or(redacted)
        })
    }
}

fn is_short(secret: &Secret) -> bool {
    secret.expose().chars().count() < SHORTEST
}

/// The text without the secret; `None` if it does not have it.
fn without(text: &str, secret: &str) -> Option<String> {
    let (mut out, mut rest, mut found) = (String::new(), text, false);
    while let Some(letter) = rest.chars().next() {
        let after = secret.chars().try_fold(rest, after);
        out += if after.is_some() { HIDDEN } else { &rest[..letter.len_utf8()] };
        found |= after.is_some();
        rest = after.unwrap_or(&rest[letter.len_utf8()..]);
    }
    found.then_some(out)
}

/// What follows a letter at the beginning of a text, in whatever way the letter is written there.
fn after(text: &str, letter: char) -> Option<&str> {
    const ENTITIES: [(char, &str); 6] =
        [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&#39;"), ('\'', "&#x27;")];
    let entity = |(own, entity): &(char, &str)| text.strip_prefix(entity).filter(|_| *own == letter);
    ENTITIES.iter().find_map(entity).or_else(|| text.strip_prefix(letter)).or_else(|| {
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

/// JSON has one backslash before an escape, and JSON in a string of JSON has several.
fn after_backslashes(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches('\\');
    (rest.len() < text.len()).then_some(rest)
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

/// Control characters, and those that turn the direction of writing around.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
        assert_eq!(redacted("aaaaaab", "aaaaab"), "a[redacted]");
        assert_eq!(redacted("\\\\srv\\x", "\\srv\\x"), "[redacted]");
    }

    #[test]
    fn a_short_secret_hides_the_whole_text_instead_of_tearing_it_to_pieces() {
        assert_eq!(redacted("bad appId", "a"), "[redacted]");
        assert_eq!(redacted("wrong", "a"), "wrong");
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
