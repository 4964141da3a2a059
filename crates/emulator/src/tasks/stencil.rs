//! The JSON text of a subtask with holes for its ids.
//!
//! Rows with the same status and the same failure differ in their ids alone. So their text is serialized once, from the types
//! that the document is derived from, and copied for each row: five times as fast as serializing each.

use crate::api::{Subtask, json_text};
use crate::tasks::ids;

/// An id of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hole {
    Device,
    Command,
    Request,
}

impl Hole {
    const ALL: [Self; 3] = [Self::Device, Self::Command, Self::Request];

    /// What fills the hole: as long as the id, and nothing that a row holds elsewhere.
    const fn mark(self) -> &'static str {
        match self {
            Self::Device => "DDDDDDDD-DDDD-DDDD-DDDD-DDDDDDDDDDDD",
            Self::Command => "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC",
            Self::Request => "RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR",
        }
    }
}

/// The ids of the subtask that a stencil is made from.
pub(crate) const DEVICE: &str = Hole::Device.mark();
pub(crate) const COMMAND: &str = Hole::Command.mark();
pub(crate) const REQUEST: &str = Hole::Request.mark();

/// A text, and where the ids go.
#[derive(Debug)]
pub(crate) struct Stencil {
    text: String,
    holes: Vec<(Hole, usize)>,
}

impl Stencil {
    /// From a subtask with [`DEVICE`], [`COMMAND`] and [`REQUEST`] for ids.
    pub(crate) fn new(subtask: &Subtask) -> Self {
        let text = json_text(subtask);
        let holes = Hole::ALL.into_iter().filter_map(|hole| Some((hole, text.find(hole.mark())?))).collect();
        Self { text, holes }
    }

    /// Length of the text, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Appends the text of a row to a page.
    pub(crate) fn write(&self, key: u64, row: u32, page: &mut Vec<u8>) {
        let start = page.len();
        page.extend_from_slice(self.text.as_bytes());
        for (hole, at) in &self.holes {
            let place = &mut page[start + at..];
            match hole {
                Hole::Device => put(&ids::device(key, row), place),
                Hole::Command => put(&ids::command(key, row), place),
                Hole::Request => put(&ids::request(key, row), place),
            }
        }
    }
}

fn put(id: &[u8], place: &mut [u8]) {
    place[..id.len()].copy_from_slice(id);
}
