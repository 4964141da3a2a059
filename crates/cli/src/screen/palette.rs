//! Colours: whether there are any, and what they mean.

use anstyle::{AnsiColor, Style};
use northbound::SubtaskStatus;

use crate::arguments::global::ColourChoice;

pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const QUIET: Style = Style::new().dimmed();
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const HELP: Style = AnsiColor::Cyan.on_default();

/// Colours text, or leaves it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Palette {
    coloured: bool,
}

impl Palette {
    /// Colours, unless an option, `NO_COLOR` (<https://no-color.org>), or a reader that is no terminal or a dumb one says no.
    pub(crate) fn chosen(
        choice: ColourChoice,
        is_terminal: bool,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let set = |name| environment(name).is_some_and(|value| !value.is_empty());
        let dumb = environment("TERM").is_some_and(|terminal| terminal == "dumb");
        let coloured = match choice {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => is_terminal && !set("NO_COLOR") && !dumb,
        };
        Self { coloured }
    }

    #[cfg(test)]
    pub(crate) fn coloured() -> Self {
        Self { coloured: true }
    }

    pub(crate) fn is_coloured(self) -> bool {
        self.coloured
    }

    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        if self.coloured && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// The colour of a status.
pub(crate) fn of_status(status: &SubtaskStatus) -> Style {
    match status {
        SubtaskStatus::Success => AnsiColor::Green.on_default(),
        SubtaskStatus::Fail => AnsiColor::Red.on_default(),
        SubtaskStatus::Timeout => AnsiColor::Yellow.on_default(),
        SubtaskStatus::WaitResult => AnsiColor::Blue.on_default(),
        // `Pending`, and undocumented statuses.
        _ => QUIET,
    }
}
