//! Whatever is changed in one of the two documents, a gate sees it.
//!
//! The changes are generated from the documents, node by node. The comparison of the two contracts has to see each of them, except
//! for those that a line of `mutations/unseen.txt` names. What no comparison of contracts can see is in `mutations/cases.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use northbound_openapi::contract::{Contract, NOT_COMPARED, contract, difference};
use northbound_openapi::document::Document;
use northbound_openapi::document::pointer::{child, last, parent};
use northbound_openapi::lint::lint;
use serde_json::{Map, Value, json};
use xtask::load;

use crate::freshness::root;
use crate::page::{Facts, compare};
use crate::types::{Seen, contradictions};

/// A change of a document.
#[derive(Clone, Debug)]
pub(crate) struct Mutation {
    pub(crate) kind: &'static str,
    /// The node that it is about.
    pub(crate) node: String,
    /// The node that it replaces, and by what.
    at: String,
    value: Value,
}

impl Mutation {
    /// Its node, also with the value, and with what becomes of that.
    fn name(&self, document: &Value) -> [String; 3] {
        let before = document.pointer(&self.node).unwrap_or(&Value::Null);
        let with_value = format!("{} = {before}", self.node);
        [self.node.clone(), with_value.clone(), format!("{with_value} becomes {}", self.value)]
    }

    pub(crate) fn apply(&self, document: &Value) -> Value {
        let mut document = document.clone();
        *document.pointer_mut(&self.at).unwrap() = self.value.clone();
        document
    }
}

/// All changes of a document, and the nodes that are no part of its contract.
pub(crate) fn mutations(document: &Value) -> (Vec<Mutation>, Vec<String>) {
    let is_3_0 = document["openapi"].as_str().unwrap().starts_with("3.0.");
    let mut walk = Walk { document, is_3_0, found: Vec::new(), skipped: Vec::new() };
    walk.node("", document);
    (walk.found, walk.skipped)
}

/// What an object of each sort may say, and what a list may hold besides.
static ADDITIONS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("mutations/additions.json")).unwrap());

struct Walk<'a> {
    document: &'a Value,
    is_3_0: bool,
    found: Vec<Mutation>,
    skipped: Vec<String>,
}

impl Walk<'_> {
    fn note(&mut self, kind: &'static str, node: &str, at: &str, value: impl Into<Value>) {
        self.found.push(Mutation { kind, node: node.to_owned(), at: at.to_owned(), value: value.into() });
    }

    fn set(&mut self, kind: &'static str, node: &str, value: impl Into<Value>) {
        self.note(kind, node, node, value);
    }

    fn node(&mut self, pointer: &str, value: &Value) {
        match value {
            Value::Object(members) => self.members(pointer, members),
            Value::Array(items) => self.items(pointer, items),
            Value::String(text) => {
                self.references(pointer, text);
                for (kind, other) in other_words(text) {
                    self.set(kind, pointer, other);
                }
            }
            Value::Number(number) => {
                self.set("lower a number", pointer, number.as_i64().unwrap() - 1);
                self.set("raise a number", pointer, number.as_i64().unwrap() + 1);
            }
            Value::Bool(yes) => self.set("turn a flag", pointer, !yes),
            Value::Null => {}
        }
        if object(pointer) == "schema" && value.is_object() {
            self.schema(pointer, value);
        }
        if !pointer.is_empty() {
            self.set("make malformed", pointer, if value.is_string() { json!(7) } else { json!("x") });
        }
    }

    fn members(&mut self, pointer: &str, members: &Map<String, Value>) {
        let object = object(pointer);
        for (name, value) in members {
            let node = child(pointer, name);
            if is_skipped(object, name) {
                self.skipped.push(node);
                continue;
            }
            let mut others = members.clone();
            others.shift_remove(name);
            self.note("remove", &node, pointer, others.clone());
            for (kind, other) in other_words(name).into_iter().filter(|(_, name)| !members.contains_key(name))
            {
                let mut renamed = others.clone();
                renamed.insert(other, value.clone());
                self.note(kind, &node, pointer, renamed);
            }
            self.node(&node, value);
        }
        // Members beside a reference are ignored in OpenAPI 3.0.
        let sort = match object {
            _ if members.contains_key("$ref") => String::new(),
            "" => last(pointer),
            object => object.to_owned(),
        };
        let kind = members.get("type").filter(|_| sort == "schema").and_then(json_type);
        let sorts: Vec<String> = [sort].into_iter().chain(kind).collect();
        for (name, value) in sorts.iter().filter_map(|sort| ADDITIONS[sort].as_object()).flatten() {
            let is_older = name != "nullable" || self.is_3_0;
            if is_older && members.get(name) != Some(value) {
                let mut more = members.clone();
                more.insert(name.clone(), value.clone());
                self.note("say more", &child(pointer, name), pointer, more);
            }
        }
    }

    fn items(&mut self, pointer: &str, items: &[Value]) {
        for (index, item) in items.iter().enumerate() {
            let node = child(pointer, index);
            let (before, after) = (&items[..index], &items[index + 1..]);
            self.note("remove", &node, pointer, [before, after].concat());
            if let ("proof", Some(together)) = (object(&node), item.as_object()) {
                let apart: Vec<Value> =
                    together.iter().map(|(name, scopes)| json!({ name: scopes })).collect();
                if apart.len() > 1 {
                    self.note("split", &node, pointer, [before, &apart, after].concat());
                }
            }
            self.node(&node, item);
        }
        let more = ADDITIONS["list"][last(pointer)].as_array().cloned();
        let more = more.unwrap_or_else(|| vec![json!("another")]);
        for item in more.into_iter().filter(|item| !items.contains(item)) {
            self.set("add to a list", pointer, [items, &[item]].concat());
        }
    }

    /// A reference can lead to the other components of its sort.
    fn references(&mut self, pointer: &str, text: &str) {
        let Some(target) = text.strip_prefix('#') else { return };
        let section = self.document.pointer(parent(target)).and_then(Value::as_object);
        for other in section.into_iter().flat_map(Map::keys).filter(|other| **other != last(target)) {
            self.set("lead elsewhere", pointer, format!("#{}", child(parent(target), other)));
        }
    }

    fn schema(&mut self, pointer: &str, schema: &Value) {
        if *schema != json!({}) {
            self.set("allow anything", pointer, json!({}));
        }
        self.set("wrap in a list", pointer, json!({ "type": "array", "items": schema }));
        self.set("allow null", pointer, json!({ "oneOf": [schema, { "type": "null" }] }));
        if let Some(items) = schema.get("items") {
            self.set("take out of its list", pointer, items.clone());
        }
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for name in schema["properties"].as_object().into_iter().flat_map(Map::keys) {
            if !required.contains(&json!(name)) {
                let mut schema = schema.clone();
                schema["required"] = [&required[..], &[json!(name)]].concat().into();
                self.note("require", &child(&child(pointer, "properties"), name), pointer, schema);
            }
        }
    }
}

/// Words of which one may stand for another by mistake.
const GROUPS: [&[&str]; 9] = [
    &["array", "boolean", "integer", "number", "object", "string"],
    &["byte", "date-time", "int32", "int64", "password"],
    &["allOf", "anyOf", "oneOf"],
    &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
    &["get", "put", "post", "delete", "patch"],
    &["query", "header", "path", "cookie"],
    &["apiKey", "http", "oauth2"],
    &["basic", "bearer"],
    &["200", "204", "400", "404", "418", "500", "default", "4XX"],
];

/// A word that nobody knows, the same word in capitals, and those of its group.
fn other_words(word: &str) -> Vec<(&'static str, String)> {
    let group = GROUPS.into_iter().filter(|group| group.contains(&word)).flatten();
    let swaps = group.filter(|other| **other != word).map(|other| ("swap", (*other).to_owned()));
    let capitals = Some(word.to_uppercase()).filter(|capitals| capitals != word);
    let others = [("rename", format!("{word}2"))].into_iter().chain(swaps);
    others.chain(capitals.map(|word| ("write in capitals", word))).collect()
}

/// What OpenAPI calls the object at a pointer; nothing for lists, maps and leaves.
fn object(pointer: &str) -> &'static str {
    match (last(parent(pointer)).as_str(), last(pointer).as_str()) {
        ("schemas" | "properties" | "allOf" | "anyOf" | "oneOf", _) => "schema",
        ("paths", _) => "path",
        ("parameters", _) => "parameter",
        ("responses", _) => "response",
        ("headers", _) => "header",
        ("content", _) => "media type",
        ("securitySchemes", _) => "security scheme",
        ("security", _) => "proof",
        (_, "") => "document",
        (_, "components") => "components",
        (_, "requestBody") => "request body",
        (_, "schema" | "items" | "additionalProperties") => "schema",
        (_, "get" | "put" | "post" | "delete" | "patch") => "operation",
        _ => "",
    }
}

/// Whether a member of an object is no part of the contract. What is in components is a part of it, although their names are not.
fn is_skipped(object: &str, member: &str) -> bool {
    let is_compared = matches!((object, member), ("response", "x-error-codes") | ("document", "components"));
    let fits = |(entry, _): &(&str, &str)| {
        let (of, name) = entry.split_once('.').unwrap();
        (of == "*" || of == object)
            && name.strip_suffix('*').map_or(name == member, |start| member.starts_with(start))
    };
    !matches!(object, "" | "proof") && !is_compared && NOT_COMPARED.iter().any(fits)
}

/// The type of a schema, null aside.
fn json_type(value: &Value) -> Option<String> {
    let mut types = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter();
    types.find_map(|kind| kind.as_str().filter(|kind| *kind != "null")).map(str::to_owned)
}

/// A line of `mutations/unseen.txt`.
struct Unseen {
    gate: &'static str,
    kind: &'static str,
    /// How the node and its value end.
    end: &'static str,
}

fn unseen() -> Vec<Unseen> {
    rows(include_str!("mutations/unseen.txt"))
        .map(|[gate, kind, end, _why]| Unseen { gate, kind, end })
        .collect()
}

/// The rows of a table, whose cells stand between bars.
fn rows<const CELLS: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; CELLS]> {
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.splitn(CELLS, " | ").map(str::trim).collect::<Vec<_>>().try_into().unwrap())
}

/// What the gates beside the contract compare a document with.
struct Others {
    pages: Vec<Facts>,
    types: BTreeMap<String, Seen>,
}

impl Others {
    fn read() -> Self {
        Self { pages: Facts::all(), types: Seen::of_types() }
    }

    /// What a gate reports of a document.
    fn report(&self, gate: &str, document: &Value) -> String {
        match gate {
            "page" => compare::differences_of_all(&self.pages, document).join("\n"),
            "types" => contradictions(document.clone(), &self.types),
            "lint" => match Document::parse("mutated.json", document.to_string()) {
                Ok(document) => lint(&document).iter().map(|finding| format!("{finding}\n")).collect(),
                Err(error) => error.to_string(),
            },
            "contract" => {
                let before = contract(&written());
                difference("before", &before, "after", &contract(document)).unwrap_or_default()
            }
            other => panic!("there is no gate {other}"),
        }
    }
}

fn written() -> Value {
    load::read(root()).unwrap().value().clone()
}

fn derived() -> Value {
    serde_json::to_value(northbound_emulator::openapi()).unwrap()
}

/// The aspects in which two contracts differ.
fn changed(before: &Contract, after: &Contract) -> BTreeSet<String> {
    let facts = |contract: &Contract| contract.facts().iter().cloned().collect::<BTreeSet<_>>();
    let (before, after) = (facts(before), facts(after));
    before.symmetric_difference(&after).map(|fact| fact.aspect.clone()).collect()
}

/// What each mutation changes against the contract of the other document; on all processors.
fn seen(document: &Value, mutations: &[Mutation], other: &Contract) -> Vec<BTreeSet<String>> {
    let share = mutations.len() / std::thread::available_parallelism().map_or(1, usize::from) + 1;
    let see = |mutation: &Mutation| changed(other, &contract(&mutation.apply(document)));
    std::thread::scope(|scope| {
        let shares = mutations.chunks(share);
        let shares: Vec<_> =
            shares.map(|share| scope.spawn(move || share.iter().map(see).collect::<Vec<_>>())).collect();
        shares.into_iter().flat_map(|share| share.join().unwrap()).collect()
    })
}

#[test]
fn the_contract_sees_every_mutation_or_another_gate_is_known_to_see_it() {
    let (written, derived, others, unseen) = (written(), derived(), Others::read(), unseen());
    let mut counts: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    let (mut used, mut alone) = (vec![false; unseen.len()], BTreeMap::new());
    let mut escaped = String::new();
    for (side, (document, other)) in [(&written, &derived), (&derived, &written)].into_iter().enumerate() {
        let mutations = mutations(document).0;
        for (mutation, aspects) in mutations.iter().zip(seen(document, &mutations, &contract(other))) {
            counts.entry(mutation.kind).or_default()[2 * side + usize::from(aspects.is_empty())] += 1;
            if !aspects.is_empty() {
                *alone.entry(aspects.into_iter().collect::<Vec<_>>()).or_insert(0) += 1;
                continue;
            }
            let name = mutation.name(document);
            let reports =
                |gate: &str| side == 0 && !others.report(gate, &mutation.apply(document)).is_empty();
            let explains = |line: &Unseen| {
                line.kind == mutation.kind
                    && name.iter().any(|name| name.ends_with(line.end))
                    && (line.gate == "same" || reports(line.gate))
            };
            match unseen.iter().position(explains) {
                Some(line) => used[line] = true,
                None => {
                    let gates = ["lint", "page", "types"].into_iter().filter(|gate| reports(gate));
                    let gates = gates.collect::<Vec<_>>().join(", ");
                    escaped += &format!("{gates} | {} | {}\n", mutation.kind, name[2]);
                }
            }
        }
    }
    assert!(
        escaped.is_empty(),
        "the contract does not see these; the gates before the first bar do:\n{escaped}"
    );
    for (Unseen { gate, kind, end }, used) in unseen.iter().zip(used) {
        assert!(used, "unseen.txt does not need this line: {gate} | {kind} | {end}");
    }
    let mut table = format!("{:<22}{:>8}{:>8}{:>10}{:>8}\n", "", "ours", "unseen", "emulator", "unseen");
    for (kind, [a, b, c, d]) in counts {
        table += &format!("{kind:<22}{a:>8}{b:>8}{c:>10}{d:>8}\n");
    }
    let facts = [contract(&written), contract(&derived)].map(|contract| contract.facts().to_vec()).concat();
    let aspects: BTreeSet<String> = facts.into_iter().map(|fact| fact.aspect).collect();
    table += "\nA comparison that forgets one of these aspects lets this many mutations through:\n";
    for aspect in aspects {
        let number = alone.get(&vec![aspect.clone()]).copied().unwrap_or(0);
        table += &format!("{aspect:<22}{number:>8}\n");
        // What is sent in another style is also exploded in another way.
        assert!(number > 0 || aspect == "style", "no mutation shows {aspect} alone");
    }
    insta::assert_snapshot!(table);
}

#[test]
fn what_is_no_contract_makes_no_difference() {
    for document in [written(), derived()] {
        let before = contract(&document);
        for node in mutations(&document).1 {
            let mut without = document.clone();
            without.pointer_mut(parent(&node)).unwrap().as_object_mut().unwrap().remove(&last(&node));
            assert_eq!(difference("before", &before, "without", &contract(&without)), None, "{node}");
        }
    }
}

/// Changes that the generated ones do not contain, because only one gate can see them.
#[test]
fn the_gate_that_has_to_see_a_change_sees_it() {
    let (document, others) = (written(), Others::read());
    for [gate, node, value, shown] in rows(include_str!("mutations/cases.txt")) {
        assert_eq!(others.report(gate, &document), "", "{gate} reports what nobody has changed");
        let mut mutated = document.clone();
        let node = node.replace('@', Facts::whole()["method"]["pointer"].as_str().unwrap());
        let value: Value = serde_json::from_str(value).unwrap();
        assert_ne!(document.pointer(&node), Some(&value), "{node}: this changes nothing");
        match mutated.pointer_mut(parent(&node)).unwrap() {
            Value::Array(items) => items[last(&node).parse::<usize>().unwrap()] = value,
            members => members[last(&node)] = value,
        }
        let report = others.report(gate, &mutated);
        assert!(
            report.lines().any(|line| line.starts_with(shown)),
            "{node}: {shown} does not show in:\n{report}"
        );
    }
}
