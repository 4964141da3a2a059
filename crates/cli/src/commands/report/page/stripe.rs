//! The bar that shows a share.

use maud::{Markup, html};

/// A drawing, since the policy forbids styles of single elements. What is there at all can be seen.
pub(super) fn stripe(part: u64, whole: u64) -> Markup {
    let share = if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 };
    html! {
        svg aria-hidden="true" focusable="false" width="100%" height="10" {
            rect.track width="100%" height="10" rx="2" {}
            @if part > 0 { rect.fill width={ (format!("{:.2}", share.clamp(0.3, 100.0))) "%" } height="10" rx="2" {} }
        }
    }
}
