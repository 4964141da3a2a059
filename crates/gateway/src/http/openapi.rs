//! The gateway's own document, as the code has it: its own calls, and the codes that it adds to the platform's.

use serde_json::{Map, Value, json};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use crate::http::errors::ErrorBody;
use crate::http::own;

/// The gateway's own document, in OpenAPI 3.1. The platform's calls are in the platform's document.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = Own::openapi();
    let key = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let key = key.description(Some(
        "The key of the gateway, or a token from a login. A gateway without a key asks for none.",
    ));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("Key", SecurityScheme::Http(key.build()));
    let described = own::ALL.iter().map(|own| {
        let described =
            json!({ "status": own.status.as_u16(), "meaning": own.meaning, "remedy": own.remedy });
        (own.code.to_owned(), described)
    });
    let codes: Map<String, Value> = described.collect();
    components.extensions = Some(ExtensionsBuilder::new().add("x-error-catalog", codes).build());
    document
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "northbound gateway: its own calls",
        version = env!("CARGO_PKG_VERSION"),
        description = "What the gateway answers besides the platform's calls, whose document it serves under /platform.json. Its own \
            errors, which the platform's calls may get as well, are in `x-error-catalog`. Rows may have the header \
            `northbound-changed`, which says what was changed so that they fit the platform's document.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "http://127.0.0.1:8744", description = "The gateway")),
    paths(
        crate::http::plain::subtasks, crate::http::plain::summary, crate::http::plain::health, crate::http::metrics::metrics
    ),
    tags(
        (name = "Reads", description = "All rows or all counts in one call, without pages."),
        (name = "Gateway", description = "How it is.")
    ),
    components(schemas(ErrorBody))
)]
struct Own;
