//! The public API of the generated client: what a change of the document does to those who use the crate.
//!
//! `cargo xtask api` lists the whole of the crate, which needs one version of rustdoc. This is the part that follows from the
//! document, so that a renamed member shows in `cargo test`.

use std::fs;

use syn::{Attribute, Expr, Fields, ImplItem, Item, Visibility};

use crate::freshness::root;

#[test]
fn the_public_api_of_the_generated_client() {
    let sources = ["api", "open_enums", "constants"].map(|file| {
        fs::read_to_string(root().join(format!("crates/client/src/generated/{file}.rs"))).unwrap()
    });
    insta::assert_snapshot!(sources.map(|source| public_api(&source)).concat());
}

#[test]
fn a_renamed_member_shows_in_rust_and_on_the_wire() {
    let before = r#"pub mod types { #[derive(Clone)] pub struct Page { #[serde(rename = "rowCount")] pub row_count: Option<i64>, hidden: u8 } }
        impl Page { fn hidden(&self) {} pub fn rows(&self) -> u8 { 7 } } impl Default for Page {} struct Hidden;"#;
    let shown = public_api(before);
    let expected = "pub mod types {\n    pub struct Page {\n        #[serde(rename = \"rowCount\")]\n        pub row_count: Option<i64>,\n    }\n}\n\
        impl Page {\n    pub fn rows(&self) -> u8 {}\n}\n";
    assert_eq!(shown, expected);
}

/// The public items of a source file without comments, bodies and values, as Rust.
fn public_api(source: &str) -> String {
    let mut file = syn::parse_file(source).unwrap();
    file.attrs.clear();
    keep_public(&mut file.items);
    prettyplease::unparse(&file)
}

fn keep_public(items: &mut Vec<Item>) {
    items.retain_mut(|item| match item {
        Item::Mod(module) if is_public(&module.vis) => {
            module.attrs.clear();
            module.content.iter_mut().for_each(|(_, items)| keep_public(items));
            true
        }
        Item::Struct(item) if is_public(&item.vis) => {
            item.attrs.clear();
            keep_public_fields(&mut item.fields);
            true
        }
        Item::Enum(item) if is_public(&item.vis) => {
            item.attrs.clear();
            item.variants.iter_mut().for_each(|variant| variant.attrs.clear());
            true
        }
        Item::Const(item) if is_public(&item.vis) => {
            item.attrs.clear();
            *item.expr = unknown();
            true
        }
        Item::Static(item) if is_public(&item.vis) => {
            item.attrs.clear();
            *item.expr = unknown();
            true
        }
        Item::Impl(item) if item.trait_.is_none() => {
            item.attrs.clear();
            item.items.retain_mut(is_public_method);
            !item.items.is_empty()
        }
        _ => false,
    });
}

/// Leaves the public fields, with their names on the wire.
fn keep_public_fields(fields: &mut Fields) {
    let Fields::Named(named) = fields else { return };
    named.named =
        std::mem::take(&mut named.named).into_iter().filter(|field| is_public(&field.vis)).collect();
    for field in &mut named.named {
        field.attrs.retain(is_rename);
    }
}

fn is_rename(attribute: &Attribute) -> bool {
    let mut renames = false;
    if attribute.path().is_ident("serde") {
        // What cannot be read is no name.
        let _ = attribute.parse_nested_meta(|meta| {
            renames |= meta.path.is_ident("rename");
            meta.value().and_then(|value| value.parse::<Expr>()).map(drop)
        });
    }
    renames
}

/// Leaves the signature of a public method. A setter takes whatever converts into what it is named for.
fn is_public_method(item: &mut ImplItem) -> bool {
    let ImplItem::Fn(method) = item else { return false };
    method.attrs.clear();
    method.block.stmts.clear();
    method.sig.generics.where_clause = None;
    is_public(&method.vis)
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn unknown() -> Expr {
    syn::parse_quote!(_)
}
