//! The parts of a hand-written page that are derived: they stand between two markers.

use anyhow::{bail, ensure};

/// The page with `contents` between the markers `<!-- NAME -->` and `<!-- /NAME -->`.
///
/// # Errors
/// Unless each of the markers stands there once, in this order.
pub fn fill(page: &str, name: &str, contents: &str) -> anyhow::Result<String> {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let (Some(from), Some(to)) = (page.find(&begin), page.find(&end)) else {
        bail!("there are not both markers, {begin} and {end}");
    };
    ensure!(from < to, "{end} stands before {begin}");
    ensure!(page.matches(&begin).count() == 1, "{begin} stands twice");
    Ok(format!("{}\n\n{}\n\n{}", &page[..from + begin.len()], contents.trim_end(), &page[to..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_part_between_the_markers_changes() {
        let before = "# A\n\n<!-- ledger -->\nold\n<!-- /ledger -->\n\nB\n";
        let after = fill(before, "ledger", "| new |\n").unwrap();
        assert_eq!(after, "# A\n\n<!-- ledger -->\n\n| new |\n\n<!-- /ledger -->\n\nB\n");
        assert_eq!(fill(&after, "ledger", "| new |\n").unwrap(), after);
        for broken in
            ["", "<!-- a -->", "<!-- /a -->", "<!-- /a --><!-- a -->", "<!-- a --><!-- a --><!-- /a -->"]
        {
            assert!(fill(broken, "a", "").is_err(), "{broken}");
        }
    }
}
