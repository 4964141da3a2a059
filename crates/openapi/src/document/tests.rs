//! Good and nasty inputs of the reader.

use super::*;
use serde_json::json;

fn parse(text: &str) -> Result<Document, String> {
    Document::parse("api.yaml", text.to_owned()).map_err(|error| error.to_string())
}

#[test]
fn members_keep_their_order_and_values_their_kind() {
    let document =
        parse("openapi: 3.0.3\nz: 1\na: 1.5\nm: '1'\nb: {c: [true, ~, 1e3, no, 007, 0x1F, 1_0]}\n");
    assert_eq!(
        document.unwrap().value().to_string(),
        r#"{"openapi":"3.0.3","z":1,"a":1.5,"m":"1","b":{"c":[true,null,1000.0,"no",7,31,"1_0"]}}"#
    );
}

#[test]
fn positions_are_those_of_keys_and_items() {
    let text =
        "openapi: 3.0.3\npaths:\n  /a/b:\n    get: x\n    list:\n      - one\n      - ä: 1\n        k: 2\n";
    for text in [text.to_owned(), format!("\u{feff}{}", text.replace('\n', "\r\n"))] {
        let document = parse(&text).unwrap();
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
}

#[test]
fn json_is_yaml_too() {
    let document = parse("{\n\t\"openapi\": \"3.0.3\",\n\t\"info\": {\"a\": [1, 2]}\n}").unwrap();
    assert_eq!(document.value()["info"]["a"], json!([1, 2]));
    assert_eq!(document.position("/info").line, 3);
}

#[test]
fn every_broken_document_gets_one_line_that_says_where() {
    for (text, wanted) in [
        ("", "api.yaml:1:1: the document is empty"),
        ("# one\n# two\n", "api.yaml:1:1: the document is empty"),
        ("---\n", "api.yaml:1:1: the document is empty"),
        ("- a\n- b\n", "api.yaml:1:1: this is not OpenAPI 3.0"),
        ("hello\n", "api.yaml:1:1: this is not OpenAPI 3.0"),
        ("info: {}\n", "api.yaml:1:1: this is not OpenAPI 3.0"),
        ("openapi: 3.1.0\n", "api.yaml:1:1: this is not OpenAPI 3.0: write"),
        ("info: 1\nopenapi: 3.0\n", "api.yaml:2:1: this is not OpenAPI 3.0: write"),
        ("openapi: 3.0.3\na: 1\na: 2\n", "api.yaml:3:1: not YAML, duplicated key"),
        ("openapi: 3.0.3\na: {200: 1}\n", "api.yaml:2:5: not every reader takes this key for text"),
        ("openapi: 3.0.3\ntrue: 1\n", "api.yaml:2:1: not every reader takes this key for text"),
        ("openapi: 3.0.3\n---\na: 1\n", "api.yaml:3:1: a second document"),
        ("openapi: 3.0.3\na: 'x\n", "not YAML"),
        ("openapi: 3.0.3\na: [1, 2\n", "not YAML"),
        ("openapi: 3.0.3\na:\n  b: 1\n c: 2\n", "api.yaml:4:"),
        ("openapi: 3.0.3\na:\n\tb: 1\n", "api.yaml:3:"),
        ("openapi: 3.0.3\na: &x 1\nb: *x\n", "api.yaml:3:4: aliases are not supported"),
        ("openapi: 3.0.3\na: &x [*x]\n", "api.yaml:2:8: aliases are not supported"),
        ("openapi: 3.0.3\na: !include x\n", "api.yaml:2:4: tags are not supported"),
        ("openapi: 3.0.3\na: !!set {x}\n", "api.yaml:2:4: tags are not supported"),
        ("openapi: 3.0.3\n[a]: x\n", "api.yaml:2:1: not every reader takes this key for text"),
        ("openapi: 3.0.3\n: x\n", "api.yaml:2:1: not every reader takes this key for text"),
        ("openapi: 3.0.3\na: .inf\n", "api.yaml:2:4: a number that is too large"),
        ("openapi: 3.0.3\na: 18446744073709551615\n", "api.yaml:2:4: a number that is too large"),
    ] {
        let message = parse(text).expect_err(text);
        assert!(message.contains(wanted), "{text}: {message}");
        assert_eq!(message.lines().count(), 1, "{text}: {message}");
    }
}

#[test]
fn documents_that_are_nested_too_deeply_end_in_a_message() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
        for (count, wanted) in [
            (40, "nested too deeply"),
            (50_000, if open == "- " { "nested too deeply" } else { "recursion" }),
        ] {
            let text = format!("openapi: 3.0.3\na:\n {}{}", open.repeat(count), close.repeat(count));
            let message = parse(&text).expect_err("too deep");
            assert!(message.starts_with("api.yaml:3:") && message.contains(wanted), "{message}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Document::read_in(Path::new("nowhere"), Path::new("api.yaml")).unwrap_err();
    assert!(error.to_string().starts_with("api.yaml cannot be read: check the path"), "{error}");
}
