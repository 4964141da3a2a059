//! The docs page beside the platform's side of the emulator.

use northbound_emulator::{Docs, Emulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DOCS: Docs =
    Docs { yaml: "openapi: 3.0.3\n", json: "{\"openapi\":\"3.0.3\"}\n", page: "<!doctype html>page" };

async fn emulator() -> Emulator {
    Emulator::builder().docs(DOCS).start().await.unwrap()
}

/// Head and body of the reply.
async fn ask(emulator: &Emulator, line: &str) -> (String, String) {
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[tokio::test]
async fn the_document_and_the_page_are_what_was_handed_over() {
    let emulator = emulator().await;
    for (path, kind, expected) in [
        ("/openapi.yaml", "application/yaml", DOCS.yaml),
        ("/openapi.json", "application/json", DOCS.json),
        ("/docs/", "text/html; charset=utf-8", DOCS.page),
        ("/docs/openapi.yaml", "application/yaml", DOCS.yaml),
        ("/docs/openapi.json", "application/json", DOCS.json),
        (
            "/docs/document.js",
            "text/javascript; charset=utf-8",
            "const EMULATOR = true, DOCUMENT = {\"openapi\":\"3.0.3\"};\n",
        ),
    ] {
        let (head, body) = ask(&emulator, &format!("GET {path}")).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}");
        assert!(head.contains(&format!("content-type: {kind}\r\n")), "{path}: {head}");
        assert!(head.contains("x-request-id: control-"), "{path}: {head}");
        assert_eq!(body, expected, "{path}");
    }
    let (head, _) = ask(&emulator, "GET /docs").await;
    assert!(head.starts_with("HTTP/1.1 308 ") && head.contains("location: /docs/\r\n"), "{head}");
}

#[tokio::test]
async fn swagger_ui_is_inside() {
    let emulator = emulator().await;
    let (_, script) = ask(&emulator, "GET /docs/swagger-ui-bundle.js").await;
    assert!(script.len() > 1_000_000 && script.contains("SwaggerUIBundle"), "{} bytes", script.len());
    let (_, style) = ask(&emulator, "GET /docs/swagger-ui.css").await;
    assert!(style.contains(".swagger-ui"), "{} bytes", style.len());
}

#[tokio::test]
async fn who_looks_at_the_docs_leaves_no_trace_in_the_journal() {
    let emulator = emulator().await;
    for line in ["GET /docs", "GET /docs/", "GET /openapi.json", "GET /docs/nothing", "POST /docs/"] {
        ask(&emulator, line).await;
    }
    assert_eq!(emulator.control().journal().entries.len(), 0);
    let (head, _) = ask(&emulator, "GET /docs/nothing").await;
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    let (head, _) = ask(&emulator, "POST /docs/").await;
    assert!(head.starts_with("HTTP/1.1 405 "), "{head}");
}

#[tokio::test]
async fn the_platform_knows_no_docs() {
    let bare = Emulator::builder().start().await.unwrap();
    for path in ["/docs", "/openapi.yaml"] {
        let (head, body) = ask(&bare, &format!("GET {path}")).await;
        assert!(head.starts_with("HTTP/1.1 404 ") && body.contains("no operation GET"), "{head} {body}");
    }
    let (head, body) = ask(&emulator().await, "POST /openapi").await;
    assert!(
        head.starts_with("HTTP/1.1 404 ") && body.contains("no operation POST /openapi"),
        "{head} {body}"
    );
}
