//! The gateway's own document, as the code has it: its own calls, and the codes that it adds to the platform's.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, OpenApi as _, ToSchema};

use crate::http::own::{self, FOREIGN_HOST, FOREIGN_PAGE, KEY_NEEDED, NO_ANSWER, STOPPING, TIMEOUT};

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
    let codes: Map<String, Value> = own::ALL
        .iter()
        .map(|own| {
            let described =
                json!({ "status": own.status.as_u16(), "meaning": own.meaning, "remedy": own.remedy });
            (own.code.to_owned(), described)
        })
        .collect();
    components.extensions = Some(ExtensionsBuilder::new().add("x-error-catalog", codes).build());
    document
}

/// An error of the gateway, or one that the platform reported
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "only its description is used")]
pub(crate) struct ErrorBody {
    /// Its code: one of the gateway's, which `x-error-catalog` lists, or one of the platform's, which the platform's document lists.
    error_code: String,
    /// The error in words.
    error_desc: Option<String>,
}

/// The errors of a read. Those of the platform pass through.
pub(crate) struct Errors;

impl IntoResponses for Errors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let of_platform = [
            ("400", "A parameter is wrong.", vec!["100022"]),
            (
                "401",
                "The key is missing, or the platform refuses the gateway's login.",
                vec![KEY_NEEDED.code, "100208"],
            ),
            (
                "403",
                "The platform refuses the application, or a web page sent the request.",
                vec!["100203", "100217", "1010009", "1010005", FOREIGN_HOST.code, FOREIGN_PAGE.code],
            ),
            ("404", "The batch task does not exist.", vec!["105005"]),
            ("500", "The platform failed.", vec!["100203", "50252"]),
            (
                "502",
                "The platform gave no answer that the document describes, or not all rows.",
                vec![NO_ANSWER.code],
            ),
            ("503", "The gateway stops.", vec![STOPPING.code]),
            ("504", "A token, the quota or a reply did not come in time.", vec![TIMEOUT.code]),
        ];
        let response = |(status, description, codes): (&str, &str, Vec<&str>)| {
            let content =
                ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).build();
            let response = ResponseBuilder::new()
                .description(description)
                .content("application/json", content)
                .extensions(Some(ExtensionsBuilder::new().add("x-error-codes", json!(codes)).build()));
            (status.to_owned(), RefOr::T(response.build()))
        };
        of_platform.into_iter().map(response).collect()
    }
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
        (name = "Reads", description = "For programs that do not want to page."),
        (name = "Gateway", description = "How it is.")
    ),
    components(schemas(ErrorBody, crate::http::plain::LastLine))
)]
struct Own;
