//! Whatever is changed in one of the two documents, a gate reports it. The changes are generated from the documents.

mod equivalent;
mod gates;
mod nodes;
mod operators;
mod rewrites;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use northbound_openapi::contract::{Contract, contract, difference};
use serde_json::{Value, json};
use xtask::load;

use crate::freshness::root;
use equivalent::EQUIVALENTS;
use gates::{Gates, Reports};
use nodes::{Nodes, pointers};
use operators::{Mutation, mutations};

fn written() -> Value {
    load::read(root()).unwrap().value().clone()
}

fn derived() -> Value {
    serde_json::to_value(northbound_emulator::openapi()).unwrap()
}

/// A mutation with the gates that reported it.
struct Outcome {
    mutation: Mutation,
    reports: Reports,
    /// Which of the equivalents it is, where no gate reported it.
    equivalent: Option<usize>,
}

/// Carries out all mutations of a document, on all processors.
fn outcomes(document: &Value, judge: impl Fn(&Mutation, &Value) -> Reports + Sync) -> Vec<Outcome> {
    let mutations = mutations(document);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (mutations, judge) = (&mutations, &judge);
    let carry_out = |mutation: &Mutation| {
        let reports = judge(mutation, &mutation.apply(document));
        let excuse = || EQUIVALENTS.iter().position(|one| one.excuses(mutation, document));
        let equivalent = if reports.is_silent() { excuse() } else { None };
        Outcome { mutation: mutation.clone(), reports, equivalent }
    };
    std::thread::scope(|scope| {
        // Costly ones stand side by side: they are dealt out, not cut into shares.
        let shares = (0..threads).map(|first| {
            scope.spawn(move || {
                mutations.iter().skip(first).step_by(threads).map(carry_out).collect::<Vec<_>>()
            })
        });
        let shares: Vec<_> = shares.collect();
        shares.into_iter().flat_map(|share| share.join().unwrap()).collect()
    })
}

/// Of each kind the first, the middle and the last mutation.
fn samples(mutations: &[Mutation]) -> BTreeSet<(&str, &str, &str)> {
    let mut kinds: BTreeMap<&str, Vec<&Mutation>> = BTreeMap::new();
    for mutation in mutations {
        kinds.entry(&mutation.kind).or_default().push(mutation);
    }
    let some = kinds.values().flat_map(|all| [all[0], all[all.len() / 2], all[all.len() - 1]]);
    some.map(name).collect()
}

fn name(mutation: &Mutation) -> (&str, &str, &str) {
    (&mutation.kind, &mutation.node, &mutation.becomes)
}

/// What changes rules of values, with the document that comes of it.
pub(crate) fn of_values(document: &Value) -> Vec<(String, Value)> {
    const KINDS: [&str; 7] = [
        "widen bound",
        "narrow bound",
        "exclude bound",
        "change default",
        "add enum value",
        "rename enum value",
        "turn required",
    ];
    let mutations = mutations(document).into_iter();
    let of_values = mutations.filter(|mutation| KINDS.contains(&mutation.kind.as_str()));
    of_values.map(|mutation| (mutation.kind.clone(), mutation.apply(document))).collect()
}

#[test]
fn every_mutation_of_either_document_is_reported_by_a_gate() {
    let (written, derived) = (written(), derived());
    let gates = Gates::new(&written, &derived);
    let at_rest = [gates.of_written(&written, true), gates.of_derived(&derived)];
    assert!(
        at_rest.into_iter().all(Reports::is_silent),
        "a gate reports what nobody has changed: {at_rest:?}"
    );
    let all = mutations(&written);
    let asked = samples(&all);
    let of_written =
        outcomes(&written, |mutation, mutated| gates.of_written(mutated, asked.contains(&name(mutation))));
    let of_derived = outcomes(&derived, |_, mutated| gates.of_derived(mutated));
    let sides = [("spec/openapi.yaml", &of_written), ("the emulator's code", &of_derived)];
    let mut escaped = String::new();
    for (side, outcomes) in sides {
        for Outcome { mutation, reports, equivalent } in outcomes {
            if reports.is_silent() && equivalent.is_none() {
                let Mutation { kind, node, becomes, .. } = mutation;
                escaped += &format!("{side}: {kind} at {node}: {becomes}\n");
            }
        }
    }
    assert!(escaped.is_empty(), "no gate reports these, nor are they listed as saying the same:\n{escaped}");
    for (at, equivalent) in EQUIVALENTS.iter().enumerate() {
        let excuses = of_written.iter().chain(&of_derived).any(|outcome| outcome.equivalent == Some(at));
        assert!(excuses, "excuses nothing, so remove it: {}", equivalent.reason);
    }
    insta::assert_snapshot!("which_gate_saw_which_mutation", table::render(&of_written, &of_derived));
}

#[test]
fn every_node_is_mutated_or_known_to_be_no_contract() {
    for document in [written(), derived()] {
        let nodes = Nodes::of(&document);
        let mutated: BTreeSet<String> =
            mutations(&document).into_iter().map(|mutation| mutation.node).collect();
        let mut all = Vec::new();
        pointers(&document, String::new(), &mut all);
        for pointer in all {
            let is_no_contract = nodes.not_contract.iter().any(|(outside, _)| {
                pointer
                    .strip_prefix(outside.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            assert_ne!(mutated.contains(&pointer), is_no_contract, "{pointer:?} is neither, or both");
        }
    }
}

#[test]
fn a_new_member_is_mutated_without_a_word_about_it() {
    let mut document = derived();
    let subtask = "/components/schemas/Subtask/properties";
    document.pointer_mut(subtask).unwrap()["retransmissions"] = json!({ "type": "integer", "minimum": 0 });
    let before = contract(&document);
    let of_member = format!("{subtask}/retransmissions");
    let kinds: BTreeSet<String> = mutations(&document)
        .into_iter()
        .filter(|mutation| mutation.node.starts_with(&of_member))
        .inspect(|mutation| assert_ne!(contract(&mutation.apply(&document)), before, "{mutation:?}"))
        .map(|mutation| mutation.kind)
        .collect();
    for kind in ["remove property", "change type", "widen bound", "make nullable", "add enum", "wrap in list"]
    {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
}

/// What the table shows is not that the mutations are easy to see.
#[test]
fn a_comparison_that_forgets_an_aspect_lets_mutations_through() {
    let document = derived();
    let aspects = [
        ("default", "change default"),
        ("enum", "rename enum value"),
        ("error code", "remove error code"),
        ("format", "change format"),
        ("maxLength", "narrow bound"),
        ("maximum", "widen bound"),
        ("minLength", "narrow bound"),
        ("minimum", "widen bound"),
        ("nullable", "make nullable"),
        ("required", "turn required"),
        ("security", "let anybody in"),
        ("type", "change type"),
        ("additionalProperties", "close object"),
        ("operationId", "rename operation"),
    ];
    let (mutations, whole) = (mutations(&document), contract(&document));
    for (aspect, kind) in aspects {
        let without = |contract: &Contract| {
            let facts = contract.facts().iter().filter(|fact| fact.aspect != aspect);
            facts.cloned().collect::<Vec<_>>()
        };
        let slips_through = |mutation: &Mutation| {
            let after = contract(&mutation.apply(&document));
            after != whole && without(&after) == without(&whole)
        };
        let mut of_kind = mutations.iter().filter(|mutation| mutation.kind == kind);
        assert!(of_kind.any(slips_through), "{kind}: {aspect}");
    }
}

#[test]
fn what_is_no_contract_makes_no_difference() {
    for document in [written(), derived()] {
        let before = contract(&document);
        for (pointer, entry) in Nodes::of(&document).not_contract {
            let after = contract(&Mutation::removing(&pointer).apply(&document));
            assert_eq!(difference("before", &before, "after", &after), None, "{pointer}, by {entry}");
        }
    }
}

#[test]
fn a_change_that_says_the_same_makes_no_difference() {
    for document in [written(), derived()] {
        let before = contract(&document);
        let rewrites = rewrites::rewrites(&document);
        assert!(rewrites.len() > 30, "{}", rewrites.len());
        for (what, rewritten) in rewrites {
            assert_ne!(rewritten, document, "{what}: nothing was rewritten");
            assert_eq!(difference("before", &before, "after", &contract(&rewritten)), None, "{what}");
        }
    }
}

/// The line of a difference says which operation, or which schema inside a string, and what in it.
#[test]
fn a_difference_names_operation_and_member() {
    const NAMED: [&str; 5] =
        ["remove property", "remove status", "remove enum value", "remove error code", "widen bound"];
    let document = written();
    let before = contract(&document);
    for mutation in mutations(&document).iter().filter(|mutation| NAMED.contains(&mutation.kind.as_str())) {
        let after = contract(&mutation.apply(&document));
        let difference = difference("before", &before, "after", &after).unwrap();
        let lines: Vec<&str> = difference.lines().filter(|line| !line.starts_with("@@")).skip(2).collect();
        assert!(!lines.is_empty());
        for line in lines {
            let named =
                ["GET /iocm/", "POST /iocm/", "schema "].iter().any(|start| line[1..].starts_with(start));
            assert!(line.starts_with(['-', '+']) && named, "{}: {line}", mutation.node);
        }
        let removed = document.pointer(&mutation.node).unwrap();
        let member = removed
            .as_str()
            .map_or_else(|| northbound_openapi::document::pointer::last(&mutation.node), str::to_owned);
        assert!(difference.contains(&member), "{} does not show in:\n{difference}", mutation.node);
    }
}
