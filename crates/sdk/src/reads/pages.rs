//! Which page to ask for next, which of its rows to deliver, and whether the read is complete.
//!
//! Page numbers over rows that change their status between two calls lose rows in silence, so a read goes in one of three
//! directions, each a state machine of its own: the [whole](whole) task, whose set is fixed; [forward](forward) through
//! rows that only come; [backward](backward) through rows that only go. They decide and do no I/O: [`crate::reads::stream`] makes
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

pub(crate) use fingerprints::{Fingerprint, Fingerprints};
pub(crate) use page::{Arrived, Deliver, Next, Start, Taken};
pub(crate) use shortfall::{Cause, Shortfall};

use crate::reads::plan::Direction;
use backward::Backward;
use forward::Forward;
use whole::Whole;

/// One read with one filter, in its direction.
#[derive(Debug)]
pub(crate) enum Read {
    Whole(Whole),
    Forward(Forward),
    Backward(Box<Backward>),
}

impl Read {
    pub(crate) fn new(direction: Direction, start: Start) -> Self {
        match direction {
            Direction::Whole => Self::Whole(Whole::new(start)),
            Direction::Forward => Self::Forward(Forward::new(start)),
            Direction::Backward => Self::Backward(Box::new(Backward::new(start))),
        }
    }

    /// The page to ask for now, if there is one to ask for before an earlier one has arrived.
    pub(crate) fn ask(&mut self) -> Option<u32> {
        match self {
            Self::Whole(read) => read.ask(),
            Self::Forward(read) => read.ask(),
            Self::Backward(read) => read.ask(),
        }
    }

    /// Takes in a page; pages are taken in the order in which they were asked for.
    pub(crate) fn take(&mut self, page: &Arrived<'_>) -> Taken {
        match self {
            Self::Whole(read) => read.take(page),
            Self::Forward(read) => read.take(page),
            Self::Backward(read) => read.take(page),
        }
    }

    /// Which rows have been delivered, of a page that was not delivered when it came.
    pub(crate) fn repeats(&mut self, rows: &[Fingerprint]) -> Vec<usize> {
        match self {
            Self::Backward(read) => read.repeats(rows),
            Self::Whole(_) | Self::Forward(_) => Vec::new(),
        }
    }

    /// The next page would have a number that no request can hold.
    pub(crate) fn beyond(&self) -> Shortfall {
        let last = i32::MAX.unsigned_abs();
        match self {
            Self::Whole(read) => read.shortfall(last, Cause::Endless),
            Self::Forward(read) => read.shortfall(last, Cause::Endless),
            Self::Backward(read) => read.shortfall(last, Cause::Endless),
        }
    }
}
