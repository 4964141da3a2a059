//! Constants that the document defines: the error catalogue, the quota, the bounds of a request, the editions.

use anyhow::Context as _;
use heck::ToShoutySnakeCase as _;
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use serde_json::Value;

use super::schemas;
use crate::document::json::{members, text};
use crate::document::operations::operations;
use crate::rust_names::variant;

/// Generates the constants as formatted Rust source.
pub(super) fn constants(document: &Value) -> anyhow::Result<String> {
    let catalog = catalog(document)?;
    let documented = documented_errors(document)?;
    let quota = quota(document)?;
    let bounds = bounds(document)?;
    let may_repeat = may_repeat(document);
    let version = schemas::text_at(document, "/info/version")?;
    let edition = schemas::text_at(document, "/info/x-platform-edition")?;
    let file = quote! {
        use ::std::time::Duration;

        use super::open_enums::ErrorCode;

        /// The version of the document that this crate was generated from.
        pub const DOCUMENT_VERSION: &str = #version;

        /// The edition of the platform's page that the document follows.
        pub const PLATFORM_EDITION: &str = #edition;

        #catalog
        #documented
        #quota
        #bounds
        #may_repeat
    };
    super::formatted(file)
}

fn catalog(document: &Value) -> anyhow::Result<TokenStream> {
    let mut entries = Vec::new();
    // Lint makes sure that each entry has these members, and an action unless it is one of subtasks.
    for (_, entry) in schemas::error_catalog(document) {
        let [name, text, meaning, remedy, who] =
            ["name", "text", "meaning", "remedy", "who"].map(|member| text(&entry[member]));
        let (code, who) = (variant(name)?, variant(who)?);
        let action = entry["action"].as_str().map(variant).transpose()?.map(|action| quote!(Action::#action));
        let (action, source) = (option(action), option(entry["source"].as_str()));
        entries.push(quote! {
            ErrorInfo {
                code: ErrorCode::#code,
                name: #name,
                text: #text,
                meaning: #meaning,
                remedy: #remedy,
                who: Who::#who,
                action: #action,
                source: #source,
            }
        });
    }
    let actions = closed_enum(document, "Action", "What a program should do about an error.", "action")?;
    let who = closed_enum(document, "Who", "Who can do something about an error.", "who")?;
    Ok(quote! {
        /// What the document's catalogue says of an error code.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct ErrorInfo {
            /// The code.
            pub code: ErrorCode,
            /// A name for it.
            pub name: &'static str,
            /// The platform's own words.
            pub text: &'static str,
            /// What they mean.
            pub meaning: &'static str,
            /// What a person can do about it.
            pub remedy: &'static str,
            /// Who that is.
            pub who: Who,
            /// What a program should do about a call that is answered with it; `None` if no call is, because the code comes only
            /// in the `error` of a subtask.
            pub action: Option<Action>,
            /// Where the code is known from, when the platform's page on the call does not list it.
            pub source: Option<&'static str>,
        }

        #actions
        #who

        /// Every error code that the document knows.
        pub static ERROR_CATALOG: &[ErrorInfo] = &[#(#entries),*];

        impl ErrorCode {
            /// What the document's catalogue says of this code; `None` for a code that it does not list.
            pub fn info(&self) -> Option<&'static ErrorInfo> {
                ERROR_CATALOG.iter().find(|info| info.code == *self)
            }
        }
    })
}

fn option(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}

/// The values that a member of the catalogue's entries has, in the order in which they come.
fn closed_enum(document: &Value, name: &str, doc: &str, member: &str) -> anyhow::Result<TokenStream> {
    let mut values: Vec<&str> = Vec::new();
    for value in schemas::error_catalog(document).filter_map(|(_, entry)| entry[member].as_str()) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let variants = values.iter().map(|value| variant(value)).collect::<anyhow::Result<Vec<_>>>()?;
    let (values, docs) = (values.iter(), values.iter().map(|value| format!("`{value}`")));
    let name = format_ident!("{name}");
    Ok(quote! {
        #[doc = #doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#[doc = #docs] #variants,)*
        }

        impl #name {
            /// The value as the document names it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    #(Self::#variants => #values,)*
                }
            }
        }
    })
}

fn documented_errors(document: &Value) -> anyhow::Result<TokenStream> {
    let mut rows = Vec::new();
    for (operation, status, codes) in schemas::documented_errors(document) {
        let status: u16 = status.parse().with_context(|| format!("{status:?} is no HTTP status"))?;
        let name = |code: &String| text(&document["components"]["x-error-catalog"][code]["name"]);
        let codes = codes.iter().map(|code| variant(name(code))).collect::<anyhow::Result<Vec<_>>>()?;
        rows.push(quote! {
            DocumentedErrors { operation: #operation, status: #status, codes: &[#(ErrorCode::#codes),*] }
        });
    }
    Ok(quote! {
        /// Which error codes a response may carry (`x-error-codes` in the document).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct DocumentedErrors {
            /// The `operationId`.
            pub operation: &'static str,
            /// The HTTP status.
            pub status: u16,
            /// The codes.
            pub codes: &'static [ErrorCode],
        }

        /// The error codes of every response of every operation.
        pub static DOCUMENTED_ERRORS: &[DocumentedErrors] = &[#(#rows),*];
    })
}

fn quota(document: &Value) -> anyhow::Result<TokenStream> {
    let calls = number(document, "/x-quota/calls")?;
    let seconds = u64::from(number(document, "/x-quota/seconds")?);
    Ok(quote! {
        /// How often an application may call (`x-quota` in the document).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Quota {
            /// How many calls may arrive within the window.
            pub calls: u32,
            /// The length of the window.
            pub window: Duration,
        }

        /// The platform's default.
        pub const QUOTA: Quota = Quota { calls: #calls, window: Duration::from_secs(#seconds) };
    })
}

fn bounds(document: &Value) -> anyhow::Result<TokenStream> {
    let of_page_size =
        |name: &str| number(document, &format!("/components/parameters/PageSize/schema/{name}"));
    let (smallest, largest, default) =
        (of_page_size("minimum")?, of_page_size("maximum")?, of_page_size("default")?);
    let longest_secret = number(document, "/components/schemas/ApplicationSecret/maxLength")? as usize;
    let numbers = numbers_of_requests(document)?;
    Ok(quote! {
        #(#numbers)*

        /// How many rows a page may have (the parameter `pageSize` in the document).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct PageSize {
            /// The fewest rows to ask for.
            pub smallest: u32,
            /// The most rows to ask for.
            pub largest: u32,
            /// How many rows come if nothing else is asked for.
            pub default: u32,
        }

        /// The bounds of a page.
        pub const PAGE_SIZE: PageSize =
            PageSize { smallest: #smallest, largest: #largest, default: #default };

        /// The length of the longest secret of an application, in characters.
        pub const LONGEST_SECRET: usize = #longest_secret;
    })
}

/// The bounds of each number in the body of a request: progenitor does not check them.
fn numbers_of_requests(document: &Value) -> anyhow::Result<Vec<TokenStream>> {
    let replies = schemas::reply_schemas(document);
    let mut constants = Vec::new();
    for (schema, definition) in schemas::named(document).filter(|(name, _)| !replies.contains(*name)) {
        for (member, value) in members(&definition["properties"]) {
            if value.get("minimum").is_none() || value.get("maximum").is_none() {
                continue;
            }
            let bound = |name: &str| {
                number(document, &format!("/components/schemas/{schema}/properties/{member}/{name}"))
            };
            let (smallest, largest) = (bound("minimum")?, bound("maximum")?);
            let name = format_ident!("{}", format!("{schema} {member}").to_shouty_snake_case());
            let doc = format!("The least and the most of `{member}` in a `{schema}`.");
            constants.push(quote! {
                #[doc = #doc]
                pub const #name: ::std::ops::RangeInclusive<u32> = #smallest..=#largest;
            });
        }
    }
    Ok(constants)
}

fn may_repeat(document: &Value) -> TokenStream {
    let constants = operations(document).map(|operation| {
        let (name, value) =
            (format_ident!("{}", operation.id.to_shouty_snake_case()), operation.may_repeat());
        let doc = format!("`{}`", operation.id);
        quote! {
            #[doc = #doc]
            pub const #name: bool = #value;
        }
    });
    quote! {
        /// Whether a call may be sent again when its outcome is unknown (`x-may-repeat` in the document).
        pub mod may_repeat {
            #(#constants)*
        }
    }
}

fn number(document: &Value, pointer: &str) -> anyhow::Result<u32> {
    let number = document.pointer(pointer).and_then(Value::as_u64);
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.with_context(|| format!("{pointer} is missing in the document, or is no whole number of 32 bits"))
}
