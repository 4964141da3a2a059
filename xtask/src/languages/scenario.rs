//! The scenarios that every client has to pass, written once in `spec/clients/scenarios.json`.

use std::collections::HashSet;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where they stand, relative to the project.
pub(super) const SCENARIOS: &str = "spec/clients/scenarios.json";

/// One thing that a program wants of the platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    /// Its name, which stands in the table.
    pub(super) name: String,
    /// The emulator that it needs.
    #[serde(default)]
    pub(super) emulator: Kind,
    /// What a runner does; it never sees what is expected.
    calls: Calls,
    /// What a client has to hand out.
    pub(super) expect: Expectation,
}

/// What a runner does, one after the other.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Calls {
    /// Faults to add to the emulator first.
    #[serde(default)]
    faults: Vec<Value>,
    /// Arguments of the login.
    login: Value,
    /// The token to call with, in place of the one that the login gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// Arguments of one call of `listSubtasks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<Value>,
    /// Arguments of calls of `listSubtasks`, one a page, to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    list_all: Option<Value>,
}

/// Which of the two emulators answers.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// `spec/clients/emulator.toml`.
    #[default]
    Usual,
    /// `spec/clients/gateway.toml`.
    Gateway,
}

/// What a client has to hand out: a reply or an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Expectation {
    /// Members of the reply, with their values.
    pub(super) reply: Option<Value>,
    /// Members of the reply that must be there, whatever their value.
    #[serde(default)]
    pub(super) has: Vec<String>,
    /// How many rows it has, all of them different.
    pub(super) rows: Option<usize>,
    /// The error: HTTP status, code and text.
    pub(super) error: Option<Value>,
    /// Whether a client may refuse the arguments before it sends anything.
    #[serde(default)]
    pub(super) may_refuse: bool,
    /// Pointer to an example of the document, in place of `reply`.
    example: Option<String>,
}

/// Reads the scenarios; examples come from the document.
///
/// # Errors
/// When they contradict themselves, or name an example that the document does not have.
pub(super) fn read(text: &str, document: &Value) -> anyhow::Result<Vec<Scenario>> {
    let mut scenarios: Vec<Scenario> = serde_json::from_str(text).context(SCENARIOS)?;
    let mut names = HashSet::new();
    for Scenario { name, expect, .. } in &mut scenarios {
        ensure!(names.insert(name.clone()), "{SCENARIOS}: {name:?} stands twice");
        if let Some(pointer) = &expect.example {
            let example = document.pointer(pointer);
            let example =
                example.with_context(|| format!("{SCENARIOS}: {name}: the document has no {pointer}"))?;
            expect.reply = Some(example.clone());
        }
        let one = expect.reply.is_some() != expect.error.is_some();
        ensure!(one, "{SCENARIOS}: {name}: expect a reply or an error");
    }
    Ok(scenarios)
}

/// What a runner reads: the scenarios, each with the address of its emulator.
pub(super) fn plan(scenarios: &[Scenario], address: impl Fn(Kind) -> String) -> anyhow::Result<Vec<Value>> {
    let plan = scenarios.iter().map(|scenario| {
        let mut calls = serde_json::to_value(&scenario.calls)?;
        calls["name"] = json!(scenario.name);
        calls["url"] = json!(address(scenario.emulator));
        Ok(calls)
    });
    plan.collect::<serde_json::Result<_>>().context(SCENARIOS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str =
        r#"[{"name": "a", "calls": {"login": {}, "list": {"taskId": "t"}}, "expect": {"example": "/x"}}]"#;

    #[test]
    fn an_example_comes_from_the_document() {
        let scenarios = read(ONE, &json!({ "x": { "totalCount": 1 } })).unwrap();
        assert_eq!(scenarios[0].expect.reply, Some(json!({ "totalCount": 1 })));
        let error = read(ONE, &json!({})).unwrap_err().to_string();
        assert!(error.ends_with("a: the document has no /x"), "{error}");
    }

    #[test]
    fn a_runner_never_sees_what_is_expected() {
        let scenarios = read(ONE, &json!({ "x": {} })).unwrap();
        let plan = plan(&scenarios, |_| "http://127.0.0.1:1".to_owned()).unwrap();
        let wanted = json!([{
            "faults": [], "login": {}, "list": { "taskId": "t" }, "name": "a", "url": "http://127.0.0.1:1",
        }]);
        assert_eq!(json!(plan), wanted);
    }

    #[test]
    fn a_scenario_that_expects_nothing_or_stands_twice_is_refused() {
        let document = json!({ "x": {} });
        let nothing = ONE.replace(r#""example": "/x""#, "");
        assert!(read(&nothing, &document).unwrap_err().to_string().contains("expect a reply or an error"));
        let twice = format!("[{0},{0}]", &ONE[1..ONE.len() - 1]);
        assert!(read(&twice, &document).unwrap_err().to_string().contains("stands twice"));
    }
}
