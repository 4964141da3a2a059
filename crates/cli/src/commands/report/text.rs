//! Texts of the platform as a page shows them: complete, separate from what is around them, and with nothing invisible.

use maud::{Markup, Render, html};

/// A device may have any name. Characters that are invisible, or that turn a line around, are shown by their names, so that two names
/// never look the same. The page's script does that in the table.
pub(super) struct VisibleText<'a>(pub(super) &'a str);

impl Render for VisibleText<'_> {
    fn render(&self) -> Markup {
        html! {
            bdi {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_named() {
        let named = |name: &str| format!("<span class=\"unseen-character\">{name}</span>");
        for (text, shown) in [
            ("\u{202e}17\u{2028}表", format!("{}17{}表", named("U+202E"), named("U+2028"))),
            ("meter 17\0", format!("meter 17{}", named("U+0000"))),
            ("", String::new()),
        ] {
            assert_eq!(VisibleText(text).render().into_string(), format!("<bdi>{shown}</bdi>"));
        }
    }
}
