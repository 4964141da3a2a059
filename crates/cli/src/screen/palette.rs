//! Colours: whether there are any, and what they mean.

use anstyle::{AnsiColor, Style};
use northbound::SubtaskStatus;

use crate::arguments::global::ColourChoice;

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

    pub(crate) fn strong(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    pub(crate) fn quiet(self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }

    pub(crate) fn error(self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    pub(crate) fn warning(self, text: &str) -> String {
        self.paint(AnsiColor::Yellow.on_default().bold(), text)
    }

    pub(crate) fn help(self, text: &str) -> String {
        self.paint(AnsiColor::Cyan.on_default(), text)
    }

    /// A text in the colour of a status.
    pub(crate) fn status(self, status: &SubtaskStatus, text: &str) -> String {
        let colour = match status {
            SubtaskStatus::Success => AnsiColor::Green,
            SubtaskStatus::Fail => AnsiColor::Red,
            SubtaskStatus::Timeout => AnsiColor::Yellow,
            SubtaskStatus::WaitResult => AnsiColor::Blue,
            // What waits, and what nobody knows.
            _ => return self.quiet(text),
        };
        self.paint(colour.on_default(), text)
    }
}
