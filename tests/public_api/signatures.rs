//! Public items as signatures, one a line, without what only a compiler needs.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Field, Ident, ImplItem, ImplItemFn, Item, ItemImpl, ItemUse, Path, Type, UseTree, Visibility,
};

/// The items of a module, and the names of those that are exported: none stands for all.
pub(super) struct Exported {
    pub(super) items: Vec<Item>,
    pub(super) names: Vec<String>,
}

/// The public items of modules that a crate exports from its root, by module and name.
pub(super) fn signatures(exported: &[Exported]) -> Vec<String> {
    let mut listing = Listing::default();
    for Exported { items, names } in exported {
        listing.collect(items, "", names);
    }
    listing.items.sort_by_key(|(path, item)| (path.clone(), name(item)));
    listing
        .items
        .iter()
        .flat_map(|(path, item)| listing.lines(path, item))
        .chain(listing.conversions())
        .collect()
}

pub(super) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

#[derive(Default)]
struct Listing<'a> {
    items: Vec<(String, &'a Item)>,
    impls: Vec<(String, &'a ItemImpl)>,
}

impl<'a> Listing<'a> {
    fn collect(&mut self, items: &'a [Item], path: &str, names: &[String]) {
        let is_listed = |name: &str| names.is_empty() || names.iter().any(|listed| listed == name);
        for item in items {
            match item {
                // Whoever names a type can use what is implemented for it, wherever that stands.
                Item::Impl(item) => self.impls.push((path.to_owned(), item)),
                Item::Mod(module) if is_public(&module.vis) && is_listed(&module.ident.to_string()) => {
                    let (_, items) = module.content.as_ref().unwrap();
                    self.collect(items, &format!("{path}{}::", module.ident), &[]);
                }
                Item::Use(used) if is_public(&used.vis) && is_foreign(used, items) => {
                    self.items.push((path.to_owned(), item));
                }
                item if visibility(item).is_some_and(is_public) && is_listed(&name(item)) => {
                    self.items.push((path.to_owned(), item));
                }
                _ => {}
            }
        }
    }

    /// An item with what belongs to it.
    fn lines(&self, path: &str, item: &Item) -> Vec<String> {
        let named = format!("{path}{}", name(item));
        match item {
            Item::Struct(_) | Item::Enum(_) if is_builder(path) => self.builder(&named),
            Item::Struct(item) => {
                let fields = item
                    .fields
                    .iter()
                    .filter(|field| is_public(&field.vis))
                    .map(|field| member(&named, field));
                let head = self.head(&format!("struct {named}{}", text(&item.generics)), &named, &item.attrs);
                [head].into_iter().chain(fields).chain(self.methods(&named)).collect()
            }
            Item::Enum(item) => {
                let variants = item.variants.iter().map(|variant| {
                    let fields = variant.fields.to_token_stream();
                    format!("{named}::{}{}", variant.ident, text(&fields))
                });
                let head = self.head(&format!("enum {named}{}", text(&item.generics)), &named, &item.attrs);
                [head].into_iter().chain(variants).chain(self.methods(&named)).collect()
            }
            Item::Const(item) => vec![format!("const {named}: {}", text(&item.ty))],
            Item::Static(item) => vec![format!("static {named}: {}", text(&item.ty))],
            Item::Fn(item) => vec![format!("{path}{}", text(&item.sig))],
            Item::Use(item) => vec![format!("use {path}{}", text(&item.tree))],
            other => vec![format!("{named}: {}", text(other))],
        }
    }

    /// The name of a type and the traits that it implements.
    fn head(&self, head: &str, named: &str, attributes: &[Attribute]) -> String {
        let mut traits: BTreeSet<String> = attributes.iter().flat_map(derived).collect();
        traits.extend(
            self.impls_of(named)
                .filter_map(|(_, item)| item.trait_.as_ref().map(|(path, _)| trait_name(path))),
        );
        let traits = if traits.is_empty() {
            String::new()
        } else {
            format!(": {}", Vec::from_iter(traits).join(", "))
        };
        let open = attributes.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"));
        format!("{head}{traits}{}", if open { " (non-exhaustive)" } else { "" })
    }

    fn methods(&self, named: &str) -> Vec<String> {
        let inherent = self.impls_of(named).filter(|(_, item)| item.trait_.is_none());
        let members = inherent.flat_map(|(_, item)| &item.items).filter_map(|item| match item {
            ImplItem::Fn(method) if is_public(&method.vis) => Some(signature(named, method)),
            ImplItem::Const(item) if is_public(&item.vis) => {
                Some(format!("const {named}::{}: {}", item.ident, text(&item.ty)))
            }
            _ => None,
        });
        members.collect()
    }

    /// A setter takes whatever converts into the member that it is named for: its name says it all.
    fn builder(&self, named: &str) -> Vec<String> {
        let inherent = self.impls_of(named).filter(|(_, item)| item.trait_.is_none());
        let methods = inherent.flat_map(|(_, item)| &item.items).filter_map(|item| match item {
            ImplItem::Fn(method) if is_public(&method.vis) => Some(method),
            _ => None,
        });
        let (setters, others): (Vec<_>, Vec<_>) =
            methods.partition(|method| !method.sig.generics.params.is_empty());
        let setters: Vec<String> = setters.into_iter().map(|method| method.sig.ident.to_string()).collect();
        let others = others.into_iter().map(|method| signature(named, method));
        [format!("builder {named}: {}", setters.join(", "))].into_iter().chain(others).collect()
    }

    /// What is implemented for a type, but not by the conversions between it and its builder.
    fn impls_of(&self, named: &str) -> impl Iterator<Item = &(String, &'a ItemImpl)> {
        self.impls.iter().filter(move |(path, item)| {
            let is_conversion = is_builder(path) && item.trait_.is_some();
            !is_conversion && implementor(path, &item.self_ty).as_deref() == Some(named)
        })
    }

    /// What types of other crates are made from types of this one.
    fn conversions(&self) -> Vec<String> {
        let own: BTreeSet<String> = self.items.iter().map(|(_, item)| name(item)).collect();
        let of_own = |path: &&Path| {
            let text = text(*path);
            text.strip_prefix("From<")
                .and_then(|text| text.strip_suffix('>'))
                .is_some_and(|from| own.contains(from))
        };
        let conversions = self.impls.iter().filter_map(|(path, item)| {
            let (implemented, _) = item.trait_.as_ref()?;
            let foreign = !own.contains(&text(&item.self_ty)) && !is_builder(path);
            Some(implemented).filter(of_own).filter(|_| foreign)?;
            Some(format!("impl {} for {}", text(implemented), text(&item.self_ty)))
        });
        conversions.collect()
    }
}

fn is_builder(path: &str) -> bool {
    path.ends_with("builder::")
}

/// The path of the type that an `impl` in a module is for.
fn implementor(module: &str, rust: &Type) -> Option<String> {
    let Type::Path(path) = rust else { return None };
    let segments: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["super", name] => Some(format!("{}{name}", parent(module))),
        ["crate", name] => Some((*name).to_owned()),
        [name] => Some(format!("{module}{name}")),
        _ => None,
    }
}

fn parent(module: &str) -> &str {
    let module = module.strip_suffix("::").unwrap_or(module);
    module.rfind("::").map_or("", |end| &module[..end + 2])
}

fn member(named: &str, field: &Field) -> String {
    let name = field.ident.as_ref().map(Ident::to_string).unwrap_or_default();
    let mut serde = field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde"));
    let wire = serde.find_map(|attribute| {
        let text = attribute.to_token_stream().to_string();
        Some(text.split_once("rename = \"")?.1.split_once('"')?.0.to_owned())
    });
    let wire = wire.map(|wire| format!(" ({wire:?})")).unwrap_or_default();
    format!("{named}.{name}: {}{wire}", text(&field.ty))
}

fn signature(named: &str, method: &ImplItemFn) -> String {
    let signature = text(&method.sig).replacen("fn ", &format!("fn {named}::"), 1);
    // Whether a method changes what was moved into it is its own affair.
    signature.replace("(mut self", "(self")
}

/// A trait without the path to it, and without lifetimes, which no caller writes.
fn trait_name(path: &Path) -> String {
    let name = path.segments.last().map(text).unwrap_or_default();
    name.split_once("<'").map_or(name.as_str(), |(name, _)| name).to_owned()
}

/// The traits of `#[derive(…)]`, also behind a feature.
fn derived(attribute: &Attribute) -> Vec<String> {
    let attribute = attribute.to_token_stream().to_string();
    let Some((_, traits)) = attribute.split_once("derive (") else { return Vec::new() };
    let traits = traits.split_once(')').map_or(traits, |(traits, _)| traits).split(',');
    traits
        .filter_map(|path| path.rsplit("::").next())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

fn visibility(item: &Item) -> Option<&Visibility> {
    Some(match item {
        Item::Const(item) => &item.vis,
        Item::Enum(item) => &item.vis,
        Item::Fn(item) => &item.vis,
        Item::Static(item) => &item.vis,
        Item::Struct(item) => &item.vis,
        Item::Trait(item) => &item.vis,
        Item::Type(item) => &item.vis,
        _ => return None,
    })
}

fn name(item: &Item) -> String {
    match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        _ => String::new(),
    }
}

/// Whether an item exports something that is not from this crate, where it is listed anyway.
fn is_foreign(item: &ItemUse, siblings: &[Item]) -> bool {
    let UseTree::Path(path) = &item.tree else { return false };
    let is_own = |sibling: &Item| matches!(sibling, Item::Mod(module) if module.ident == path.ident);
    !["crate", "self", "super"].iter().any(|own| path.ident == own) && !siblings.iter().any(is_own)
}

/// Rust as a person would write it: short paths, no blanks between tokens that belong together.
fn text(rust: &impl ToTokens) -> String {
    let mut tokens = rust.to_token_stream();
    if let Ok(mut rust) = syn::parse2::<Type>(tokens.clone()) {
        ShortPaths.visit_type_mut(&mut rust);
        tokens = rust.to_token_stream();
    } else if let Ok(mut rust) = syn::parse2::<syn::Signature>(tokens.clone()) {
        ShortPaths.visit_signature_mut(&mut rust);
        tokens = rust.to_token_stream();
    }
    let joined = [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" :", ":"),
        (" ;", ";"),
        ("[ ", "["),
        (" ]", "]"),
        (",>", ">"),
        (",)", ")"),
    ];
    joined.iter().fold(tokens.to_string(), |text, (from, to)| text.replace(from, to))
}

/// `::std::option::Option` is `Option`, `crate::Secret` is `Secret`.
struct ShortPaths;

impl VisitMut for ShortPaths {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        let is_long =
            path.leading_colon.is_some() || path.segments.first().is_some_and(|first| first.ident == "crate");
        if is_long && let Some(last) = path.segments.last().cloned() {
            path.leading_colon = None;
            path.segments = [last].into_iter().collect();
        }
    }
}
