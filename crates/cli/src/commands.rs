//! The commands: a file or a folder for each. No command uses another.
//!
//! What several commands need is elsewhere: options in `arguments`, the connection in `session`, output in `screen` and `rows`.

pub(crate) mod doctor;
#[cfg(feature = "emulator")]
pub(crate) mod emulator;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod reference;
pub(crate) mod report;
pub(crate) mod subtasks;
pub(crate) mod summary;
pub(crate) mod watch;
