//! The docs page: the document that is handed over, in Swagger UI, for people who look at the emulator with a browser.

use std::io::Read as _;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use flate2::bufread::DeflateDecoder;
use rawzip::ZipArchive;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

use crate::control::Control;
use crate::http::middleware::control_call;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const JSON: &str = "application/json";
const YAML: &str = "application/yaml";

/// The folder of the archive that holds what a page needs, without the version in its name.
const FOLDER: &str = "/dist/";

/// What the emulator shows to people, none of which it has itself: [`Builder::docs`](crate::Builder::docs).
///
/// `/openapi.yaml` and `/openapi.json` serve the document. `/docs/` serves the page, which finds beside it the same two files,
/// `swagger-ui-bundle.js` and `swagger-ui.css` of Swagger UI, and `document.js`: it defines `DOCUMENT`, the document, and
/// `EMULATOR`, which is true. The page asks no other host. None of this is in the journal.
#[derive(Debug, Clone, Copy)]
pub struct Docs {
    /// The document as YAML.
    pub yaml: &'static str,
    /// The same document as JSON.
    pub json: &'static str,
    /// The page as HTML.
    pub page: &'static str,
}

/// The routes of the docs page, to be merged with those of the platform.
pub(crate) fn router(docs: Docs, control: Control) -> Router {
    let Docs { yaml, json, page } = docs;
    let text =
        |kind: &'static str, text: &'static str| get(move || async move { ([(CONTENT_TYPE, kind)], text) });
    let asset = |kind: &'static str, name: &'static str| get(move || async move { swagger_ui(kind, name) });
    let script = format!("const EMULATOR = true, DOCUMENT = {};\n", json.trim_end());
    Router::new()
        .route("/openapi.yaml", text(YAML, yaml))
        .route("/openapi.json", text(JSON, json))
        .route("/docs", get(|| async { (StatusCode::PERMANENT_REDIRECT, [(LOCATION, "/docs/")]) }))
        .route("/docs/", text(HTML, page))
        .route("/docs/openapi.yaml", text(YAML, yaml))
        .route("/docs/openapi.json", text(JSON, json))
        .route("/docs/document.js", get(move || async move { ([(CONTENT_TYPE, SCRIPT)], script) }))
        .route("/docs/swagger-ui-bundle.js", asset(SCRIPT, "swagger-ui-bundle.js"))
        .route("/docs/swagger-ui.css", asset(STYLE, "swagger-ui.css"))
        // The platform has no path like it: what is unknown here is none of its business, nor of the journal's.
        .route(
            "/docs/{*rest}",
            any(|| async { (StatusCode::NOT_FOUND, "no such file; the page is /docs/\n") }),
        )
        .method_not_allowed_fallback(|| async { (StatusCode::METHOD_NOT_ALLOWED, "this can only be read\n") })
        .layer(from_fn_with_state(control, control_call))
}

fn swagger_ui(kind: &'static str, name: &str) -> Response {
    match swagger_ui_file(name) {
        Some(bytes) => ([(CONTENT_TYPE, kind)], bytes).into_response(),
        None => (StatusCode::INTERNAL_SERVER_ERROR, format!("Swagger UI has no {name}\n")).into_response(),
    }
}

/// A file of Swagger UI, such as `swagger-ui.css`, also for a page of another server. It takes milliseconds each time.
#[must_use]
pub fn swagger_ui_file(name: &str) -> Option<Vec<u8>> {
    let archive = ZipArchive::from_slice(SWAGGER_UI_VENDORED).ok()?;
    let is_it =
        |path: &str| path.split_once(FOLDER).is_some_and(|(top, rest)| !top.contains('/') && rest == name);
    let mut entries = archive.entries().flatten();
    let entry = entries.find(|entry| std::str::from_utf8(entry.file_path().as_ref()).is_ok_and(is_it))?;
    let entry = archive.get_entry(entry.wayfinder()).ok()?;
    let mut bytes = Vec::new();
    entry.verifying_reader(DeflateDecoder::new(entry.data())).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
