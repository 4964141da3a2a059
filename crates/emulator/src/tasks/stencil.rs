//! The JSON text of a subtask with holes for its ids.
//!
//! Rows with the same status and the same failure differ in their ids alone. So their text is serialized once, from the types
//! that the document is derived from, and copied for each row: five times as fast as serializing each.

use crate::api::{DeviceId, Subtask, json_text};
use crate::tasks::ids;

/// The ids of the subtask that a stencil is made from: as long as those of a row, and nothing that a row holds elsewhere.
pub(crate) const DEVICE: &str = "DDDDDDDD-DDDD-DDDD-DDDD-DDDDDDDDDDDD";
pub(crate) const COMMAND: &str = "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
pub(crate) const REQUEST: &str = "RRRRRRRRRRRRRRRRRRRRRRRRRRRRRRRR";

/// Writes the id of a row, which follows from a key, to the beginning of a text.
type Fill = fn(u64, u32, &mut [u8]);

const FILLS: [(&str, Fill); 3] = [
    (DEVICE, |key, row, place| place[..DEVICE.len()].copy_from_slice(&ids::device(key, row))),
    (COMMAND, |key, row, place| place[..COMMAND.len()].copy_from_slice(&ids::command(key, row))),
    (REQUEST, |key, row, place| place[..REQUEST.len()].copy_from_slice(&ids::request(key, row))),
];

/// A text, and where the ids go.
#[derive(Debug)]
pub(crate) struct Stencil {
    text: String,
    holes: Vec<(Fill, usize)>,
    /// Where the device's id goes.
    device: Option<usize>,
}

impl Stencil {
    /// From a subtask with [`DEVICE`], [`COMMAND`] and [`REQUEST`] for ids.
    pub(crate) fn new(subtask: &Subtask) -> Self {
        let text = json_text(subtask);
        let holes = FILLS.into_iter().filter_map(|(mark, fill)| Some((fill, text.find(mark)?))).collect();
        let device = text.find(DEVICE);
        Self { text, holes, device }
    }

    /// Length of the text, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Appends the text of a row to a page.
    pub(crate) fn write(&self, key: u64, row: u32, page: &mut Vec<u8>) {
        let start = page.len();
        page.extend_from_slice(self.text.as_bytes());
        for (fill, at) in &self.holes {
            fill(key, row, &mut page[start + at..]);
        }
    }

    /// Appends the text of a row with this device to a page.
    pub(crate) fn write_with(&self, key: u64, row: u32, device: &DeviceId, page: &mut Vec<u8>) {
        let start = page.len();
        self.write(key, row, page);
        if let Some(at) = self.device {
            // With the quotes, which JSON writes as well.
            page.splice(start + at - 1..start + at + DEVICE.len() + 1, json_text(device).into_bytes());
        }
    }
}
