//! What goes over the wire of an exam: the offer, the answers, the marks.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How an exam is to be held. Each member may be left out.
#[derive(Debug, Clone, Copy, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ExamRequest {
    /// Calls that the application may make within the window.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000, default = 12))]
    pub(crate) calls: u32,
    /// Length of the window, in milliseconds, by the clock of the emulator.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 3_600_000, default = 2000))]
    pub(crate) window_ms: u32,
}

impl Default for ExamRequest {
    fn default() -> Self {
        Self { calls: 12, window_ms: 2000 }
    }
}

impl ExamRequest {
    pub(crate) fn window(&self) -> Duration {
        Duration::from_millis(self.window_ms.into())
    }

    /// What is wrong with it.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, given, most) in [("calls", self.calls, 1000), ("window_ms", self.window_ms, 3_600_000)] {
            if !(1..=most).contains(&given) {
                return Err(format!("{name} of {given}: 1 to {most} are allowed"));
            }
        }
        Ok(())
    }
}

/// What a client is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Question {
    /// Every row of a task that stands still.
    Whole,
    /// Every row of a task that has odd ones.
    Odd,
    /// The devices that failed, while more of them fail.
    Failed,
    /// The devices that are not sent to yet, while they are sent to.
    Pending,
    /// A task that is said to be at another address.
    Redirect,
}

impl Question {
    pub(crate) const ALL: [Self; 5] = [Self::Whole, Self::Odd, Self::Failed, Self::Pending, Self::Redirect];

    /// The name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        ["whole", "odd", "failed", "pending", "redirect"][self as usize]
    }

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Whole | Self::Odd => "Read every row of the task.",
            Self::Failed => "Read every row whose status is Fail or Timeout, each once, while subtasks move.",
            Self::Pending => "Read every row whose status is Pending, each once, while subtasks move.",
            Self::Redirect => "Read every row of the task, or say that it failed.",
        }
    }
}

/// An exam that has begun.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Offer {
    /// Names the exam.
    pub(crate) id: String,
    /// The application to log in as: its own, for this exam alone.
    pub(crate) app_id: String,
    /// The secret of the application.
    #[cfg_attr(feature = "openapi", schema(format = Password))]
    pub(crate) secret: String,
    /// Calls that the application may make within the window. A login counts, but is never refused for it.
    pub(crate) calls: u32,
    /// Length of the window, in milliseconds.
    pub(crate) window_ms: u32,
    /// What to read.
    pub(crate) questions: Vec<Asked>,
}

/// One question of an exam.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Asked {
    /// Names the question.
    pub(crate) question: Question,
    /// The question in words.
    pub(crate) words: String,
    /// The task to read.
    pub(crate) task_id: String,
    /// The statuses that are asked for; none are all.
    pub(crate) statuses: Vec<String>,
}

/// What a client read for one question.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    /// The question.
    pub(crate) question: Question,
    /// Every row that the client handed out, as often as it did.
    #[serde(default)]
    pub(crate) rows: Vec<ReadRow>,
    /// Whether the client said that it could not read the whole.
    #[serde(default)]
    pub(crate) failed: bool,
}

/// A row as the client handed it out.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadRow {
    /// Its `param.commandId`; null where it has none.
    pub(crate) command: Option<String>,
    /// Its status, as the platform wrote it, such as `Fail`.
    pub(crate) status: Option<String>,
}

/// How the client did.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct ExamReport {
    /// The exam.
    pub(crate) id: String,
    /// Whether every mark is passed.
    pub(crate) passed: bool,
    /// The marks. One that the client did not come to is not passed.
    pub(crate) marks: Vec<Mark>,
}

/// One thing that is judged.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Mark {
    /// What is judged, such as `lost`.
    pub(crate) mark: &'static str,
    /// Whether nothing was wrong with it.
    pub(crate) passed: bool,
    /// How many calls or rows were wrong.
    pub(crate) wrong: usize,
    /// What was seen.
    pub(crate) seen: String,
}
