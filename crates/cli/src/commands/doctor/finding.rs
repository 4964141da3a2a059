//! What the doctor found: a line each.

use crate::error::kebab;

/// The result of one check, or of one assumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A check: as it should be.
    Ok,
    /// A check: it works, and may not for long.
    Warning,
    /// A check: it does not work.
    Wrong,
    /// A check that could not be made.
    NotChecked,
    /// An assumption: what was seen confirms it.
    Holds,
    /// An assumption: what was seen contradicts it.
    DoesNotHold,
    /// An assumption: what was seen fits, and would fit as well if it were false.
    CouldNotTell,
}

impl Mark {
    /// As it is printed, such as `does not hold`.
    pub(super) fn words(self) -> String {
        kebab(self).replace('-', " ")
    }

    /// Whether somebody has to do something.
    pub(super) fn is_bad(self) -> bool {
        matches!(self, Self::Wrong | Self::DoesNotHold)
    }
}

/// One check or assumption: its result, what was seen and, where something is to be done, what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) mark: Mark,
    /// Which check, or the id of the assumption; empty until the list of all of them gives the name.
    pub(super) name: &'static str,
    /// Holds no secret, and no id of an application, a task, a device or a command.
    pub(super) found: String,
    pub(super) help: Option<String>,
}

impl Finding {
    pub(super) fn new(mark: Mark, found: impl Into<String>) -> Self {
        Self { mark, name: "", found: found.into(), help: None }
    }

    pub(super) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into()).filter(|help| !help.is_empty());
        self
    }
}

pub(super) fn ok(found: impl Into<String>) -> Finding {
    Finding::new(Mark::Ok, found)
}

pub(super) fn warning(found: impl Into<String>, help: impl Into<String>) -> Finding {
    Finding::new(Mark::Warning, found).help(help)
}

pub(super) fn wrong(found: impl Into<String>, help: impl Into<String>) -> Finding {
    Finding::new(Mark::Wrong, found).help(help)
}

pub(super) fn not_checked(why: &str) -> Finding {
    Finding::new(Mark::NotChecked, why)
}

pub(super) fn holds(seen: impl Into<String>) -> Finding {
    Finding::new(Mark::Holds, seen)
}

pub(super) fn does_not_hold(seen: impl Into<String>) -> Finding {
    Finding::new(Mark::DoesNotHold, seen)
}

pub(super) fn could_not_tell(why: impl Into<String>) -> Finding {
    Finding::new(Mark::CouldNotTell, why)
}
