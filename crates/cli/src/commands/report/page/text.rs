//! Texts of the platform as a page shows them: complete, separate from what is around them, and with nothing invisible.

use maud::{Markup, Render, html};

/// A device may have any name. Characters that are invisible, or that turn a line around, are shown by their names, so that two names
/// never look the same. The page's script does that in the table.
pub(crate) struct VisibleText<'a>(pub(super) &'a str);

impl Render for VisibleText<'_> {
    fn render(&self) -> Markup {
        html! {
            bdi class=[class(self.0)] {
                @for piece in self.0.split_inclusive(northbound::is_unprintable) {
                    @match piece.chars().next_back().filter(|last| northbound::is_unprintable(*last)) {
                        Some(unseen) => {
                            (piece[..piece.len() - unseen.len_utf8()])
                            span.unseen-character { (format!("U+{:04X}", u32::from(unseen))) }
                        }
                        None => { (piece) }
                    }
                }
            }
        }
    }
}

/// How a text breaks into lines: one word does not, unless it is longer than an id. Then it breaks anywhere. From U+2E80 on come scripts
/// that put no blanks between words.
fn class(text: &str) -> Option<&'static str> {
    const ID: usize = 36;
    let is_long = text.split_whitespace().any(|word| word.chars().count() > ID);
    let is_word = !text.contains(|c: char| c.is_whitespace() || c >= '\u{2e80}');
    is_long.then_some("long").or(is_word.then_some("whole"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_named() {
        let named = |name: &str| format!("<span class=\"unseen-character\">{name}</span>");
        for (text, class, shown) in [
            ("\u{202e}17\u{2028}表", "", format!("{}17{}表", named("U+202E"), named("U+2028"))),
            ("meter 17\0", "", format!("meter 17{}", named("U+0000"))),
            (
                "4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7",
                " class=\"whole\"",
                "4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7".to_owned(),
            ),
            ("水表-七号楼", "", "水表-七号楼".to_owned()),
        ] {
            assert_eq!(VisibleText(text).render().into_string(), format!("<bdi{class}>{shown}</bdi>"));
        }
    }
}
