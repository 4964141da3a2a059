//! Decides from what was seen on the way to the platform whether it is right, in the order in which one thing needs another.

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
