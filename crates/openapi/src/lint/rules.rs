//! The rules, as `rules.yaml` lists them.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::document::json::{list, text, texts};
use crate::document::read_yaml;

static FILE: LazyLock<Value> = LazyLock::new(|| read_yaml(include_str!("rules.yaml")));

pub(super) static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| list(&FILE).map(Rule::of).collect());

/// A rule of the file.
pub(super) struct Rule {
    pub(super) id: &'static str,
    pub(super) on: Vec<&'static str>,
    pub(super) must: Option<Validator>,
    pub(super) message: &'static str,
    pub(super) advice: &'static str,
}

impl Rule {
    fn of(rule: &'static Value) -> Self {
        let text = |member: &str| text(&rule[member]);
        #[expect(clippy::expect_used, reason = "each test of lint compiles all rules")]
        let must = rule.get("must").map(|schema| {
            jsonschema::options().should_validate_formats(true).build(schema).expect("`must` is a schema")
        });
        let on = texts(&rule["on"]).collect();
        Self { id: text("rule"), on, must, message: text("message"), advice: text("advice") }
    }
}

/// The ids of all rules; one that has several parts comes several times.
pub fn rules() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.id)
}

/// A rule that compares nodes.
pub(super) fn comparing(id: &str) -> &'static Rule {
    let rule = RULES.iter().find(|rule| rule.id == id && rule.must.is_none());
    #[expect(clippy::expect_used, reason = "every rule has a fault in the tests that shows it")]
    rule.expect("`rules.yaml` has the rule")
}
