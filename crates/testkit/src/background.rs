//! The emulator for tests that start programs.

use std::ops::Deref;

use northbound_emulator::{Builder, Emulator};
use tokio::runtime::{self, Runtime};

/// An emulator that runs on a thread of its own, for a test that waits for programs.
///
/// ```
/// use northbound_emulator::{Emulator, Scenario};
///
/// let scenario = Scenario::default().with_manual_clock();
/// let emulator = northbound_testkit::Background::start(Emulator::builder().scenario(scenario));
/// // … start a program that asks `emulator.url()` …
/// assert_eq!(emulator.control().journal().entries.len(), 0);
/// ```
#[derive(Debug)]
pub struct Background {
    emulator: Emulator,
    runtime: Runtime,
}

impl Background {
    /// Starts the emulator that is set up in `builder`.
    pub fn start(builder: Builder) -> Self {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { emulator: runtime.block_on(builder.start()).unwrap(), runtime }
    }

    /// Waits for something that needs a runtime, such as a call of a client.
    pub fn wait_for<T>(&self, something: impl Future<Output = T>) -> T {
        self.runtime.block_on(something)
    }
}

impl Deref for Background {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.emulator
    }
}
