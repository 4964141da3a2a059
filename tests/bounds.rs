//! A rule for what a caller sends that the emulator does not keep is reported by the checks of `northbound-conformance`.
//!
//! utoipa's bounds are annotations, not checks: that both documents say 250 does not make the emulator refuse 251. Here the
//! same rules are changed in the document, and each change must show.

use northbound_conformance::{Facts, Http, Subject, Verdict, examine};
use northbound_emulator::{Application, Scenario};
use northbound_openapi::contract::{Fact, Side, contract};
use xtask::document::Document;
use xtask::load;

use crate::freshness::root;
use crate::mutations::{Mutation, mutations};
use northbound_testkit::Emulated;

/// What the checks of this document report on the emulator at `url`.
fn failures(document: &str, url: &str) -> Vec<String> {
    let facts = match Facts::of(&Document::parse("openapi.json", document.to_owned()).unwrap()) {
        Ok(facts) => facts,
        // What no request can try is reported before anything is sent.
        Err(error) => {
            let error = error.to_string();
            assert!(error.contains("no way yet to try"), "{error}");
            return vec![error];
        }
    };
    let subject = Subject {
        app_id: Scenario::DEMO_APP_ID.to_owned(),
        secret: Scenario::DEMO_SECRET.to_owned(),
        task: Scenario::DEMO_TASK.to_owned(),
        stranger: None,
        act: false,
        throttle: false,
        expiry: false,
    };
    let mut server = Http::new(url, None).unwrap();
    let lines = examine(&mut server, &facts, &subject, |_| ()).unwrap();
    let failed = lines.iter().filter(|line| matches!(line.verdict, Verdict::Fail(_)));
    failed.map(ToString::to_string).collect()
}

/// Whether a change is one of a bound, a default, a list of values or a need.
fn is_of_a_value(mutation: &Mutation) -> bool {
    match mutation.kind {
        "lower a number" | "raise a number" | "turn a flag" => true,
        "add to a list" => mutation.node.ends_with("/enum"),
        "rename" => mutation.node.contains("/enum/"),
        "say more" => mutation.node.ends_with("/exclusiveMinimum"),
        _ => false,
    }
}

#[tokio::test]
async fn a_bound_that_does_not_hold_is_found_out() {
    let scenario = Scenario::default().with_demo_subtasks(40).with_quota(0);
    let emulated = Emulated::of(scenario.with_application(Application::new("other", "its secret"))).await;
    let url = emulated.url();
    let asked = tokio::task::spawn_blocking(move || {
        let document = load::read(root()).unwrap();
        let before = contract(document.value());
        assert_eq!(failures(&document.value().to_string(), &url), [""; 0]);
        let mut changed = 0;
        for mutation in mutations(document.value()).0.iter().filter(|mutation| is_of_a_value(mutation)) {
            let mutated = mutation.apply(document.value());
            let after = contract(&mutated);
            let is_new = |fact: &&Fact| fact.side == Side::Request && !before.facts().contains(fact);
            let Some(rule) = after.facts().iter().find(is_new) else { continue };
            assert_ne!(
                failures(&mutated.to_string(), &url),
                [""; 0],
                "{}: {rule} goes unnoticed",
                mutation.kind
            );
            changed += 1;
        }
        changed
    });
    let changed = asked.await.unwrap();
    assert!(changed >= 20, "{changed} rules were changed");
}
