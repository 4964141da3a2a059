//! From YAML to a tree of JSON values and the position of every node.

use std::collections::HashMap;

use saphyr::{LoadableYamlNode as _, MarkedYamlOwned, ScalarOwned, ScanError, YamlDataOwned};
use saphyr_parser::{Event, Parser};
use serde_json::{Map, Number, Value};

use super::pointer;
use super::position::Position;

/// Twice as deep as any document of this kind, and shallow enough for all that later recurses over the tree: a
/// typed reading of nested schemas takes up to 30 KB of stack for a level in a debug build.
const MAX_DEPTH: usize = 32;

/// What is wrong, and where.
pub(super) type Fault = (Position, String);

/// Reads a YAML stream that must hold exactly one document.
pub(super) fn read(text: &str) -> Result<(Value, HashMap<String, Position>), Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The loader copies what an alias refers to, ignores tags that it does not know, and recurses: a few lines could fill the
    // memory or the stack.
    let mut depth = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(not_yaml)?;
        match event {
            Event::SequenceStart(_, None) | Event::MappingStart(_, None) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => depth -= 1,
            _ => {}
        }
        let message = match event {
            Event::Alias(_) => "aliases are not supported: write the value itself, or use `$ref`",
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => "tags are not supported: write the value without one",
            _ if depth > MAX_DEPTH => "nested too deeply: move inner schemas to `components/schemas`",
            _ => continue,
        };
        return Err((position(span.start), message.to_owned()));
    }
    let mut documents = MarkedYamlOwned::load_from_str(text).map_err(not_yaml)?.into_iter();
    match (documents.next(), documents.next()) {
        (_, Some(second)) => fault(&second, "a second document starts here: keep one document in a file"),
        (Some(only), None) if !matches!(only.data, YamlDataOwned::Value(ScalarOwned::Null)) => {
            let mut positions = HashMap::new();
            let value = value(only, String::new(), &mut positions)?;
            Ok((value, positions))
        }
        _ => {
            let message = "the document is empty: restore it from git, or start it with `openapi: 3.0.3`";
            Err((Position::START, message.to_owned()))
        }
    }
}

fn value(
    node: MarkedYamlOwned,
    pointer: String,
    positions: &mut HashMap<String, Position>,
) -> Result<Value, Fault> {
    // A member has the position of its key.
    positions.entry(pointer.clone()).or_insert(position(node.span.start));
    Ok(match node.data {
        YamlDataOwned::Value(ScalarOwned::Null) => Value::Null,
        YamlDataOwned::Value(ScalarOwned::Boolean(value)) => Value::Bool(value),
        YamlDataOwned::Value(ScalarOwned::Integer(value)) => value.into(),
        YamlDataOwned::Value(ScalarOwned::String(value)) => value.into(),
        // An integer that is too large for saphyr comes as a float that is no longer exact.
        YamlDataOwned::Value(ScalarOwned::FloatingPoint(value)) if value.abs() < 9.2e18 => {
            Number::from_f64(*value).map_or(Value::Null, Value::Number)
        }
        YamlDataOwned::Value(_) => {
            return fault(
                &node,
                "a number that is too large for JSON: write it in quotes, or write a smaller one",
            );
        }
        YamlDataOwned::Sequence(items) => {
            let items = items.into_iter().enumerate();
            items
                .map(|(index, item)| value(item, pointer::child(&pointer, index), positions))
                .collect::<Result<_, _>>()?
        }
        YamlDataOwned::Mapping(members) => {
            let mut object = Map::new();
            for (key, member) in members {
                let YamlDataOwned::Value(ScalarOwned::String(name)) = key.data else {
                    return fault(&key, "not every reader takes this key for text: write it in quotes");
                };
                let pointer = pointer::child(&pointer, &name);
                positions.insert(pointer.clone(), position(key.span.start));
                object.insert(name, value(member, pointer, positions)?);
            }
            Value::Object(object)
        }
        _ => return fault(&node, "not a value that JSON has: write a text, a number, a list or a mapping"),
    })
}

fn fault<T>(node: &MarkedYamlOwned, message: &str) -> Result<T, Fault> {
    Err((position(node.span.start), message.to_owned()))
}

fn position(marker: saphyr::Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

fn not_yaml(error: ScanError) -> Fault {
    let what: String = error.info().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let message =
        format!("not YAML, {what}: check indentation, quotes and colons here and in the lines above");
    (position(*error.marker()), message)
}
