//! JSON schemas, for schemars, of the types that are not generated.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use crate::{Json, Members, Seconds, Secret, Text};

macro_rules! schema {
    ($type:ident, inline: $inline:literal, $schema:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                $inline
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                $schema(generator)
            }
        }
    };
}

schema!(Members, inline: true, Map::<String, Value>::json_schema);
schema!(Json, inline: true, |_| json_schema!(true));
schema!(Text, inline: true, String::json_schema);
schema!(Secret, inline: false, |_| json_schema!({ "type": "string", "format": "password" }));
schema!(Seconds, inline: false, |_| json_schema!({ "type": "integer", "format": "int64", "minimum": 0 }));
