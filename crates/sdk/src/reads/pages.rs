//! Which page to ask for next, which of its rows to deliver, and whether the read is complete.
//!
//! Page numbers over rows that change their status between two calls lose rows in silence, so a read goes in one of three
//! directions, each a state machine of its own: the [whole](whole) task, whose set is fixed; [forward](forward) through rows
//! that only come; [backward](backward) through rows that only go. They decide and do no I/O: [`crate::reads::stream`] makes
//! the calls, and the [model](model) feeds them from a platform whose rows move.

mod backward;
mod fingerprints;
mod forward;
mod lengths;
#[cfg(test)]
mod model;
mod order;
mod page;
#[cfg(test)]
mod scripts;
mod seen;
mod shortfall;
#[cfg(test)]
mod simulation;
mod totals;
mod whole;

pub(crate) use fingerprints::Fingerprints;
pub(crate) use page::{Arrived, Deliver, Next, Read, Start};
#[cfg(test)]
use shortfall::Cause;

use crate::reads::plan::Direction;
use backward::Backward;
use forward::Forward;
use whole::Whole;

/// Starts a read with one filter, in a direction.
pub(crate) fn begin(direction: Direction, start: Start) -> Box<dyn Read> {
    match direction {
        Direction::Whole => Box::new(Whole::new(start)),
        Direction::Forward => Box::new(Forward::new(start)),
        Direction::Backward => Box::new(Backward::new(start)),
    }
}
