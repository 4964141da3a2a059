//! The Rust client: what progenitor makes of the document, and what a pass over it corrects.

use std::collections::BTreeSet;
use std::panic;

use anyhow::{Context as _, bail};
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle, TypeImpl};
use quote::quote;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};

use super::schemas;

/// Schemas whose Rust type is written by hand in `crates/client`, because the derived one would lose or show something.
const REPLACED: [(&str, &str); 6] = [
    ("ApplicationSecret", "crate::Secret"),
    ("CommandId", "crate::Text"),
    ("DeviceId", "crate::Text"),
    ("EmbeddedText", "crate::Text"),
    ("Seconds", "crate::Seconds"),
    ("Secret", "crate::Secret"),
];

/// Generates the client as formatted Rust source.
pub(super) fn client(document: &serde_json::Value) -> anyhow::Result<String> {
    let openapi: openapiv3::OpenAPI = serde_json::from_value(super::prepared::prepared(document))
        .context("the document does not read as OpenAPI 3.0")?;
    let tokens = tokens(&settings(document), &openapi)?;
    let mut file: syn::File =
        syn::parse2(tokens).context("progenitor generated source that does not parse")?;
    Corrections { replies: schemas::reply_schemas(document) }.visit_file_mut(&mut file);
    Ok(prettyplease::unparse(&file))
}

/// Runs progenitor. It panics on some documents that lint lets through by mistake; that must not reach the user as a panic.
fn tokens(settings: &GenerationSettings, openapi: &openapiv3::OpenAPI) -> anyhow::Result<TokenStream> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let tokens = panic::catch_unwind(|| Generator::new(settings).generate_tokens(openapi));
    panic::set_hook(hook);
    match tokens {
        Ok(tokens) => tokens.context("progenitor cannot generate a client from the document"),
        Err(panic) => {
            let cause = panic.downcast_ref::<String>().map(String::as_str);
            let cause = cause.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no cause given");
            bail!("progenitor panicked on the document, and `cargo xtask lint` should have said why: {cause}")
        }
    }
}

fn settings(document: &serde_json::Value) -> GenerationSettings {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_tag(TagStyle::Merged)
        .with_hooks(HooksMode::Expected)
        .with_inner_type(quote!(crate::Call))
        .with_map_type("::serde_json::Map")
        .with_derive("PartialEq");
    for (schema, rust) in REPLACED {
        settings.with_replacement(schema, rust, std::iter::empty());
    }
    // `ErrorCode` is a plain string in the document; its known values stand in the catalogue.
    for name in schemas::open_enums(document).iter().map(String::as_str).chain(["ErrorCode"]) {
        let traits = [TypeImpl::Display, TypeImpl::FromStr].into_iter();
        settings.with_replacement(name, format!("crate::{name}"), traits);
    }
    settings
}

/// Corrects what progenitor and typify cannot be told by a setting.
struct Corrections {
    replies: BTreeSet<String>,
}

impl VisitMut for Corrections {
    fn visit_item_struct_mut(&mut self, item: &mut syn::ItemStruct) {
        if !is_plain_data(item) {
            return;
        }
        item.attrs.push(syn::parse_quote!(#[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))]));
        if self.replies.contains(&item.ident.to_string()) {
            item.fields.iter_mut().for_each(write_null_back);
        }
    }

    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        // The builders of types are no data: they hold results that are not complete yet.
        if module.ident != "builder" {
            visit_mut::visit_item_mod_mut(self, module);
        }
    }

    fn visit_item_impl_mut(&mut self, item: &mut syn::ItemImpl) {
        // `Client::new` panics when it cannot build an HTTP client; the caller brings one.
        item.items
            .retain(|item| !matches!(item, syn::ImplItem::Fn(function) if unwraps_http_client(function)));
    }
}

/// Whether a struct is serialised, which tells data from clients and builders.
fn is_plain_data(item: &syn::ItemStruct) -> bool {
    item.attrs.iter().any(|attribute| {
        attribute.path().is_ident("derive") && quote!(#attribute).to_string().contains("Serialize")
    })
}

fn unwraps_http_client(function: &syn::ImplItemFn) -> bool {
    function.sig.ident == "new" && quote!(#function).to_string().contains("client . build () . unwrap ()")
}

/// Takes `skip_serializing_if` off a member, so that what came as null is written as null.
fn write_null_back(field: &mut syn::Field) {
    for attribute in std::mem::take(&mut field.attrs) {
        let Some(metas) = serde_arguments(&attribute) else {
            field.attrs.push(attribute);
            continue;
        };
        let mut kept = metas.iter().filter(|meta| !meta.path().is_ident("skip_serializing_if")).peekable();
        if kept.peek().is_some() {
            field.attrs.push(syn::parse_quote!(#[serde(#(#kept),*)]));
        }
    }
}

fn serde_arguments(attribute: &syn::Attribute) -> Option<Punctuated<syn::Meta, syn::Token![,]>> {
    if !attribute.path().is_ident("serde") {
        return None;
    }
    attribute.parse_args_with(Punctuated::parse_terminated).ok()
}
