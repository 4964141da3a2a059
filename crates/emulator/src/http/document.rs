//! The two documents that follow from the code: that of the platform's calls, and that of the control API.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, Response, ResponseBuilder};
use utoipa::{OpenApi as _, ToSchema as _};

use crate::api::batch_task::{BatchTaskStatus, CreatedBatchTask, TaskOrigin};
use crate::api::credentials::APP_KEY;
use crate::api::refusal::{ERROR_TABLES, ErrorRow};
use crate::api::{CommandOutput, ErrorResponse, SubtaskFailure, SubtaskStatus, TaskId};
use crate::http::{control_api, routes};

/// The document that follows from the code, in OpenAPI 3.1: a second reading of the platform's page.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = described(Platform::openapi(), routes::Paths::openapi());
    let components = document.components.get_or_insert_default();
    let app_key = ApiKeyValue::with_description(APP_KEY, "The application id.");
    components.add_security_scheme("AppKey", SecurityScheme::ApiKey(ApiKey::Header(app_key)));
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let token = token.description(Some("The token that `login` returns.")).build();
    components.add_security_scheme("BearerToken", SecurityScheme::Http(token));
    for operation in operations(&mut document) {
        for (_, rows) in ERROR_TABLES.iter().filter(|(id, _)| operation.operation_id.as_deref() == Some(id)) {
            let mut by_status: BTreeMap<u16, Vec<&ErrorRow>> = BTreeMap::new();
            rows.iter().for_each(|row| by_status.entry(row.status).or_default().push(row));
            let errors =
                by_status.into_iter().map(|(status, rows)| (status.to_string(), errors(&rows).into()));
            operation.responses.responses.extend(errors);
        }
    }
    document
}

/// The response of these rows, which have the same status. Errors under 200 come beside the reply of a create.
fn errors(rows: &[&ErrorRow]) -> Response {
    let codes: Vec<&str> = rows.iter().map(|row| row.code).collect();
    let lines: Vec<String> = rows.iter().map(|row| format!("* {}: {}", row.code, row.text)).collect();
    let is_reply = rows.iter().any(|row| row.status == 200);
    let schema = if is_reply { CreatedBatchTask::name() } else { ErrorResponse::name() };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    ResponseBuilder::new()
        .description(lines.join("\n"))
        .content("application/json", content)
        .extensions(Some(ExtensionsBuilder::new().add("x-error-codes", json!(codes)).build()))
        .build()
}

/// The document of the control API, in OpenAPI 3.1. It follows from the code alone.
#[must_use]
pub fn control_openapi() -> OpenApi {
    let mut document = described(Controls::openapi(), control_api::Paths::openapi());
    // The server refuses some requests before an operation sees them, whatever they ask for.
    for operation in operations(&mut document) {
        let responses = &mut operation.responses.responses;
        if !responses.keys().any(|status| status.starts_with('4')) {
            let refused = Response::new("The request is refused before the emulator reads it.");
            responses.insert("4XX".to_owned(), refused.into());
        }
    }
    document
}

/// A document with these paths. The id of an operation is the name of its function.
fn described(mut document: OpenApi, paths: OpenApi) -> OpenApi {
    document.merge(paths);
    for operation in operations(&mut document) {
        operation.operation_id = operation.operation_id.take().map(|name| camel_case(&name));
    }
    document
}

fn operations(document: &mut OpenApi) -> impl Iterator<Item = &mut Operation> {
    let items = document.paths.paths.values_mut();
    items.flat_map(|item| [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten())
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Northbound API of Huawei Cloud IoT / OceanConnect, as the emulator speaks it",
        version = "2022-02-24",
        description = "Derived from the code of the emulator, which is written from the edition of the platform's page that the \
            version names. It exists to be compared with the hand-written document, which is the one to build on.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "Batch tasks", description = "Batch tasks, and what became of them, device by device."),
        (name = "Authentication", description = "How an application obtains a token.")
    ),
    // What utoipa does not find by itself: the types of parameters, of errors, and of texts inside strings.
    components(schemas(
        BatchTaskStatus, CommandOutput, CreatedBatchTask<'_>, ErrorResponse, SubtaskFailure, SubtaskStatus, TaskId, TaskOrigin
    ))
)]
struct Platform;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Control API of the northbound emulator",
        version = env!("CARGO_PKG_VERSION"),
        description = "Steers the emulator while a program is tested against it: tasks, time, faults, and the journal of \
            requests. The platform has nothing like it. It asks for no token: keep the emulator on the loopback address.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "http://127.0.0.1:8743", description = "The emulator")),
    security(()),
    tags(
        (name = "Clock", description = "What time it is."),
        (name = "Tasks", description = "Batch tasks."),
        (name = "Faults", description = "What goes wrong."),
        (name = "Journal", description = "What was asked and answered."),
        (name = "Exam", description = "How a client does."),
        (name = "Emulator", description = "The whole.")
    )
)]
struct Controls;
