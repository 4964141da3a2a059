//! The docs page beside the platform's side of the emulator.

use northbound_emulator::{Docs, Emulator};
use tokio::net::TcpStream;

use crate::support::exchange;

const DOCS: Docs =
    Docs { yaml: "openapi: 3.0.3\n", json: "{\"openapi\":\"3.0.3\"}\n", page: "<!doctype html>page" };

/// Head and body of the reply.
async fn ask(emulator: &Emulator, line: &str) -> (String, String) {
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    exchange(&mut stream, &request).await.unwrap()
}

#[tokio::test]
async fn the_page_is_what_was_handed_over_and_swagger_ui_and_leaves_no_trace_in_the_journal() {
    let emulator = Emulator::builder().docs(DOCS).start().await.unwrap();
    let script = "const EMULATOR = true, DOCUMENT = {\"openapi\":\"3.0.3\"};\n";
    for (path, kind, begins) in [
        ("/openapi.yaml", "application/yaml", DOCS.yaml),
        ("/openapi.json", "application/json", DOCS.json),
        ("/docs/", "text/html; charset=utf-8", DOCS.page),
        ("/docs/openapi.yaml", "application/yaml", DOCS.yaml),
        ("/docs/openapi.json", "application/json", DOCS.json),
        ("/docs/document.js", "text/javascript; charset=utf-8", script),
        ("/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8", "/*! For license information"),
        ("/docs/swagger-ui.css", "text/css; charset=utf-8", ".swagger-ui{"),
    ] {
        let (head, body) = ask(&emulator, &format!("GET {path}")).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}");
        assert!(head.contains(&format!("content-type: {kind}\r\n")), "{path}: {head}");
        assert!(head.contains("x-request-id: control-"), "{path}: {head}");
        let (start, length) = (body.get(..begins.len()), body.len());
        assert!(start == Some(begins) && (length == begins.len() || length > 100_000), "{path}: {start:?}");
    }
    for (line, status, expected) in [
        ("GET /docs", 308, "location: /docs/"),
        ("GET /docs/nothing", 404, "no such file"),
        ("POST /docs/", 405, "this can only be read"),
    ] {
        let (head, body) = ask(&emulator, line).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {head}");
        assert!((head + &body).contains(expected), "{line}: {body}");
    }
    assert_eq!(emulator.control().journal().entries.len(), 0);
}

#[tokio::test]
async fn the_platform_knows_no_docs() {
    let bare = Emulator::builder().start().await.unwrap();
    for path in ["/docs", "/openapi.yaml"] {
        let (head, body) = ask(&bare, &format!("GET {path}")).await;
        assert!(head.starts_with("HTTP/1.1 404 ") && body.contains("no operation GET"), "{head} {body}");
    }
}
