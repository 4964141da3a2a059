//! From YAML events to a tree of JSON values and the position of every node.
//!
//! The events are folded over an explicit stack with limits on depth and on what aliases may add up to:
//! a hostile file ends in a message, not in a stack overflow or in all the memory of the machine.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};
use serde_json::{Map, Value};

use super::{Position, pointer, scalar};

/// Twice as deep as any document of this kind, and shallow enough for all that later recurses over the tree: a
/// typed reading of nested schemas takes up to 30 KB of stack for a level in a debug build.
const MAX_DEPTH: usize = 32;
/// How many nodes aliases may produce in all.
const MAX_ALIASED_NODES: usize = 100_000;

/// What was read.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) value: Value,
    pub(super) positions: HashMap<String, Position>,
    pub(super) unquoted_keys: HashSet<String>,
}

/// What went wrong, and where.
#[derive(Debug)]
pub(super) struct TreeError {
    pub(super) position: Option<Position>,
    pub(super) message: String,
}

/// Reads a YAML stream that must hold exactly one document.
pub(super) fn read(text: &str) -> Result<Tree, TreeError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(byte) = text.find(is_forbidden) {
        return Err(TreeError {
            position: Some(Position::of_byte(text, byte)),
            message: "a control character is not allowed in YAML: remove it, is this a text file?".to_owned(),
        });
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| scan_error(&error))?;
        let position = position(&span.start);
        builder
            .on_event(event, position)
            .map_err(|message| TreeError { position: Some(position), message })?;
    }
    match builder.root {
        Some(value) => Ok(Tree { value, positions: builder.positions, unquoted_keys: builder.unquoted_keys }),
        None => Err(TreeError {
            position: None,
            message: "the document is empty: restore it from git, or start it with `openapi: 3.0.3`"
                .to_owned(),
        }),
    }
}

/// What YAML 1.2 forbids in a stream (`c-printable`), as far as it can stand in a Rust string.
fn is_forbidden(character: char) -> bool {
    let control = character.is_control() && !matches!(character, '\t' | '\n' | '\r' | '\u{85}');
    control || matches!(character, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn position(marker: &Marker) -> Position {
    Position { line: marker.line().max(1), column: marker.col() + 1 }
}

fn scan_error(error: &ScanError) -> TreeError {
    let what: String = error.info().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    TreeError {
        position: Some(position(error.marker())),
        message: format!(
            "not YAML, {what}: check indentation, quotes and colons here and in the lines above"
        ),
    }
}

#[derive(Default)]
struct Builder {
    root: Option<Value>,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    aliased_nodes: usize,
    positions: HashMap<String, Position>,
    unquoted_keys: HashSet<String>,
}

/// A collection whose end has not been seen yet.
struct Frame {
    pointer: String,
    anchor: usize,
    collection: Collection,
}

enum Collection {
    Sequence(Vec<Value>),
    Mapping { members: Map<String, Value>, key: Option<String> },
}

struct Anchored {
    value: Value,
    nodes: usize,
    depth: usize,
}

impl Builder {
    fn on_event(&mut self, event: Event<'_>, position: Position) -> Result<(), String> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                Err("a second document starts here: keep one document in a file".to_owned())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.on_scalar(&text, style, anchor, tag.as_deref(), position)
            }
            Event::Alias(anchor) => self.on_alias(anchor, position),
            Event::SequenceStart(anchor, tag) => {
                expect_tag(tag.as_deref(), "seq")?;
                self.open(Collection::Sequence(Vec::new()), anchor, position)
            }
            Event::MappingStart(anchor, tag) => {
                expect_tag(tag.as_deref(), "map")?;
                self.open(Collection::Mapping { members: Map::new(), key: None }, anchor, position)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn on_scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        position: Position,
    ) -> Result<(), String> {
        let value = scalar::read(text, style, tag)?;
        if self.expects_key() {
            return self.on_key(text, &value, position);
        }
        // A stream with nothing but `---` or comments has one empty scalar; that is an empty document.
        if self.frames.is_empty() && text.is_empty() && style == ScalarStyle::Plain {
            return Ok(());
        }
        let pointer = self.next_pointer();
        self.positions.entry(pointer).or_insert(position);
        self.remember(anchor, &value);
        self.insert(value)
    }

    /// A key is taken by its text, so that `200:` names the same member as `'200':`.
    fn on_key(&mut self, text: &str, value: &Value, position: Position) -> Result<(), String> {
        if text.is_empty() && value.is_null() {
            return Err("a key is missing before the colon: write one".to_owned());
        }
        let Some(Frame { pointer, collection: Collection::Mapping { members, key }, .. }) =
            self.frames.last_mut()
        else {
            return Ok(());
        };
        let pointer = pointer::child(pointer, text);
        if members.contains_key(text) {
            let shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
            let first = self.positions.get(&pointer).map_or(0, |first| first.line);
            return Err(format!("the key `{shown}` stands already in line {first}: keep one of them"));
        }
        *key = Some(text.to_owned());
        if !value.is_string() {
            self.unquoted_keys.insert(pointer.clone());
        }
        self.positions.insert(pointer, position);
        Ok(())
    }

    fn on_alias(&mut self, anchor: usize, position: Position) -> Result<(), String> {
        if self.expects_key() {
            return Err("an alias cannot be a key: write the key itself".to_owned());
        }
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err("an alias refers to a node that contains it: write the value itself".to_owned());
        };
        self.aliased_nodes = self.aliased_nodes.saturating_add(anchored.nodes);
        if self.aliased_nodes > MAX_ALIASED_NODES {
            return Err(format!("aliases add up to more than {MAX_ALIASED_NODES} nodes: use `$ref` instead"));
        }
        if self.frames.len() + anchored.depth > MAX_DEPTH {
            return Err(too_deep());
        }
        let value = anchored.value.clone();
        let pointer = self.next_pointer();
        self.positions.entry(pointer).or_insert(position);
        self.insert(value)
    }

    fn open(&mut self, collection: Collection, anchor: usize, position: Position) -> Result<(), String> {
        if self.expects_key() {
            return Err("a list or a mapping cannot be a key: write a text".to_owned());
        }
        if self.frames.len() >= MAX_DEPTH {
            return Err(too_deep());
        }
        let pointer = self.next_pointer();
        self.positions.entry(pointer.clone()).or_insert(position);
        self.frames.push(Frame { pointer, anchor, collection });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let value = match frame.collection {
            Collection::Sequence(items) => Value::Array(items),
            Collection::Mapping { members, .. } => Value::Object(members),
        };
        self.remember(frame.anchor, &value);
        self.insert(value)
    }

    fn insert(&mut self, value: Value) -> Result<(), String> {
        match self.frames.last_mut().map(|frame| &mut frame.collection) {
            None => self.root = Some(value),
            Some(Collection::Sequence(items)) => items.push(value),
            Some(Collection::Mapping { members, key }) => {
                let key = key.take().ok_or_else(|| "a value without a key: write `key: value`".to_owned())?;
                members.insert(key, value);
            }
        }
        Ok(())
    }

    fn remember(&mut self, anchor: usize, value: &Value) {
        // The parser numbers anchors from 1 and gives 0 to a node that has none.
        if anchor > 0 {
            let (nodes, depth) = size(value);
            self.anchors.insert(anchor, Anchored { value: value.clone(), nodes, depth });
        }
    }

    fn expects_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { collection: Collection::Mapping { key: None, .. }, .. }))
    }

    /// The pointer of the value that comes next.
    fn next_pointer(&self) -> String {
        match self.frames.last() {
            None => String::new(),
            Some(Frame { pointer, collection: Collection::Sequence(items), .. }) => {
                pointer::child(pointer, items.len())
            }
            Some(Frame { pointer, collection: Collection::Mapping { key, .. }, .. }) => {
                pointer::child(pointer, key.as_deref().unwrap_or_default())
            }
        }
    }
}

fn too_deep() -> String {
    format!("nested deeper than {MAX_DEPTH} levels: move inner schemas to `components/schemas`")
}

fn expect_tag(tag: Option<&Tag>, wanted: &str) -> Result<(), String> {
    match tag.map(scalar::core_tag).transpose()? {
        Some(name) if name != wanted => Err(format!("the value is no `!!{name}`: write it without the tag")),
        _ => Ok(()),
    }
}

/// How many nodes a value has, and how many levels; values here are at most [`MAX_DEPTH`] deep.
fn size(value: &Value) -> (usize, usize) {
    let children: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => return (1, 1),
    };
    children
        .into_iter()
        .map(size)
        .fold((1, 1), |(nodes, depth), (more, below)| (nodes + more, depth.max(below + 1)))
}
