//! What a message may show of a text that came from outside: short, on one line, and without secrets.

use northbound_client::Secret;
use reqwest::Url;

/// How many characters of a text a message shows.
const EXCERPT: usize = 200;
/// A shorter secret would be found in half of all words.
const SHORTEST: usize = 6;
const HIDDEN: &str = "[redacted]";

/// The text without the secrets, should it repeat them: as they are, or as a form, a URL or JSON writes them.
pub(crate) fn redacted(text: &str, secrets: &[&Secret]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().map(|secret| secret.expose()).filter(|secret| !secret.is_empty()) {
        for form in forms(secret) {
            if text.contains(&form) {
                if secret.chars().count() < SHORTEST {
                    return HIDDEN.to_owned();
                }
                text = text.replace(&form, HIDDEN);
            }
        }
    }
    text
}

/// The ways in which a reply may write a secret back.
fn forms(secret: &str) -> Vec<String> {
    let mut url = Url::parse("form:").ok();
    let form = url.as_mut().and_then(|url| {
        url.query_pairs_mut().append_key_only(secret);
        url.query().map(str::to_owned)
    });
    let json = serde_json::Value::from(secret).to_string();
    let json = json.trim_matches('"').to_owned();
    let percent = form.as_ref().map(|form| form.replace('+', "%20"));
    [Some(secret.to_owned()), form, percent, Some(json)].into_iter().flatten().collect()
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

    #[test]
    fn a_secret_is_hidden_however_it_is_written() {
        let secret = Secret::from("p@ss/w\"rd é+1");
        let texts = [
            "p@ss/w\"rd é+1",
            "p%40ss%2Fw%22rd+%C3%A9%2B1",
            "p%40ss%2Fw%22rd%20%C3%A9%2B1",
            "p@ss/w\\\"rd é+1",
        ];
        for text in texts {
            assert_eq!(redacted(&format!("a={text}&b"), &[&secret]), "a=[redacted]&b", "{text}");
        }
    }

    #[test]
    fn a_short_secret_hides_the_whole_text_instead_of_tearing_it_to_pieces() {
        let secret = Secret::from("a");
        assert_eq!(redacted("bad appId", &[&secret]), "[redacted]");
        assert_eq!(redacted("wrong", &[&secret]), "wrong");
    }
}
