//! What bounds the reading of a reply, kept by the thread that reads it: serde hands nothing down to the part that is read.

use std::cell::Cell;

/// What the thread reads at this moment.
#[derive(Clone, Copy)]
struct Limits {
    /// How many rows a list may have.
    rows: usize,
    is_exceeded: bool,
    /// Whether a text may leave what is no string to the second reading, which takes more time.
    is_first: bool,
}

const NONE: Limits = Limits { rows: usize::MAX, is_exceeded: false, is_first: false };

thread_local! {
    static LIMITS: Cell<Limits> = const { Cell::new(NONE) };
}

/// Whether a list may have this number of rows.
pub(crate) fn allows(rows: usize) -> bool {
    let limits = LIMITS.get();
    if rows > limits.rows {
        LIMITS.set(Limits { is_exceeded: true, ..limits });
    }
    rows <= limits.rows
}

/// Whether the first of two readings is under way.
pub(crate) fn is_first() -> bool {
    LIMITS.get().is_first
}

/// Begins to read a reply whose lists may have this number of rows.
pub(crate) fn begin(rows: usize) {
    LIMITS.set(Limits { rows, is_exceeded: false, is_first: true });
}

/// Ends the first reading. True if a list had too many rows, which no second reading changes.
pub(crate) fn end_first() -> bool {
    let limits = Limits { is_first: false, ..LIMITS.get() };
    LIMITS.set(limits);
    limits.is_exceeded
}

/// Ends the last reading. True if a list had too many rows.
pub(crate) fn end() -> bool {
    LIMITS.replace(NONE).is_exceeded
}
