//! Every rule of the document for what a caller sends, tried over HTTP: at its bound, beside it, beyond it.
//!
//! utoipa's bounds are annotations, not checks: that both documents say 250 does not make the emulator refuse 251. The
//! rules are read from the document, so that a new one is tried without another line here; one of a sort that nobody
//! can try yet fails the test.

mod call;
mod probes;

use std::collections::BTreeMap;

use northbound_openapi::contract::{Contract, Fact, Side, contract};
use serde_json::{Value, json};
use xtask::sound;

use crate::freshness::root;
use crate::mutations::of_values;
use call::{Call, Caller, Field};
use probes::{Expected, Probe, probes};

fn document() -> Value {
    sound::read(root()).unwrap().value().clone()
}

/// What a document says of each field of each operation, and of no field.
fn rules(contract: &Contract) -> BTreeMap<(&str, Field), Vec<&Fact>> {
    let mut rules: BTreeMap<(&str, Field), Vec<&Fact>> = BTreeMap::new();
    for fact in contract.facts().iter().filter(|fact| fact.side == Side::Request) {
        rules.entry((fact.operation.as_str(), Field::of(fact))).or_default().push(fact);
    }
    rules
}

/// Tries every rule that `wanted` picks; returns how many requests that took, and what went otherwise than the document says.
async fn try_out(document: &Value, wanted: impl Fn(&Fact) -> bool) -> (usize, Vec<String>) {
    let contract = contract(document);
    let rules = rules(&contract);
    let caller = Caller::new(document);
    let (mut tried, mut found) = (0, Vec::new());
    for ((operation, field), facts) in &rules {
        if !facts.iter().any(|fact| wanted(fact)) {
            continue;
        }
        // The least that the operation takes, and this field.
        let mut least = Call::new(operation);
        let needed = rules.iter().filter(|((of, _), facts)| of == operation && is_needed(facts));
        for ((_, field), _) in needed {
            least.set(field, Some(caller.example(operation, field)));
        }
        for Probe { rule, value, expected } in probes(field, facts) {
            let mut call = least.clone();
            call.set(field, value.clone());
            tried += 1;
            let outcome = match expected {
                Expected::Taken => caller.is_taken(&call).await,
                Expected::Refused => caller.is_refused(&call).await,
                Expected::AsWithout => caller.is_as_without(&call, field).await,
            };
            if let Err(instead) = outcome {
                let value = value.map_or("without it".to_owned(), |value| format!("{value:.40?}"));
                found.push(format!(
                    "{operation}: {field}: {rule}: {value} should be {expected}, but {instead}"
                ));
            }
        }
    }
    (tried, found)
}

fn is_needed(facts: &[&Fact]) -> bool {
    facts.iter().any(|fact| fact.aspect == "required" && fact.value == "yes")
}

#[tokio::test]
async fn every_bound_holds_at_its_value_and_nothing_beyond_it_is_taken() {
    let (tried, found) = try_out(&document(), |_| true).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(tried >= 50, "{tried} requests");
}

/// The same rules in a document that says something else than the emulator does: each must be found out.
#[tokio::test]
async fn a_bound_that_does_not_hold_is_found_out() {
    let (document, mut changed) = (document(), 0);
    let before = contract(&document);
    for (kind, mutated) in of_values(&document) {
        let after = contract(&mutated);
        let is_new = |fact: &&Fact| !before.facts().contains(fact) && probes::is_bound(&fact.aspect);
        let Some(bound) = after.facts().iter().filter(|fact| fact.side == Side::Request).find(is_new) else {
            continue;
        };
        let (_, found) =
            try_out(&mutated, |fact| (&fact.place, &fact.member) == (&bound.place, &bound.member)).await;
        assert!(!found.is_empty(), "{kind}: {bound} goes unnoticed");
        changed += 1;
    }
    assert!(changed >= 20, "{changed} bounds were changed");
}

#[tokio::test]
async fn what_goes_wrong_is_told_with_the_value() {
    let mut document = document();
    document["components"]["parameters"]["PageSize"]["schema"]["maximum"] = json!(251);
    let (_, found) = try_out(&document, |fact| fact.place == "query pageSize").await;
    let operation = "GET /iocm/app/batchtask/v1.1.0/taskDetails";
    let told = format!(
        "{operation}: query pageSize: maximum 251: \"251\" should be taken, but it was answered with 400 / 100022"
    );
    assert_eq!(found, [told]);
}
