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
        ("endpoint", seen.endpoint()),
        ("name", seen.name()),
        ("connection", seen.connection()),
        ("certificate", seen.certificate()),
        ("clock", seen.clock()),
        ("answer", seen.answer()),
        ("application", seen.application()),
        ("secret", seen.secret()),
        ("proxy headers", seen.proxy_headers()),
    ];
    let task = seen.task.map(|subtasks| ("task", seen.task(subtasks)));
    checks.into_iter().chain(task).map(|(name, finding)| finding.named(name)).collect()
}
