//! Which page to ask for next, which of its rows to deliver, and whether the read is complete.
//!
//! A loop over page numbers loses rows without an error if rows change their status between two calls. So there are three kinds
//! of read, each with a state machine of its own. [`whole`] reads a whole task, whose set of rows is fixed. [`forward`] is for
//! rows that are only added. [`backward`] is for rows that are only removed. The state machines do no I/O:
//! [`crate::reads::stream`] makes the calls, and in tests the module `model` is a platform whose rows move.

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
