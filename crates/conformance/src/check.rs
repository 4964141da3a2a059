//! One check of a promise.

use crate::report::Checked;
use crate::session::Session;

/// A promise, as a fact; the ids of the assumptions without which the document does not make it; and how to check whether it is kept.
pub(crate) type Check = (&'static str, &'static [&'static str], fn(&mut Session<'_>) -> Checked);
