//! No file imports a file that imports it, however many files are between them and whatever re-exports it goes through.
//!
//! Every `a::b::c` in the code is a path, whether it stands in a `use` or not. It leads through modules and re-exports to the file
//! that defines what it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Item, Meta, Visibility};

use crate::freshness::root;

/// The crates that are looked at, without their generated files.
const CRATES: [&str; 7] = ["client", "sdk", "gateway", "emulator", "cli", "openapi", "conformance"];

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
        ("lib.rs", "mod a; mod b; mod c; pub use b::{Name, inner::Other};"),
        ("a.rs", "use crate::Name; pub fn a(_: Name) {}"),
        ("b.rs", "pub mod inner; pub use inner::{Name}; pub use crate::c::*;"),
        ("b/inner.rs", "pub struct Name; fn f() { println!(\"{:?}\", crate::c::c()) }"),
        ("c.rs", "pub fn c() { crate::a::a(loop {}) } #[cfg(test)] mod tests { use crate::b::Name; }"),
    ] {
        std::fs::write(source.join(file), text).unwrap();
    }
    let circles = Crate::read(folder.path()).circles();
    assert_eq!(circles, ["a.rs -> b/inner.rs: Name", "b/inner.rs -> c.rs: c", "c.rs -> a.rs: a"]);
}

/// A path from the root of its crate, or as it stands in the code.
type Place = Vec<String>;

/// A crate as modules.
struct Crate {
    source: PathBuf,
    modules: BTreeMap<Place, Module>,
}

#[derive(Default)]
struct Module {
    file: PathBuf,
    /// What `use` brings in and what it hands on, in full.
    uses: BTreeSet<Place>,
    handed_on: BTreeSet<Place>,
    /// Other paths in the code of the module.
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
        for item in items {
            let for_tests = |attribute: &Attribute| match &attribute.meta {
                Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string().contains("test"),
                _ => false,
            };
            match item {
                Item::Mod(inner) if inner.attrs.iter().any(for_tests) || inner.ident == "generated" => {}
                Item::Mod(inner) => {
                    let name = inner.ident.to_string();
                    let inside: Place = place.iter().cloned().chain([name.clone()]).collect();
                    match inner.content {
                        Some((_, items)) => self.items(inside, file, items),
                        None => {
                            let folder = self.source.join(place.join("/"));
                            self.module(inside, &folder.join(name).with_extension("rs"));
                        }
                    }
                }
                Item::Use(item) if item.attrs.iter().any(for_tests) => {}
                Item::Use(item) => {
                    let into = match item.vis {
                        Visibility::Inherited => &mut module.uses,
                        _ => &mut module.handed_on,
                    };
                    paths(item.tree.into_token_stream(), &[], into);
                }
                item => paths(item.into_token_stream(), &[], &mut module.paths),
            }
        }
        self.modules.insert(place, module);
    }

    /// The file that defines what a path names, seen from `place`.
    fn file(&self, place: &[String], path: &[String], depth: usize) -> Option<&Path> {
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (place.to_vec(), &path[1..]),
            _ => (place.to_vec(), path),
        };
        while let Some((name, behind)) = rest.split_first() {
            if name == "super" {
                at.pop()?;
            } else {
                at.push(name.clone());
                if !self.modules.contains_key(&at) {
                    at.pop();
                    return self.defined(&at, at == place && rest.len() == path.len(), rest, depth);
                }
            }
            rest = behind;
        }
        Some(&self.modules[&at].file)
    }

    /// The file that defines a name of a module: the module's own, or one that it has the name from.
    fn defined(&self, at: &[String], is_first: bool, rest: &[String], depth: usize) -> Option<&Path> {
        let module = &self.modules[at];
        let from = |used: &&Place| used.last() == rest.first() && used.len() > 1;
        // Names of other crates can stand for themselves, as in `use similar::similar`, so that a path may lead back to itself.
        match module.handed_on.iter().chain(&module.uses).find(from).filter(|_| depth < 20) {
            Some(used) => self.file(at, used, depth + 1),
            // A name that nobody brought in is one of another crate, or of the module itself.
            None => (!is_first).then_some(&module.file),
        }
    }

    /// Which file takes which names from which other file.
    fn arrows(&self) -> BTreeMap<&Path, BTreeMap<&Path, BTreeSet<&str>>> {
        let mut arrows: BTreeMap<_, BTreeMap<_, BTreeSet<_>>> = BTreeMap::new();
        for (place, module) in &self.modules {
            for path in module.uses.iter().chain(&module.paths) {
                if let Some(file) = self.file(place, path, 0).filter(|file| *file != module.file) {
                    let taken: &mut BTreeSet<&str> =
                        arrows.entry(module.file.as_path()).or_default().entry(file).or_default();
                    taken.insert(path.last().unwrap());
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
                let next = arrows.get(file).into_iter().flat_map(BTreeMap::keys);
                open.extend(next.filter(|file| seen.insert(**file)));
            }
            seen.contains(to)
        };
        let shown = |file: &Path| file.strip_prefix(&self.source).unwrap().display().to_string();
        let mut circles = Vec::new();
        for (from, ends) in &arrows {
            for (to, names) in ends.iter().filter(|(to, _)| leads(to, from)) {
                let names = names.iter().copied().collect::<Vec<_>>().join(", ");
                circles.push(format!("{} -> {}: {names}", shown(from), shown(to)));
            }
        }
        circles
    }
}

/// Whether this is what `#[cfg(test)]` has in its brackets.
fn is_test(attribute: &Group) -> bool {
    let text = attribute.stream().to_string();
    attribute.delimiter() == Delimiter::Bracket && text.starts_with("cfg (") && text.contains("test")
}

/// Every `a::b::c` among tokens, those inside macros included; `a::{b, c}` is two paths.
fn paths(tokens: TokenStream, before: &[String], found: &mut BTreeSet<Place>) {
    let (mut path, mut colons) = (before.to_vec(), 2);
    let mut end = |path: &mut Place| {
        if path.last().is_some_and(|name| name == "self") {
            path.pop();
        }
        if path.len() > 1 {
            found.insert(path.clone());
        }
        *path = before.to_vec();
    };
    let (mut inside, mut in_test) = (Vec::new(), false);
    for token in tokens {
        match token {
            TokenTree::Group(group) if is_test(&group) => in_test = true,
            // Up to the body of what is for tests alone.
            TokenTree::Punct(mark) if in_test => in_test = mark.as_char() != ';',
            TokenTree::Group(group) if in_test => in_test = group.delimiter() != Delimiter::Brace,
            _ if in_test => {}
            TokenTree::Ident(name) => {
                if colons != 2 {
                    end(&mut path);
                }
                path.push(name.to_string());
                colons = 0;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' && colons < 2 => colons += 1,
            TokenTree::Group(group) if colons == 2 && group.delimiter() == Delimiter::Brace => {
                inside.push((group.stream(), std::mem::replace(&mut path, before.to_vec())));
            }
            token => {
                end(&mut path);
                colons = 2;
                if let TokenTree::Group(group) = token {
                    inside.push((group.stream(), Vec::new()));
                }
            }
        }
    }
    end(&mut path);
    for (tokens, before) in inside {
        paths(tokens, &before, found);
    }
}
