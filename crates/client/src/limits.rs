//! What bounds the reading of a reply, kept by the thread that reads it: serde hands nothing down to the part that is read.

use std::cell::Cell;

/// What the thread reads at this moment.
#[derive(Clone, Copy)]
struct Limits {
    /// How many more rows lists may have.
    rows: usize,
    is_exceeded: bool,
    /// Whether a text may leave what is no string to the second reading, which takes more time.
    is_first: bool,
}

const NONE: Limits = Limits { rows: usize::MAX, is_exceeded: false, is_first: false };

thread_local! {
    static LIMITS: Cell<Limits> = const { Cell::new(NONE) };
}

/// Whether the lists may have one more row.
pub(crate) fn allows_another() -> bool {
    let limits = LIMITS.get();
    let left = limits.rows.checked_sub(1);
    let is_exceeded = limits.is_exceeded || left.is_none();
    LIMITS.set(Limits { rows: left.unwrap_or(0), is_exceeded, ..limits });
    left.is_some()
}

/// Whether the first of two readings is under way.
pub(crate) fn is_first() -> bool {
    LIMITS.get().is_first
}

/// Reads a reply whose lists may have this number of rows. The second part says whether they had more.
pub(crate) fn within<T>(rows: usize, is_first: bool, read: impl FnOnce() -> T) -> (T, bool) {
    LIMITS.set(Limits { rows, is_exceeded: false, is_first });
    let outcome = read();
    (outcome, LIMITS.replace(NONE).is_exceeded)
}
