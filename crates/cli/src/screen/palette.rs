//! What a reader can show: colours and what they mean, block characters, and pictures that are redrawn.

use anstyle::{AnsiColor, Style};
use northbound::SubtaskStatus;

use crate::arguments::global::ColourChoice;

pub(crate) const STRONG: Style = Style::new().bold();
pub(crate) const QUIET: Style = Style::new().dimmed();
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const HELP: Style = AnsiColor::Cyan.on_default();

/// What is drawn with: colours or none, block characters or ASCII.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Palette {
    coloured: bool,
    /// Whether only ASCII is sure to be shown.
    pub(crate) ascii: bool,
    /// Whether a terminal only adds lines.
    pub(crate) is_dumb: bool,
}

impl Palette {
    /// Colours, unless an option, `NO_COLOR` (<https://no-color.org>), or a reader that is no terminal or a dumb one says no; and block
    /// characters if the locale has them.
    pub(crate) fn chosen(
        choice: ColourChoice,
        is_terminal: bool,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let value = |name: &str| environment(name).filter(|value| !value.is_empty());
        let terminal = value("TERM");
        // On Windows terminals understand the sequences and block characters, and set neither variable.
        let is_dumb = terminal.as_deref() == Some("dumb") || (terminal.is_none() && !cfg!(windows));
        let coloured = match choice {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => is_terminal && value("NO_COLOR").is_none() && !is_dumb,
        };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(value).unwrap_or_default();
        let is_utf8 = locale.to_ascii_lowercase().replace('-', "").contains("utf8");
        Self { coloured, ascii: !is_utf8 && !cfg!(windows), is_dumb }
    }

    #[cfg(test)]
    pub(crate) fn coloured() -> Self {
        Self { coloured: true, ..Self::default() }
    }

    pub(crate) fn is_coloured(self) -> bool {
        self.coloured
    }

    /// What stands for the end of a text that is left out.
    pub(crate) fn ellipsis(self) -> &'static str {
        if self.ascii { "..." } else { "…" }
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
