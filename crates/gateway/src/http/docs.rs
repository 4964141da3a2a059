//! The documents, and a page that shows them: `/openapi.json` is the gateway's own, `/platform.json` that of the platform's calls.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use northbound::DOCUMENT_AS_JSON;

use crate::http::own::UNKNOWN_PATH;
use crate::state::State;

const JSON: &str = "application/json";

/// The files of Swagger UI, for the page under `/docs/`. The gateway itself does not contain them.
#[derive(Debug, Clone, Copy)]
pub struct Docs {
    /// Returns a file of Swagger UI by its name: `swagger-ui-bundle.js` or `swagger-ui.css`.
    pub swagger_ui: fn(name: &str) -> Option<Vec<u8>>,
}

/// The routes of the documents, and of the page if there is one.
pub(crate) fn router(docs: Option<Docs>) -> Router<Arc<State>> {
    let text = |kind: &'static str, text: &'static str| get(async move || ([(CONTENT_TYPE, kind)], text));
    let router = Router::new()
        .route("/openapi.json", text(JSON, include_str!("../../openapi.json")))
        .route("/platform.json", text(JSON, DOCUMENT_AS_JSON));
    let Some(Docs { swagger_ui }) = docs else { return router };
    router
        .route("/docs", get(async || (StatusCode::PERMANENT_REDIRECT, [(LOCATION, "/docs/")])))
        .route("/docs/", text("text/html; charset=utf-8", include_str!("docs.html")))
        .route("/docs/{file}", get(async move |Path(file): Path<String>| asset(swagger_ui, &file)))
}

fn asset(swagger_ui: fn(&str) -> Option<Vec<u8>>, name: &str) -> Response {
    let kind = match name {
        "swagger-ui-bundle.js" => "text/javascript; charset=utf-8",
        "swagger-ui.css" => "text/css; charset=utf-8",
        _ => return UNKNOWN_PATH.because("the page is /docs/").into_response(),
    };
    match swagger_ui(name) {
        Some(bytes) => ([(CONTENT_TYPE, kind)], bytes).into_response(),
        None => UNKNOWN_PATH.because(format!("Swagger UI has no {name}")).into_response(),
    }
}
