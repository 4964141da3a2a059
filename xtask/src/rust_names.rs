//! Rust names for names of the document.

use anyhow::anyhow;
use northbound_openapi::lint::variant_text;

/// The Rust variant for a value of the document: `wait-for-quota` becomes `WaitForQuota`, `WaitResult` stays.
pub(crate) fn variant(text: &str) -> anyhow::Result<syn::Ident> {
    let name = variant_text(text);
    syn::parse_str(&name).map_err(|_| anyhow!("{text:?} cannot become the name of a Rust variant"))
}

#[cfg(test)]
mod tests {
    use super::variant;

    #[test]
    fn words_become_a_variant_unless_there_is_no_letter_in_front() {
        assert_eq!(variant("wait-for-quota").unwrap(), "WaitForQuota");
        assert_eq!(variant("WaitResult").unwrap(), "WaitResult");
        assert!(["", "1st", "等待"].iter().all(|text| variant(text).is_err()));
    }
}
