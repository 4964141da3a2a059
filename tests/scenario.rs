//! The published schema of scenario files accepts what the emulator accepts.

use northbound_emulator::{Scenario, scenario_schema};
use serde_json::Value;

/// Whether the schema, and whether the emulator takes this file.
fn taken(text: &str) -> (bool, bool) {
    let schema = jsonschema::validator_for(&serde_json::to_value(scenario_schema()).unwrap()).unwrap();
    let file: Value = toml::from_str(text).unwrap();
    (schema.is_valid(&file), Scenario::from_toml(text).is_ok())
}

#[test]
fn the_schema_takes_what_the_emulator_takes_and_refuses_what_it_refuses() {
    let task =
        |content: &str| format!("[[tasks]]\nid = \"t\"\napplication = \"demo-app\"\ncontent = {content}\n");
    for good in [
        String::new(),
        "seed = 7\nquota = 100\nclock = \"manual\"\ngateway_envelope = true\n".to_owned(),
        task(r#"{ kind = "page-example" }"#),
        task(r#"{ kind = "generated", subtasks = 5, life = { sending_seconds = 1 } }"#),
        task(r#"{ kind = "rows", rows = [{ deviceId = "a", other = { b = [1] } }, { param = false }] }"#),
        Scenario::EXAMPLE_FILE.to_owned(),
        "[[applications]]\nid = \"demo-app\"\nsecret = \"s\"\n".to_owned(),
        "[[faults]]\nfault = { kind = \"latency\", milliseconds = 5 }\nnext = 2\non = \"login\"\n".to_owned(),
    ] {
        assert_eq!(taken(&good), (true, true), "{good}");
    }
    for bad in [
        "sead = 7\n".to_owned(),
        "quota = -1\n".to_owned(),
        "clock = \"none\"\n".to_owned(),
        task(r#"{ kind = "generated" }"#),
        task(r#"{ kind = "generated", subtasks = 5, life = { speed = 1 } }"#),
        task(r#"{ kind = "rows" }"#),
        task(r#"{ kind = "rows", rows = [], file = "a" }"#),
        task(r#"{ kind = "rows", rows = [], subtasks = 1 }"#),
        task(r#"{ kind = "rows", rows = ["a"] }"#),
        "[[faults]]\nfault = { kind = \"latency\" }\n".to_owned(),
        "[[faults]]\nfault = { kind = \"unheard-of\" }\n".to_owned(),
    ] {
        assert_eq!(taken(&bad), (false, false), "{bad}");
    }
}
