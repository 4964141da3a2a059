//! The types of the client crate: their schemas and their readers.

use northbound_client::types::{
    AccessToken, BatchTask, BatchTaskRequest, BatchTaskRequestAppId, BatchTaskRequestTaskName, CommandOutput,
    CreatedBatchTask, DeviceCommand, DeviceCommandMethod, DeviceCommandServiceId, ErrorResponse,
    LoginRequest, LoginRequestAppId, Subtask, SubtaskFailure, SubtaskPage, SubtaskParam, TargetType, TaskId,
    TaskParam, TaskTag, TaskTagRequest,
};
use northbound_client::{BatchTaskStatus, ErrorCode, Seconds, Secret, SubtaskStatus, TaskOrigin, TaskType};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A type of the client crate.
pub(crate) struct RustType {
    pub(crate) name: String,
    schema: fn(&mut SchemaGenerator) -> Schema,
    /// What becomes of JSON that is read and written again; `None` if it is refused.
    pub(crate) read_and_write: fn(Value) -> Option<Value>,
    /// How JSON that was read is shown by `Debug`.
    pub(crate) shown: fn(Value) -> String,
}

impl RustType {
    fn of<T: JsonSchema + DeserializeOwned + Serialize + std::fmt::Debug>() -> Self {
        Self {
            name: T::schema_name().into_owned(),
            schema: SchemaGenerator::subschema_for::<T>,
            read_and_write: |json| {
                serde_json::from_value::<T>(json).ok().and_then(|read| serde_json::to_value(read).ok())
            },
            shown: |json| format!("{:#?}", serde_json::from_value::<T>(json).unwrap()),
        }
    }
}

/// The types whose schemas are compared, and that are probed. A test sees to it that none is missing.
pub(crate) fn types() -> Vec<RustType> {
    vec![
        RustType::of::<AccessToken>(),
        RustType::of::<BatchTask>(),
        RustType::of::<BatchTaskStatus>(),
        RustType::of::<CommandOutput>(),
        RustType::of::<CreatedBatchTask>(),
        RustType::of::<DeviceCommand>(),
        RustType::of::<DeviceCommandMethod>(),
        RustType::of::<DeviceCommandServiceId>(),
        RustType::of::<ErrorCode>(),
        RustType::of::<ErrorResponse>(),
        RustType::of::<LoginRequest>(),
        RustType::of::<LoginRequestAppId>(),
        RustType::of::<BatchTaskRequest>(),
        RustType::of::<BatchTaskRequestAppId>(),
        RustType::of::<BatchTaskRequestTaskName>(),
        RustType::of::<TaskTagRequest>(),
        RustType::of::<Seconds>(),
        RustType::of::<Secret>(),
        RustType::of::<Subtask>(),
        RustType::of::<SubtaskFailure>(),
        RustType::of::<SubtaskPage>(),
        RustType::of::<SubtaskParam>(),
        RustType::of::<SubtaskStatus>(),
        RustType::of::<TargetType>(),
        RustType::of::<TaskId>(),
        RustType::of::<TaskOrigin>(),
        RustType::of::<TaskParam>(),
        RustType::of::<TaskTag>(),
        RustType::of::<TaskType>(),
    ]
}

/// The types as schemars sees them, in the form of a document. The examples of an open enum are the values that it knows.
pub(super) fn schemas() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
    });
    let mut generator = settings.into_generator();
    for rust in types() {
        (rust.schema)(&mut generator);
    }
    let mut schemas = generator.take_definitions(true);
    for schema in schemas.values_mut().filter_map(Value::as_object_mut) {
        if let Some(known) = schema.remove("examples") {
            schema.insert("enum".to_owned(), known);
        }
    }
    json!({ "openapi": "3.1.0", "components": { "schemas": schemas } })
}
