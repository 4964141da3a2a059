//! Rust names for names of the document.

use anyhow::anyhow;

/// The Rust variant for a value of the document: `wait-for-quota` becomes `WaitForQuota`, `WaitResult` stays.
pub(crate) fn variant(text: &str) -> anyhow::Result<syn::Ident> {
    let name = variant_text(text);
    syn::parse_str(&name).map_err(|_| anyhow!("{text:?} cannot become the name of a Rust variant"))
}

/// The words of a value, each with a capital in front; it may be no name at all.
pub(crate) fn variant_text(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.flat_map(|word| [word[..1].to_ascii_uppercase(), word[1..].to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::variant;

    #[test]
    fn words_become_a_variant() {
        assert_eq!(variant("wait-for-quota").unwrap(), "WaitForQuota");
        assert_eq!(variant("WaitResult").unwrap(), "WaitResult");
    }

    #[test]
    fn a_value_without_a_letter_in_front_has_no_variant() {
        assert!(variant("").is_err());
        assert!(variant("1st").is_err());
        assert!(variant("等待").is_err());
    }
}
