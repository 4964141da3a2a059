//! Enums that stay open: a value that the document does not list is kept instead of failing the whole reply.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;

use super::schemas;
use crate::document::json::{members, text, texts};
use crate::rust_names::variant;

/// Generates every enum that a reply can hold, and the error codes of the catalogue, as formatted Rust source.
pub(super) fn open_enums(document: &Value) -> anyhow::Result<String> {
    let enums = schemas::open_enums(document)
        .iter()
        .map(|name| schema_enum(document, name))
        .chain([error_codes(document)])
        .collect::<anyhow::Result<Vec<_>>>()?;
    super::formatted(quote!(#(#enums)*))
}

/// One value of an open enum: its variant, its text on the wire, its documentation.
struct Known {
    variant: syn::Ident,
    text: String,
    doc: String,
}

fn schema_enum(document: &Value, name: &str) -> anyhow::Result<TokenStream> {
    let schema = &document["components"]["schemas"][name];
    let known: Vec<Known> = texts(&schema["enum"])
        .map(|text| Ok(Known { variant: variant(text)?, text: text.to_owned(), doc: format!("`{text}`") }))
        .collect::<anyhow::Result<_>>()?;
    let ident = format_ident!("{name}");
    let lifecycle = match schema.get("x-lifecycle") {
        Some(lifecycle) => successors(&ident, lifecycle)?,
        None => TokenStream::new(),
    };
    let open = open_enum(&ident, text(&schema["description"]), &known, quote!(text));
    Ok(quote!(#open #lifecycle))
}

fn error_codes(document: &Value) -> anyhow::Result<TokenStream> {
    let known: Vec<Known> = schemas::error_catalog(document)
        .map(|(code, entry)| {
            let doc = format!("`{code}`: {}", text(&entry["meaning"]));
            Ok(Known { variant: variant(text(&entry["name"]))?, text: code.clone(), doc })
        })
        .collect::<anyhow::Result<_>>()?;
    let description = text(&document["components"]["schemas"]["ErrorCode"]["description"]);
    let doc = format!("{description}\n\nRead from a string or a number, written as a string.");
    Ok(open_enum(&format_ident!("ErrorCode"), &doc, &known, quote!(text_or_number)))
}

fn successors(ident: &syn::Ident, lifecycle: &Value) -> anyhow::Result<TokenStream> {
    let mut arms = Vec::new();
    for (status, next) in members(lifecycle) {
        let status = variant(status)?;
        let next = texts(next).map(variant).collect::<anyhow::Result<Vec<_>>>()?;
        arms.push(quote!(Self::#status => Some(&[#(#ident::#next),*])));
    }
    Ok(quote! {
        impl #ident {
            /// Which values may follow this one (`x-lifecycle` in the document); `None` for a value that is not listed.
            pub const fn successors(&self) -> Option<&'static [Self]> {
                match self {
                    #(#arms,)*
                    Self::Unknown(_) => None,
                }
            }

            /// Whether nothing may follow this one. A value that is not listed is never taken for a final one.
            pub const fn is_final(&self) -> bool {
                matches!(self.successors(), Some([]))
            }
        }
    })
}

fn open_enum(ident: &syn::Ident, doc: &str, known: &[Known], reader: TokenStream) -> TokenStream {
    let doc = doc.trim_end();
    let variants: Vec<_> = known.iter().map(|known| &known.variant).collect();
    let texts: Vec<_> = known.iter().map(|known| &known.text).collect();
    let docs = known.iter().map(|known| &known.doc);
    let name = ident.to_string();
    quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum #ident {
            #(#[doc = #docs] #variants,)*
            /// A value that the document does not list, as it came.
            Unknown(crate::UnknownValue),
        }

        impl #ident {
            /// The values that the document lists, in its order.
            pub const KNOWN: &'static [Self] = &[#(Self::#variants),*];

            /// The value as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#variants => #texts,)*
                    Self::Unknown(value) => value.as_str(),
                }
            }
        }

        impl From<&str> for #ident {
            fn from(text: &str) -> Self {
                match text {
                    #(#texts => Self::#variants,)*
                    _ => Self::Unknown(crate::UnknownValue::new(text)),
                }
            }
        }

        impl From<String> for #ident {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl ::std::str::FromStr for #ident {
            type Err = ::std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(text))
            }
        }

        impl ::std::fmt::Display for #ident {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::serde::Serialize for #ident {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::open::#reader(deserializer)
            }
        }

        #[cfg(feature = "schemars")]
        impl ::schemars::JsonSchema for #ident {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                #name.into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                crate::open::schema(&[#(#texts),*])
            }
        }
    }
}
