//! The handle by which a program controls an emulator: time, tasks, faults, the journal and a reset. It has no socket and no path.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::clock::Clock;
use crate::exam::Exams;
use crate::fault::{ActiveFault, Fault, FaultError};
use crate::platform::journal::Journal;
use crate::platform::{Platform, TaskState};
use crate::scenario::{Scenario, ScenarioError, Task};

/// Controls an emulator: its time, tasks, faults and journal. [`Control::new`] makes an emulator without a socket;
/// [`Emulator::control`](crate::Emulator::control) is the handle to one with a socket. Clones control the same emulator.
///
/// ```
/// use std::time::Duration;
/// use northbound_emulator::{Control, Scenario};
///
/// # fn main() -> Result<(), northbound_emulator::ScenarioError> {
/// let control = Control::new(Scenario::default().with_manual_clock())?;
/// let router: axum::Router = control.router(); // To be called, or mounted elsewhere.
/// # let _ = router;
/// control.advance(Duration::from_secs(3600));
/// assert_eq!(control.clock().now(), Duration::from_secs(3600));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    scenario: Scenario,
    clock: Clock,
    run: RwLock<Run>,
    control_calls: AtomicU64,
}

/// What lasts from a start or reset to the next reset.
#[derive(Debug, Clone)]
struct Run {
    platform: Arc<Platform>,
    exams: Arc<Exams>,
}

impl Run {
    fn new(scenario: &Scenario, clock: &Clock) -> Result<Self, ScenarioError> {
        let platform = Arc::new(Platform::new(scenario, clock.clone())?);
        Ok(Self { platform, exams: Arc::new(Exams::new(scenario)) })
    }
}

impl Control {
    /// An emulator of this scenario. Its clock starts now.
    ///
    /// # Errors
    ///
    /// A scenario that contradicts itself.
    pub fn new(scenario: Scenario) -> Result<Self, ScenarioError> {
        let clock = Clock::new(scenario.clock);
        let run = RwLock::new(Run::new(&scenario, &clock)?);
        Ok(Self { shared: Arc::new(Shared { scenario, clock, run, control_calls: AtomicU64::new(0) }) })
    }

    /// The clock that everything in this emulator follows.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Moves the clock ahead: [`Clock::advance`].
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// Creates a batch task, whose life begins now.
    ///
    /// # Errors
    ///
    /// When the task contradicts itself, its application does not exist, or another task has its id.
    pub fn create_task(&self, task: Task) -> Result<(), ScenarioError> {
        self.platform().create_task(&task)
    }

    /// Removes a batch task. Returns whether it existed.
    pub fn drop_task(&self, task_id: &str) -> bool {
        self.platform().drop_task(task_id)
    }

    /// All batch tasks as they are now, ordered by id.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskState> {
        self.platform().task_states()
    }

    /// Adds a fault. Returns its number, for [`remove_fault`](Self::remove_fault).
    ///
    /// # Errors
    ///
    /// A fault that breaks a bound.
    pub fn add_fault(&self, fault: Fault) -> Result<u64, FaultError> {
        fault.check()?;
        Ok(self.platform().faults().add(fault))
    }

    /// The faults that are active.
    #[must_use]
    pub fn faults(&self) -> Vec<ActiveFault> {
        self.platform().faults().active.clone()
    }

    /// Removes the fault with this number. Returns whether it existed.
    pub fn remove_fault(&self, id: u64) -> bool {
        self.platform().faults().remove(id)
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.platform().faults().clear();
    }

    /// The newest requests, and why each was answered as it was.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.platform().recorder().read()
    }

    /// Empties the journal.
    pub fn clear_journal(&self) {
        self.platform().recorder().clear();
    }

    /// Starts from scratch with the scenario: tasks, tokens, quota, faults, journal and clock are as at the start, and the same
    /// calls get the same answers again. Requests under way are still answered from the old state.
    pub fn reset(&self) {
        let Shared { scenario, clock, run, .. } = &*self.shared;
        clock.restart();
        // The scenario was checked at the start.
        if let Ok(fresh) = Run::new(scenario, clock) {
            *run.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }

    /// The number of a call of the control API.
    pub(crate) fn count_control_call(&self) -> u64 {
        self.shared.control_calls.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The platform as it is now; a reset replaces it.
    pub(crate) fn platform(&self) -> Arc<Platform> {
        self.run().platform
    }

    /// The exams as they are now.
    pub(crate) fn exams(&self) -> Arc<Exams> {
        self.run().exams
    }

    fn run(&self) -> Run {
        // A panic elsewhere leaves both intact: they are replaced in one go.
        self.shared.run.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
