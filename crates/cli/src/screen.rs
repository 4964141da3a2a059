//! How things look on a terminal: colours, widths and line breaks, charts, and progress that is redrawn in place.
//!
//! Functions here get values and give lines, or write lines to an outlet. They call no platform and know no command.

pub(crate) mod chart;
pub(crate) mod estimate;
pub(crate) mod layout;
pub(crate) mod outlet;
pub(crate) mod palette;
pub(crate) mod picture;
pub(crate) mod progress;
pub(crate) mod waiting;
