//! Decides from what was seen on the way to the platform whether it is right, in the order in which one thing needs another.
//!
//! A file for each group: the route, trust between the two sides, and the application that calls. What is seen of tasks is judged in
//! `assumptions`.

mod caller;
mod route;
mod trust;

use super::evidence::Evidence;
use super::finding::Finding;

pub(super) fn findings(seen: &Evidence<'_>) -> Vec<Finding> {
    let checks = [
        seen.endpoint(),
        seen.name(),
        seen.connection(),
        seen.certificate(),
        seen.clock(),
        seen.answer(),
        seen.application(),
        seen.secret(),
        seen.proxy_headers(),
    ];
    checks.into_iter().chain(seen.task()).collect()
}
