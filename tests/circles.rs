//! No file imports a file that imports it, however many files are between them and whatever re-exports it goes through.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Item, UseTree, Visibility};

use crate::freshness::root;

/// The crates that are looked at, without their generated files.
const CRATES: [&str; 6] = ["client", "sdk", "emulator", "cli", "openapi", "conformance"];

#[test]
fn no_files_import_each_other() {
    for name in CRATES {
        let circles = Crate::read(&root().join("crates").join(name)).circles();
        assert!(circles.is_empty(), "files of {name} that import each other:\n{}", circles.join("\n"));
    }
}

#[test]
fn a_circle_through_a_re_export_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("src");
    std::fs::create_dir_all(source.join("b")).unwrap();
    for (file, text) in [
        ("lib.rs", "mod a; mod b; mod c; pub use b::Name;"),
        ("a.rs", "use crate::Name; pub fn a(_: Name) {}"),
        ("b.rs", "mod inner; pub use inner::Name; pub use crate::c::*;"),
        ("b/inner.rs", "pub struct Name; fn f() { println!(\"{:?}\", crate::c::c()) }"),
        ("c.rs", "pub fn c() { crate::a::a(loop {}) } #[cfg(test)] mod tests { use crate::b::Name; }"),
    ] {
        std::fs::write(source.join(file), text).unwrap();
    }
    let circles = Crate::read(folder.path()).circles();
    assert_eq!(circles, ["a.rs -> b/inner.rs: Name", "b/inner.rs -> c.rs: c", "c.rs -> a.rs: a"]);
}

/// The path of a module from the root of its crate.
type Place = Vec<String>;

/// A crate as modules, each with the names that it defines and those that it uses.
struct Crate {
    source: PathBuf,
    modules: BTreeMap<Place, Module>,
}

#[derive(Default)]
struct Module {
    file: PathBuf,
    defined: BTreeSet<String>,
    /// What `use` brings in: the name here, and the path that it stands for. The name of a glob is `*`.
    used: Vec<(String, Place)>,
    /// The names that are only handed on.
    handed_on: Vec<String>,
    /// Other paths in the code of the module, and single names.
    paths: BTreeSet<Place>,
}

impl Crate {
    fn read(folder: &Path) -> Self {
        let mut read = Self { source: folder.join("src"), modules: BTreeMap::new() };
        read.module(Vec::new(), &folder.join("src/lib.rs"));
        read
    }

    fn module(&mut self, place: Place, file: &Path) {
        let text = std::fs::read_to_string(file).unwrap();
        self.items(place, file, syn::parse_file(&text).unwrap().items);
    }

    fn items(&mut self, place: Place, file: &Path, items: Vec<Item>) {
        let mut module = Module { file: file.to_owned(), ..Module::default() };
        for item in items.into_iter().filter(|item| !attributes(item).iter().any(is_test)) {
            match item {
                Item::Mod(inner) => {
                    let name = inner.ident.to_string();
                    let place: Place = place.iter().cloned().chain([name.clone()]).collect();
                    match inner.content {
                        Some((_, items)) => self.items(place, file, items),
                        None if name == "generated" => {}
                        None => {
                            let folder = self.source.join(place[..place.len() - 1].join("/"));
                            let file = folder.join(format!("{name}.rs"));
                            let file = if file.exists() { file } else { folder.join(name).join("mod.rs") };
                            self.module(place, &file);
                        }
                    }
                }
                Item::Use(item) => {
                    let known = module.used.len();
                    uses(&item.tree, &mut Vec::new(), &mut module.used);
                    if !matches!(item.vis, Visibility::Inherited) {
                        module.handed_on.extend(module.used[known..].iter().map(|(name, _)| name.clone()));
                    }
                }
                item => {
                    module.defined.extend(name(&item));
                    paths(item.into_token_stream(), &mut module.paths);
                }
            }
        }
        self.modules.insert(place, module);
    }

    /// The module that defines what a path names, seen from `place`.
    fn defines(&self, place: &Place, path: &[String], depth: usize) -> Option<&Place> {
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (place.clone(), &path[1..]),
            "super" => (place[..place.len().checked_sub(1)?].to_vec(), &path[1..]),
            _ => (place.clone(), path),
        };
        // Re-exports that lead to each other end somewhere, but for the code of a wrong program.
        if depth > 20 {
            return None;
        }
        loop {
            let (known, module) = self.modules.get_key_value(&at)?;
            let Some(name) = rest.first() else { return Some(known) };
            rest = &rest[1..];
            if name == "super" {
                at.pop()?;
                continue;
            }
            at.push(name.clone());
            if self.modules.contains_key(&at) {
                continue;
            }
            at.pop();
            if module.defined.contains(name) {
                return Some(known);
            }
            return module.used.iter().find_map(|(alias, path)| {
                let path: Place = match alias.as_str() {
                    "*" => path.iter().chain([name]).chain(rest).cloned().collect(),
                    alias if alias == name => path.iter().chain(rest).cloned().collect(),
                    _ => return None,
                };
                // A path that begins with its own name is one of another crate.
                self.defines(known, &path, depth + 1).filter(|_| path.first() != Some(name) || alias == "*")
            });
        }
    }

    /// Which file takes which names from which other file.
    fn arrows(&self) -> BTreeMap<&Path, BTreeMap<&Path, BTreeSet<&str>>> {
        let mut arrows: BTreeMap<_, BTreeMap<_, BTreeSet<_>>> = BTreeMap::new();
        for (place, module) in &self.modules {
            let used = module.used.iter().filter(|(name, _)| !module.handed_on.contains(name));
            for path in used.map(|(_, path)| path).chain(&module.paths) {
                let Some(defining) = self.defines(place, path, 0) else { continue };
                let file = self.modules[defining].file.as_path();
                if file != module.file {
                    let taken = path.last().unwrap();
                    arrows
                        .entry(module.file.as_path())
                        .or_default()
                        .entry(file)
                        .or_default()
                        .insert(taken.as_str());
                }
            }
        }
        arrows
    }

    /// The arrows that a circle consists of: those whose end leads back to their beginning.
    fn circles(&self) -> Vec<String> {
        let arrows = self.arrows();
        let leads = |from: &Path, to: &Path| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
            while let Some(file) = open.pop() {
                open.extend(
                    arrows.get(file).into_iter().flat_map(BTreeMap::keys).filter(|file| seen.insert(**file)),
                );
            }
            seen.contains(to)
        };
        let shown = |file: &Path| file.strip_prefix(&self.source).unwrap().display().to_string();
        let mut circles = Vec::new();
        for (from, ends) in &arrows {
            for (to, names) in ends.iter().filter(|(to, _)| leads(to, from)) {
                let names: Vec<&str> = names.iter().copied().collect();
                circles.push(format!("{} -> {}: {}", shown(from), shown(to), names.join(", ")));
            }
        }
        circles
    }
}

fn is_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.meta.to_token_stream().to_string().contains("test")
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn uses(tree: &UseTree, before: &mut Place, found: &mut Vec<(String, Place)>) {
    let at = |name: &syn::Ident| before.iter().cloned().chain([name.to_string()]).collect::<Place>();
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            uses(&path.tree, before, found);
            before.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            found.push((before.last().unwrap().clone(), before.clone()));
        }
        UseTree::Name(name) => found.push((name.ident.to_string(), at(&name.ident))),
        UseTree::Rename(name) => found.push((name.rename.to_string(), at(&name.ident))),
        UseTree::Glob(_) => found.push(("*".to_owned(), before.clone())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| uses(tree, before, found)),
    }
}

/// Every `a::b::c` among tokens, those inside macros included.
fn paths(tokens: TokenStream, found: &mut BTreeSet<Place>) {
    let (mut path, mut colons): (Place, usize) = (Vec::new(), 2);
    let mut end = |path: &mut Place| {
        // `crate` and `super` alone belong to a visibility.
        if path.len() > 1
            || path.first().is_some_and(|name| !matches!(name.as_str(), "crate" | "super" | "self"))
        {
            found.insert(std::mem::take(path));
        }
        path.clear();
    };
    let mut inner = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                if colons != 2 {
                    end(&mut path);
                }
                path.push(name.to_string());
                colons = 0;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' && colons < 2 && !path.is_empty() => colons += 1,
            token => {
                end(&mut path);
                colons = 2;
                if let TokenTree::Group(group) = token {
                    inner.push(group.stream());
                }
            }
        }
    }
    end(&mut path);
    for tokens in inner {
        paths(tokens, found);
    }
}
