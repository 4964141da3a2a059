//! What the commands print with `-o json` is what the published schema says.

use std::collections::BTreeSet;
use std::fs;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::{file, northbound, northbound_in};

const SCHEMA: &str = "crates/cli/results.schema.json";

/// The schema of one result. A member that it does not name is an error here, so that a new member has to be added to the schema.
fn validator(name: &str) -> Validator {
    let mut schema: Value = serde_json::from_str(&file(SCHEMA)).unwrap();
    for definition in schema["$defs"].as_object_mut().unwrap().values_mut() {
        definition["additionalProperties"] = json!(false);
    }
    let schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": schema["$defs"] });
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn the_command_prints_the_schema_of_its_results() {
    assert_eq!(northbound("spec --results").stdout, file(SCHEMA));
    jsonschema::meta::validate(&serde_json::from_str(&file(SCHEMA)).unwrap()).unwrap();
}

#[test]
fn every_command_prints_a_result_that_fits_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("meters.csv"), "device,status,district\nx,Fail,North\n").unwrap();
    let mut commands = BTreeSet::new();
    for (line, name, code) in [
        ("summary demo", "SummaryResult", 0),
        ("watch demo --fail-above 2%", "SummaryResult", 3),
        ("export demo --out DIR/rows.csv --replace", "ExportResult", 0),
        ("export demo --out DIR/rows.csv --resume", "ExportResult", 0),
        ("report demo --out DIR/report.html", "ReportResult", 0),
        (
            "report demo --out DIR/report.html --join DIR/meters.csv --by district --since DIR/meters.csv",
            "ReportResult",
            0,
        ),
        ("send --name n --devices a,b --service s --method m --paras {} --yes", "SendResult", 0),
        ("send --name n --devices a,a --service s --method m --paras {} --dry-run", "SendResult", 0),
        ("resend demo --name n --same-command --yes", "SendResult", 0),
        ("resend demo --name n --same-command --yes --code 1", "SendResult", 0),
        ("task demo --tags", "TaskResult", 0),
        ("tasks", "TasksResult", 0),
        ("tasks --forget", "TasksResult", 0),
        ("compare demo live", "CompareResult", 0),
        ("export demo --format jsonl --out DIR/rows.jsonl --replace", "ExportResult", 0),
        ("compare DIR/rows.jsonl demo", "CompareResult", 0),
        ("config", "ConfigResult", 0),
        ("doctor --task demo", "DoctorResult", 0),
        ("explain 1010005", "ExplainResult", 0),
        ("explain 100428", "ExplainResult", 0),
        ("explain --all", "ExplainAllResult", 0),
        ("explain 7 --codes tests/it/codes.toml", "ExplainResult", 0),
        ("completions bash", "CompletionsResult", 0),
        ("licenses", "LicensesResult", 0),
        ("man --out DIR/man", "ManResult", 0),
        // These are the platform's and OpenAPI's own.
        ("subtasks demo", "", 0),
        ("spec", "", 0),
    ] {
        let line = line.replace("DIR", folder.path().to_str().unwrap());
        commands.insert(line.split(' ').next().unwrap().to_owned());
        for format in ["json", "jsonl"] {
            let state = [("XDG_STATE_HOME", folder.path().to_str().unwrap())];
            let seen = northbound_in(&state, None, &format!("--emulator -q -o {format} {line}"));
            assert_eq!(seen.code, code, "{line}: {}", seen.stderr);
            let results = serde_json::Deserializer::from_str(&seen.stdout).into_iter();
            let results: Vec<Value> = results.collect::<Result<_, _>>().unwrap();
            assert!(!results.is_empty(), "{line}");
            for result in results.iter().filter(|_| !name.is_empty()) {
                let faults =
                    validator(name).iter_errors(result).map(|fault| fault.to_string()).collect::<Vec<_>>();
                assert!(faults.is_empty(), "{line} prints {result}: {faults:#?}");
            }
        }
    }
    let tree = northbound_cli::command_tree();
    let typed = tree.lines().filter_map(|line| line.strip_prefix("northbound ")?.split([' ', ':']).next());
    // The emulator serves until a signal comes: a test with a process looks at it.
    let typed: BTreeSet<String> =
        typed.filter(|name| !["emulator", "gateway"].contains(name)).map(str::to_owned).collect();
    assert_eq!(commands, typed, "each command is tried");
}

#[test]
fn errors_fit_the_schema_and_name_their_kind() {
    let errors = validator("ErrorResult");
    for (line, kind) in [
        ("subtasks demo", "usage"),
        ("--nonsense", "usage"),
        ("--emulator subtasks demo --page-size 0", "usage"),
        ("--emulator subtasks nope", "platform"),
        ("--emulator summary demo --out /nonexistent/file", "usage"),
        ("--emulator watch demo --timeout 0s", "gave-up"),
        ("--emulator watch demo --fail-above 2%", "too-many-failed"),
        ("doctor", "unsound"),
        ("--emulator send --name n --devices a --service s --method m --paras {}", "usage"),
        ("--emulator resend demo --name n --status Success", "usage"),
        (
            "--endpoint http://127.0.0.1:1 --app-id a --secret-file tests/it/secret.txt summary t",
            "connection",
        ),
    ] {
        let seen = northbound(&format!("{line} -o json"));
        let error: Value = serde_json::from_str(&seen.stderr).unwrap();
        assert!(errors.is_valid(&error), "{line}: {error}");
        assert_eq!((error["error"]["kind"].as_str(), seen.stderr.lines().count()), (Some(kind), 1), "{line}");
        assert_eq!(error["error"]["exitCode"], seen.code, "{line}");
    }
}
