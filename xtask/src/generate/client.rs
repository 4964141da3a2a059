//! The Rust client: what progenitor makes of the document, and what a pass over it corrects.

use std::collections::BTreeSet;
use std::panic;

use anyhow::{Context as _, anyhow};
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
    Replacements.visit_file_mut(&mut file);
    Ok(prettyplease::unparse(&file))
}

/// Runs progenitor. It panics on some documents that lint lets through by mistake.
fn tokens(settings: &GenerationSettings, openapi: &openapiv3::OpenAPI) -> anyhow::Result<TokenStream> {
    let tokens = panic::catch_unwind(|| Generator::new(settings).generate_tokens(openapi));
    let tokens = tokens
        .map_err(|_| anyhow!("progenitor panicked, see above; `cargo xtask lint` should have said why"))?;
    tokens.context("progenitor cannot generate a client from the document")
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
        if !is_plain_data(&item.attrs) {
            return;
        }
        item.attrs.push(with_schema());
        if self.replies.contains(&item.ident.to_string()) {
            item.fields.iter_mut().for_each(write_null_back);
        }
    }

    fn visit_item_enum_mut(&mut self, item: &mut syn::ItemEnum) {
        if is_plain_data(&item.attrs) {
            item.attrs.push(with_schema());
        }
    }

    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        // The builders of types are no data: they hold results that are not complete yet.
        if module.ident == "builder" {
            return;
        }
        visit_mut::visit_item_mod_mut(self, module);
        if let Some((_, items)) = &mut module.content {
            let open: BTreeSet<String> = items.iter().filter_map(open_object).collect();
            *items = std::mem::take(items).into_iter().flat_map(|item| with_reader(item, &open)).collect();
        }
    }

    fn visit_item_impl_mut(&mut self, item: &mut syn::ItemImpl) {
        // `Client::new` panics when it cannot build an HTTP client; the caller brings one.
        item.items
            .retain(|item| !matches!(item, syn::ImplItem::Fn(function) if unwraps_http_client(function)));
    }
}

/// Puts types of the crate in the place of others, wherever they are named.
struct Replacements;

impl VisitMut for Replacements {
    fn visit_type_mut(&mut self, ty: &mut syn::Type) {
        visit_mut::visit_type_mut(self, ty);
        // `Value` loses digits, and so does a map of it.
        match last_segment(ty).map(|segment| segment.ident.to_string()).as_deref() {
            Some("Map") => *ty = syn::parse_quote!(crate::Members),
            Some("Value") => *ty = syn::parse_quote!(crate::Json),
            _ => {}
        }
    }

    fn visit_expr_mut(&mut self, expr: &mut syn::Expr) {
        visit_mut::visit_expr_mut(self, expr);
        if quote!(#expr).to_string() == "ResponseValue :: from_response (response)" {
            *expr = syn::parse_quote!(crate::reading::reply(response, &client.inner));
        }
    }
}

/// The name of a struct with room for further members.
fn open_object(item: &syn::Item) -> Option<String> {
    let syn::Item::Struct(data) = item else { return None };
    let is_open = is_plain_data(&data.attrs) && data.fields.iter().any(is_extra);
    is_open.then(|| data.ident.to_string())
}

fn is_extra(field: &syn::Field) -> bool {
    field.ident.as_ref().is_some_and(|ident| ident == "extra")
}

/// An item, and how a struct with room for further members is read: serde's own `flatten` loses digits and is slower.
/// A list of such structs is read one by one where it has to be.
fn with_reader(mut item: syn::Item, open: &BTreeSet<String>) -> Vec<syn::Item> {
    let (Some(_), syn::Item::Struct(data)) = (open_object(&item), &mut item) else { return vec![item] };
    let listed = data.fields.iter().filter(|field| !is_extra(field));
    let (mut members, mut rows) = (Vec::new(), TokenStream::new());
    for field in listed {
        let (ident, name) = (&field.ident, name_on_the_wire(field));
        let named = |ty: &syn::Type| last_segment(ty).map(|held| held.ident.to_string()).unwrap_or_default();
        let held = inner(&field.ty);
        let way = match held.map(named).unwrap_or_default().as_str() {
            "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" => quote!(Whole),
            "Vec" if held.and_then(inner).map(named).is_some_and(|row| open.contains(&row)) => {
                rows = quote!(rows #ident: #name);
                quote!(Rows)
            }
            _ => quote!(Plain),
        };
        members.push(quote!(#ident: #name as #way,));
    }
    let ident = &data.ident;
    let reader = syn::parse_quote!(crate::reading::object! { #ident { #(#members)* } #rows });
    for attribute in &mut data.attrs {
        if let Ok(derived) =
            attribute.parse_args_with(Punctuated::<syn::Path, syn::Token![,]>::parse_terminated)
            && attribute.path().is_ident("derive")
        {
            let kept = derived
                .iter()
                .filter(|path| path.segments.last().is_none_or(|last| last.ident != "Deserialize"));
            *attribute = syn::parse_quote!(#[derive(#(#kept),*)]);
        }
    }
    vec![item, reader]
}

fn last_segment(ty: &syn::Type) -> Option<&syn::PathSegment> {
    let syn::Type::Path(ty) = ty else { return None };
    ty.path.segments.last()
}

/// The type in an `Option`.
fn inner(ty: &syn::Type) -> Option<&syn::Type> {
    let syn::PathArguments::AngleBracketed(arguments) = &last_segment(ty)?.arguments else { return None };
    match arguments.args.first() {
        Some(syn::GenericArgument::Type(ty)) => Some(ty),
        _ => None,
    }
}

/// The name of a member in JSON.
fn name_on_the_wire(field: &syn::Field) -> String {
    let renamed = field.attrs.iter().filter_map(serde_arguments).flatten().find_map(|meta| match meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("rename") => match pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(name), .. }) => Some(name.value()),
            _ => None,
        },
        _ => None,
    });
    renamed.unwrap_or_else(|| field.ident.as_ref().map_or_else(String::new, ToString::to_string))
}

fn with_schema() -> syn::Attribute {
    syn::parse_quote!(#[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))])
}

/// Whether a type is serialised, which tells data from clients and builders.
fn is_plain_data(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
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
