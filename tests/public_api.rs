//! The public API of `northbound-client`, a line each: what a change of the document does to those who use the crate.

mod signatures;

use std::fs;
use std::path::{Path, PathBuf};

use syn::{Item, UseTree};

use crate::freshness::root;
use signatures::{Exported, is_public, signatures};

#[test]
fn the_public_api_of_the_client() {
    let mut exported = Vec::new();
    read(&root().join("crates/client/src"), "lib", Vec::new(), &mut exported);
    let lines = signatures(&exported);
    assert!(lines.len() < 400, "{} lines are more than a person reviews", lines.len());
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_renamed_member_shows_in_rust_and_on_the_wire() {
    let before = r#"pub mod types { pub struct Page { #[serde(rename = "rowCount")] pub row_count: Option<i64>, hidden: u8 } }"#;
    let after = r#"pub mod types { pub struct Page { pub rowcount: ::std::option::Option<i64> } }"#;
    assert_eq!(
        of_source(before),
        ["struct types::Page", r#"types::Page.row_count: Option<i64> ("rowCount")"#]
    );
    assert_eq!(of_source(after), ["struct types::Page", "types::Page.rowcount: Option<i64>"]);
}

#[test]
fn what_is_not_public_does_not_show() {
    let source = "struct Hidden; impl Hidden { pub fn f() {} } impl Clone for Hidden {} pub struct Shown(u8); \
                  impl Shown { fn g() {} pub(crate) fn h() {} pub fn i(&self) -> &'static str { \"\" } }";
    assert_eq!(of_source(source), ["struct Shown", "fn Shown::i(&self) -> &'static str"]);
}

fn of_source(source: &str) -> Vec<String> {
    signatures(&[Exported { items: syn::parse_file(source).unwrap().items, names: Vec::new() }])
}

/// Reads a module, and those of its own from which it exports something.
fn read(folder: &Path, module: &str, names: Vec<String>, exported: &mut Vec<Exported>) {
    let items = syn::parse_file(&fs::read_to_string(file(folder, module)).unwrap()).unwrap().items;
    let inside = if module == "lib" { folder.to_owned() } else { folder.join(module) };
    let exports: Vec<(String, Vec<String>)> = items.iter().filter_map(|item| export(item, &items)).collect();
    exported.push(Exported { items, names });
    for (module, names) in exports {
        read(&inside, &module, names, exported);
    }
}

fn file(folder: &Path, module: &str) -> PathBuf {
    let candidates = [folder.join(module).with_extension("rs"), folder.join(module).join("mod.rs")];
    candidates.into_iter().find(|file| file.exists()).unwrap_or_else(|| panic!("no module {module}"))
}

/// The module that an item exports from, and the exported names: none stands for all.
fn export(item: &Item, siblings: &[Item]) -> Option<(String, Vec<String>)> {
    let Item::Use(item) = item else { return None };
    let UseTree::Path(path) = &item.tree else { return None };
    let is_own = |sibling: &Item| matches!(sibling, Item::Mod(module) if module.ident == path.ident);
    let exports = is_public(&item.vis) && siblings.iter().any(is_own);
    exports.then(|| (path.ident.to_string(), names(&path.tree)))
}

fn names(tree: &UseTree) -> Vec<String> {
    match tree {
        UseTree::Name(name) => vec![name.ident.to_string()],
        UseTree::Group(group) => group.items.iter().flat_map(names).collect(),
        _ => Vec::new(),
    }
}
