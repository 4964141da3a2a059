//! The faults that are switched on, and which call each applies to next.

use serde::Serialize;

use super::{Fault, FaultKind, Operation};
use crate::draw::{self, Purpose, draw};

/// A fault that is switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct ActiveFault {
    /// Names it when it is to be cleared.
    pub id: u64,
    /// The fault; its `next` is the number of calls that are left.
    pub fault: Fault,
}

/// The faults that are switched on.
#[derive(Debug)]
pub(crate) struct Faults {
    seed: u64,
    added: u64,
    pub(crate) active: Vec<ActiveFault>,
}

impl Faults {
    pub(crate) fn new(seed: u64, faults: &[Fault]) -> Self {
        let mut new = Self { seed, added: 0, active: Vec::new() };
        for fault in faults {
            new.add(fault.clone());
        }
        new
    }

    /// Switches a fault on; the number names it from now on.
    pub(crate) fn add(&mut self, fault: Fault) -> u64 {
        self.added += 1;
        if fault.next != Some(0) {
            self.active.push(ActiveFault { id: self.added, fault });
        }
        self.added
    }

    /// Whether there was such a fault.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.active.len();
        self.active.retain(|active| active.id != id);
        self.active.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// What goes wrong with this call of the operation; `number` counts the calls, and decides the draw.
    pub(crate) fn take(&mut self, operation: Operation, number: u64) -> Option<FaultKind> {
        let seed = self.seed;
        let hit = |active: &ActiveFault| {
            let key = draw::key(seed, "fault").wrapping_add(active.id);
            active.fault.applies_to(operation)
                && draw(key, number, Purpose::Fault) % 1000 < active.fault.per_mille.into()
        };
        let position = self.active.iter().position(hit)?;
        let kind = self.active[position].fault.fault.clone();
        if let Some(left) = &mut self.active[position].fault.next {
            *left -= 1;
            if *left == 0 {
                self.active.remove(position);
            }
        }
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(faults: &[Fault]) -> Faults {
        Faults::new(1, faults)
    }

    #[test]
    fn a_fault_for_the_next_calls_ends_after_them() {
        let mut faults = faults(&[Fault::new(FaultKind::Reset).next(2), Fault::new(FaultKind::Gzip).next(1)]);
        let seen: Vec<_> = (0..5).map(|number| faults.take(Operation::Login, number)).collect();
        assert_eq!(seen, [Some(FaultKind::Reset), Some(FaultKind::Reset), Some(FaultKind::Gzip), None, None]);
        assert!(faults.active.is_empty());
    }

    #[test]
    fn a_share_is_drawn_from_the_seed() {
        let share = Fault::new(FaultKind::EmptyError).per_mille(200);
        let hits = |seed| {
            let mut faults = Faults::new(seed, std::slice::from_ref(&share));
            (0..10_000).filter(|number| faults.take(Operation::Login, *number).is_some()).collect::<Vec<_>>()
        };
        assert!(hits(1).len().abs_diff(2_000) < 150, "{}", hits(1).len());
        assert_eq!(hits(1), hits(1));
        assert_ne!(hits(1), hits(2));
    }

    #[test]
    fn a_fault_applies_to_the_operations_that_it_is_for() {
        let on_login = Fault::new(FaultKind::Reset).on(Operation::Login);
        assert_eq!(faults(std::slice::from_ref(&on_login)).take(Operation::ListSubtasks, 1), None);
        assert!(faults(&[on_login]).take(Operation::Login, 1).is_some());
        let of_rows = Fault::new(FaultKind::NullParam);
        assert_eq!(faults(std::slice::from_ref(&of_rows)).take(Operation::Login, 1), None);
        assert!(faults(&[of_rows]).take(Operation::ListSubtasks, 1).is_some());
    }

    #[test]
    fn a_fault_can_be_taken_back_by_its_number() {
        let mut faults = faults(&[Fault::new(FaultKind::Reset), Fault::new(FaultKind::Gzip)]);
        assert!(faults.remove(1) && !faults.remove(1));
        assert_eq!(faults.take(Operation::Login, 1), Some(FaultKind::Gzip));
        assert_eq!(faults.add(Fault::new(FaultKind::Reset)), 3, "a number is not given twice");
    }
}
