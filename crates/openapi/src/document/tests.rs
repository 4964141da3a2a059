//! Good and nasty inputs of the reader.

use super::*;
use serde_json::json;

fn parse(text: &str) -> Result<Document, String> {
    Document::parse("api.yaml", text.to_owned()).map_err(|error| error.to_string())
}

fn good(members: &str) -> Document {
    parse(&format!("openapi: 3.0.3\n{members}")).expect("the text of this test is a document")
}

#[test]
fn members_keep_their_order_and_numbers_their_kind() {
    let document = good("z: 1\na: 1.5\nm: '1'\nb: {c: [true, ~]}\n");
    assert_eq!(
        document.value().to_string(),
        r#"{"openapi":"3.0.3","z":1,"a":1.5,"m":"1","b":{"c":[true,null]}}"#
    );
}

#[test]
fn positions_are_those_of_keys_and_items() {
    let document = good("paths:\n  /a/b:\n    get: x\n    list:\n      - one\n      - ä: 1\n        k: 2\n");
    let at = |pointer| document.position(pointer).to_string();
    assert_eq!(at(""), "1:1");
    assert_eq!(at("/paths"), "2:1");
    assert_eq!(at("/paths/~1a~1b"), "3:3");
    assert_eq!(at("/paths/~1a~1b/get"), "4:5");
    assert_eq!(at("/paths/~1a~1b/list/0"), "6:9");
    assert_eq!(at("/paths/~1a~1b/list/1/k"), "8:9");
    assert_eq!(at("/paths/~1a~1b/post/responses"), "3:3", "the nearest parent that exists");
    assert_eq!(at("no pointer"), "1:1");
}

#[test]
fn positions_hold_with_windows_line_ends_and_a_byte_order_mark() {
    let document = parse("\u{feff}openapi: 3.0.3\r\ninfo:\r\n  title: x\r\n").expect("a document");
    assert_eq!(document.position("/openapi").to_string(), "1:1");
    assert_eq!(document.position("/info/title").to_string(), "3:3");
    assert_eq!(document.value()["info"], json!({"title": "x"}));
}

#[test]
fn a_key_that_is_no_text_is_taken_by_its_text() {
    let document = good("200: a\n'404': b\ntrue: c\n");
    assert_eq!(document.value()["200"], "a");
    assert!(document.has_unquoted_key("/200") && document.has_unquoted_key("/true"));
    assert!(!document.has_unquoted_key("/404"));
}

#[test]
fn aliases_are_resolved() {
    let document = good("a: &x {k: [1]}\nb: *x\n");
    assert_eq!(document.value()["b"], json!({"k": [1]}));
    assert_eq!(document.position("/b/k/0").to_string(), "3:1");
}

#[test]
fn json_is_yaml_too() {
    let document = parse("{\n\t\"openapi\": \"3.0.3\",\n\t\"info\": {\"a\": [1, 2]}\n}").expect("a document");
    assert_eq!(document.value()["info"]["a"], json!([1, 2]));
    assert_eq!(document.position("/info").line, 3);
}

#[test]
fn every_broken_document_gets_one_line_that_says_where() {
    for (name, text, wanted) in [
        ("empty", "", "api.yaml: the document is empty"),
        ("blank", " \n\n", "api.yaml: the document is empty"),
        ("comments", "# one\n# two\n", "api.yaml: the document is empty"),
        ("start mark", "---\n", "api.yaml: the document is empty"),
        ("null", "~\n", "api.yaml:1:1: this is not a mapping"),
        ("list", "- a\n- b\n", "api.yaml:1:1: this is not a mapping"),
        ("text", "hello\n", "api.yaml:1:1: this is not a mapping"),
        ("other mapping", "info: {}\n", "api.yaml:1:1: this is not OpenAPI"),
        ("2.0", "info: {}\nswagger: '2.0'\n", "api.yaml:2:1: this is Swagger 2.0: write"),
        ("3.1", "openapi: 3.1.0\n", "api.yaml:1:1: this is OpenAPI 3.1.0: write"),
        ("3.0 as a number", "openapi: 3.0\n", "api.yaml:1:1: this is OpenAPI 3.0: write"),
        ("4", "openapi: 4.0.0\n", "api.yaml:1:1: this is OpenAPI 4.0.0: write"),
        ("empty version", "openapi:\n", "api.yaml:1:1: this is OpenAPI of no readable version"),
        ("double key", "openapi: 3.0.3\na: 1\na: 2\n", "api.yaml:3:1: the key `a` stands already in line 2"),
        ("same key by text", "openapi: 3.0.3\n1: 1\n'1': 2\n", "api.yaml:3:1: the key `1` stands already"),
        ("two documents", "openapi: 3.0.3\n---\na: 1\n", "api.yaml:2:1: a second document"),
        ("unclosed quote", "openapi: 3.0.3\na: 'x\n", "not YAML"),
        ("unclosed list", "openapi: 3.0.3\na: [1, 2\n", "not YAML"),
        ("bad indentation", "openapi: 3.0.3\na:\n  b: 1\n c: 2\n", "api.yaml:4:"),
        ("tab as indentation", "openapi: 3.0.3\na:\n\tb: 1\n", "api.yaml:3:"),
        ("unknown alias", "openapi: 3.0.3\na: *x\n", "api.yaml:2:"),
        ("own alias", "openapi: 3.0.3\na: &x [*x]\n", "api.yaml:2:8: an alias refers to a node"),
        ("tag", "openapi: 3.0.3\na: !include x\n", "api.yaml:2:"),
        ("wrong tag", "openapi: 3.0.3\na: !!int x\n", "api.yaml:2:"),
        ("list as key", "openapi: 3.0.3\n[a]: x\n", "api.yaml:2:1: a list or a mapping"),
        ("missing key", "openapi: 3.0.3\n: x\n", "api.yaml:2:"),
        ("infinity", "openapi: 3.0.3\na: .inf\n", "api.yaml:2:4: a number"),
        ("NUL", "openapi: 3.0.3\na: \0\n", "api.yaml:2:4: a control character"),
        ("bell", "openapi: 3.0.3\na: \u{7}\n", "api.yaml:2:4: a control character"),
    ] {
        let message = parse(text).expect_err(name);
        assert!(message.contains(wanted), "{name}: {message}");
        assert_eq!(message.lines().count(), 1, "{name}: {message}");
    }
}

#[test]
fn deep_and_exploding_documents_end_in_a_message() {
    for (name, count) in [("shallow enough for the scanner", 200), ("too deep for it as well", 50_000)] {
        for open in ["[", "{a: "] {
            let message = parse(&format!("openapi: 3.0.3\na: {}", open.repeat(count))).expect_err(name);
            assert!(message.starts_with("api.yaml:2:") && message.lines().count() == 1, "{message}");
        }
    }
    let dashes = format!("openapi: 3.0.3\na:\n {}", "- ".repeat(20_000));
    assert!(parse(&dashes).expect_err("too deep").contains("nested deeper"));

    let mut laughs = String::from("openapi: 3.0.3\nl0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..30 {
        let below = format!("*l{}, ", level - 1).repeat(9);
        laughs.push_str(&format!("l{level}: &l{level} [{below}]\n"));
    }
    assert!(parse(&laughs).expect_err("too large").contains("aliases add up"));

    let mut tower = String::from("openapi: 3.0.3\nt0: &t0 [1]\n");
    for level in 1..200 {
        tower.push_str(&format!("t{level}: &t{level} [*t{}]\n", level - 1));
    }
    assert!(parse(&tower).expect_err("too deep").contains("nested deeper"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let missing = folder.path().join("openapi.yaml");
    let message = Document::read(&missing).expect_err("missing").to_string();
    assert!(message.ends_with("openapi.yaml: there is no such file: check the path, or restore it from git"));
    let shown = Document::read_in(folder.path(), Path::new("openapi.yaml")).expect_err("missing").to_string();
    assert!(shown.starts_with("openapi.yaml: there is"), "{shown}");

    let message = Document::read(folder.path()).expect_err("a directory").to_string();
    assert!(message.contains("directory"), "{message}");

    fs::write(&missing, b"openapi: 3.0.3\nx: \xff\xfe").expect("a writable folder");
    let message = Document::read(&missing).expect_err("not UTF-8").to_string();
    assert!(message.contains(":2:4: byte 18 is not UTF-8"), "{message}");
}

/// Cuts, doubles and swaps pieces of a text that has a bit of everything: whatever comes out, the reader returns.
#[test]
fn no_input_makes_the_reader_panic() {
    let seed: Vec<char> = "openapi: 3.0.3\n# c\na: &x [1, 'two', \"th\\u0072ee\"]\nb: *x\n? c\n: !!str 5\nd: |-\n  text\n  more\ne: >\n  fold\n{f: {g: [~]}}\n---\n...\n%YAML 1.2\n\t\r\n\u{feff}\u{85}\0\u{2028}"
        .chars()
        .collect();
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below.max(1)
    };
    for _ in 0..5_000 {
        let mut text = seed.clone();
        for _ in 0..=random(6) {
            let from = random(text.len());
            let to = (from + random(12)).min(text.len());
            match random(3) {
                0 => drop(text.drain(from..to)),
                1 => {
                    let piece = text[from..to].to_vec();
                    let at = random(text.len());
                    text.splice(at..at, piece);
                }
                _ => {
                    let other = random(text.len());
                    text.swap(from, other);
                }
            }
            if text.is_empty() {
                break;
            }
        }
        let _ = parse(&text.into_iter().collect::<String>());
    }
}
