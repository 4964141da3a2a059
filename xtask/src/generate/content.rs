//! Text inside text: for each string that holds JSON, a method that decodes it.

use quote::{format_ident, quote};
use serde_json::Value;

use super::schemas;

/// Generates the methods as formatted Rust source.
pub(super) fn content(document: &Value) -> anyhow::Result<String> {
    let mut methods = Vec::new();
    for (schema, definition) in schemas::named(document) {
        for (property, content) in schemas::embedded(definition) {
            let (schema, content) = (format_ident!("{schema}"), format_ident!("{content}"));
            let (field, method) = (format_ident!("{property}"), format_ident!("decode_{property}"));
            let doc = format!(
                "Decodes the JSON that `{property}` holds as text (`x-content-schema` in the document)."
            );
            methods.push(quote! {
                impl types::#schema {
                    #[doc = #doc]
                    ///
                    /// # Errors
                    /// When the text is no JSON, or JSON of another form.
                    pub fn #method(&self) -> Option<Result<types::#content, ::serde_json::Error>> {
                        self.#field.as_ref().map(crate::Text::decode)
                    }
                }
            });
        }
    }
    super::formatted(quote!(use super::api::types; #(#methods)*))
}
