//! The errors of the gateway's own calls, for its document.

use std::collections::BTreeMap;

use northbound::ErrorCode;
use northbound::client_layer::DOCUMENTED_ERRORS;
use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::http::document::{LIST_SUBTASKS, LOGIN};
use crate::http::own;

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
        let mut codes: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        let of_platform =
            DOCUMENTED_ERRORS.iter().filter(|errors| [LIST_SUBTASKS, LOGIN].contains(&errors.operation));
        for errors in of_platform {
            codes.entry(errors.status).or_default().extend(errors.codes.iter().map(ErrorCode::as_str));
        }
        for own in own::ALL {
            codes.entry(own.status.as_u16()).or_default().push(own.code);
        }
        let response = |(status, codes): (u16, Vec<&str>)| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name())));
            let response = ResponseBuilder::new()
                .description(format!("An error: one of {}.", codes.join(", ")))
                .content("application/json", content.build())
                .extensions(Some(ExtensionsBuilder::new().add("x-error-codes", json!(codes)).build()));
            (status.to_string(), RefOr::T(response.build()))
        };
        codes.into_iter().map(response).collect()
    }
}
