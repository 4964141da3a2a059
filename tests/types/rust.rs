//! The types of the client crate: their schemas, their readers, and what stands in their source.

use std::collections::BTreeMap;
use std::fs;

use northbound_client::types::{
    AccessToken, CommandOutput, ErrorResponse, LoginRequest, LoginRequestAppId, Subtask, SubtaskFailure,
    SubtaskPage, SubtaskParam, TaskId,
};
use northbound_client::{ErrorCode, Seconds, Secret, SubtaskStatus, Text};
use quote::ToTokens as _;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::freshness::root;

/// A type of the client crate.
pub(super) struct RustType {
    pub(super) name: String,
    schema: fn(&mut SchemaGenerator) -> Schema,
    read_and_write: fn(Value) -> Option<Value>,
}

impl RustType {
    fn of<T: JsonSchema + DeserializeOwned + Serialize>() -> Self {
        Self {
            name: T::schema_name().into_owned(),
            schema: SchemaGenerator::subschema_for::<T>,
            read_and_write: |json| {
                serde_json::from_value::<T>(json).ok().and_then(|read| serde_json::to_value(read).ok())
            },
        }
    }

    /// What becomes of JSON that is read and written again; `None` if it is refused.
    pub(super) fn read_and_write(&self, json: Value) -> Option<Value> {
        (self.read_and_write)(json)
    }
}

/// The types whose schemas are compared. A test sees to it that none is missing.
pub(super) fn types() -> Vec<RustType> {
    vec![
        RustType::of::<AccessToken>(),
        RustType::of::<CommandOutput>(),
        RustType::of::<ErrorCode>(),
        RustType::of::<ErrorResponse>(),
        RustType::of::<LoginRequest>(),
        RustType::of::<LoginRequestAppId>(),
        RustType::of::<Seconds>(),
        RustType::of::<Secret>(),
        RustType::of::<Subtask>(),
        RustType::of::<SubtaskFailure>(),
        RustType::of::<SubtaskPage>(),
        RustType::of::<SubtaskParam>(),
        RustType::of::<SubtaskStatus>(),
        RustType::of::<TaskId>(),
    ]
}

/// The type of a parameter, by the name that it has in the source.
pub(super) fn parameter(name: &str) -> RustType {
    match name {
        "i32" => RustType::of::<i32>(),
        "NonZeroU32" => RustType::of::<std::num::NonZeroU32>(),
        "String" => RustType::of::<String>(),
        "SubtaskStatus" => RustType::of::<SubtaskStatus>(),
        "TaskId" => RustType::of::<TaskId>(),
        "Text" => RustType::of::<Text>(),
        other => panic!("a parameter has the type {other}, which this list does not know yet"),
    }
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

/// The members of the generated types with their Rust types, and the parameters of the calls with theirs.
pub(super) struct Fields {
    types: BTreeMap<String, BTreeMap<String, String>>,
    calls: BTreeMap<String, BTreeMap<String, String>>,
}

impl Fields {
    pub(super) fn read() -> Self {
        let path = root().join("crates/client/src/generated/api.rs");
        let file = syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
        Self { types: structs(module(&file.items, "types")), calls: structs(module(&file.items, "builder")) }
    }

    /// The names of the generated types.
    pub(super) fn structs(&self) -> impl Iterator<Item = &String> {
        self.types.keys()
    }

    /// The Rust type that holds what the document describes with a schema, if a member of a type or a parameter refers to it.
    pub(super) fn in_place_of(&self, document: &Value, schema: &str) -> Option<&str> {
        let reference = format!("#/components/schemas/{schema}");
        let member = self.types.iter().find_map(|(name, fields)| {
            let properties =
                document.pointer(&format!("/components/schemas/{name}/properties"))?.as_object()?;
            let (member, _) = properties.iter().find(|(_, node)| refers(node, &reference))?;
            fields.get(member)
        });
        let parameter = || {
            let mut parameters = document.pointer("/components/parameters")?.as_object()?.values();
            let parameter = parameters.find(|parameter| refers(&parameter["schema"], &reference))?;
            let name = snake_case(parameter["name"].as_str()?);
            self.calls.values().find_map(|fields| fields.get(&name))
        };
        member.or_else(parameter).map(String::as_str)
    }

    pub(super) fn parameter(&self, operation: &str, name: &str) -> &str {
        let builder = operation[..1].to_uppercase() + &operation[1..];
        let fields = self.calls.get(&builder).unwrap_or_else(|| panic!("no builder {builder}"));
        fields.get(&snake_case(name)).unwrap_or_else(|| panic!("{builder} has no parameter {name}"))
    }
}

fn refers(node: &Value, reference: &str) -> bool {
    node["$ref"] == *reference
        || node["allOf"].as_array().is_some_and(|parts| parts.iter().any(|part| refers(part, reference)))
}

fn module<'a>(items: &'a [syn::Item], name: &str) -> &'a [syn::Item] {
    let found = items.iter().find_map(|item| match item {
        syn::Item::Mod(module) if module.ident == name => module.content.as_ref(),
        _ => None,
    });
    &found.unwrap_or_else(|| panic!("no module {name}")).1
}

/// Each struct with the innermost type of each field, under the name that it has on the wire.
fn structs(items: &[syn::Item]) -> BTreeMap<String, BTreeMap<String, String>> {
    let structs = items.iter().filter_map(|item| match item {
        syn::Item::Struct(item) => Some(item),
        _ => None,
    });
    let fields = |item: &syn::ItemStruct| item.fields.iter().filter_map(field).collect();
    structs.map(|item| (item.ident.to_string(), fields(item))).collect()
}

fn field(field: &syn::Field) -> Option<(String, String)> {
    let name = field.ident.as_ref()?.to_string();
    let mut serde = field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde"));
    let renamed = serde.find_map(|attribute| {
        let text = attribute.to_token_stream().to_string();
        Some(text.split_once("rename = \"")?.1.split_once('"')?.0.to_owned())
    });
    Some((renamed.unwrap_or(name), innermost(&field.ty)))
}

/// `Secret` of `Option<crate::Secret>`, `TaskId` of `Result<types::TaskId, String>`.
fn innermost(rust: &syn::Type) -> String {
    let syn::Type::Path(path) = rust else {
        return rust.to_token_stream().to_string();
    };
    let last = path.path.segments.last().unwrap();
    match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
            Some(syn::GenericArgument::Type(inner)) => innermost(inner),
            _ => last.ident.to_string(),
        },
        _ => last.ident.to_string(),
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_uppercase() {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}
