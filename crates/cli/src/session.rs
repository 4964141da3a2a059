//! What surrounds a command while it runs: the process with its streams and signals, the files that it writes, and the connection
//! to the platform with its token and its quota.
//!
//! How something looks on a terminal is in `screen`, what a command does in `commands`.

pub(crate) mod connection;
pub(crate) mod context;
pub(crate) mod hanging;
pub(crate) mod interrupt;
pub(crate) mod known_tasks;
#[cfg(any(feature = "emulator", feature = "gateway"))]
pub(crate) mod listening;
pub(crate) mod new_file;
pub(crate) mod private_folder;
pub(crate) mod process;
pub(crate) mod profiles;
pub(crate) mod secret;
pub(crate) mod send_record;
pub(crate) mod setting;
pub(crate) mod settings;
pub(crate) mod share;
pub(crate) mod standard_stream;
pub(crate) mod traces;
pub(crate) mod versioned;
