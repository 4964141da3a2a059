//! In which order statuses are counted and which of them can still change: from the lifecycle in the document.

use std::collections::BTreeSet;

use northbound_client::SubtaskStatus;

/// All statuses, each after every status that may follow it.
///
/// A subtask that moves while statuses are counted in this order goes from one that is counted later to one that has been
/// counted: it may be missed, it is never counted twice.
pub(crate) fn counting_order() -> Vec<&'static SubtaskStatus> {
    let mut order: Vec<_> = SubtaskStatus::KNOWN.iter().collect();
    // What can be reached from a status that follows is always less than what can be reached from the one before.
    order.sort_by_key(|status| reachable(status).len());
    order
}

/// The statuses that a subtask leaves again, from the beginning of its life on: once all before one are empty, nothing
/// enters it any more.
pub(crate) fn open_statuses() -> Vec<&'static SubtaskStatus> {
    counting_order().into_iter().rev().filter(|status| !status.is_final()).collect()
}

/// Every status that may follow this one, at once or later.
pub(crate) fn reachable(from: &SubtaskStatus) -> BTreeSet<&'static SubtaskStatus> {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<&'static [SubtaskStatus]> = from.successors().into_iter().collect();
    while let Some(successors) = ahead.pop() {
        let new = successors.iter().filter(|successor| reached.insert(*successor));
        ahead.extend(new.filter_map(SubtaskStatus::successors));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_statuses_are_counted_first_and_pending_last() {
        let order = counting_order();
        assert_eq!(order.len(), SubtaskStatus::KNOWN.len());
        assert_eq!(order.last(), Some(&&SubtaskStatus::Pending));
        let finals = order.iter().take_while(|status| status.is_final()).count();
        assert!(order[finals..].iter().all(|status| !status.is_final()), "{order:?}");
        for (place, status) in order.iter().enumerate() {
            let successors = status.successors().unwrap();
            assert!(successors.iter().all(|next| order[..place].contains(&next)), "{status} in {order:?}");
        }
    }

    #[test]
    fn no_status_comes_back() {
        for status in SubtaskStatus::KNOWN {
            assert!(!reachable(status).contains(status), "{status}: counting by the lifecycle would not end");
        }
    }

    #[test]
    fn an_undocumented_status_is_not_final_and_has_no_successor() {
        let stopped = SubtaskStatus::from("Halted");
        assert!(!stopped.is_final());
        assert!(reachable(&stopped).is_empty());
    }
}
