//! What commands print with `-o json`: a type for each result, and the schema of all. The rows of a task are the platform's own, and
//! not here. The same thing has the same name in every result: `at`, `endpoint`, `taskId`, `settled`, `failed` and so on.

use std::collections::BTreeMap;
use std::time::SystemTime;

use northbound::{Failures, SubtaskStatus, Summary};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::Serialize;

/// Where a result comes from.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Source {
    /// When the result was complete: UTC in the form of RFC 3339, with milliseconds.
    at: String,
    /// The address of the platform, or of the emulator; null if none was given.
    endpoint: Option<String>,
}

impl Source {
    pub(crate) fn now(endpoint: Option<&str>) -> Self {
        let at = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        Self { at, endpoint: endpoint.map(|endpoint| endpoint.trim_end_matches('/').to_owned()) }
    }
}

/// How far a batch task is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskCounts {
    task_id: String,
    /// All subtasks.
    total: u64,
    /// The number of subtasks in each status; statuses that are not documented are here only if the task had to be read.
    #[schemars(with = "BTreeMap<String, u64>")]
    by_status: BTreeMap<SubtaskStatus, u64>,
    /// Subtasks in a final status.
    settled: u64,
    /// Subtasks that failed or timed out.
    failed: u64,
    /// Subtasks that were not found in a documented status.
    other: u64,
    /// Calls that the result took; for each object of a watch, since the one before.
    calls: u64,
}

impl TaskCounts {
    pub(crate) fn new(summary: &Summary, calls: u64) -> Self {
        Self {
            task_id: summary.task_id().to_owned(),
            total: summary.total(),
            by_status: summary.by_status().map(|(status, count)| (status.clone(), count)).collect(),
            settled: summary.settled(),
            failed: summary.failed(),
            other: summary.other(),
            calls,
        }
    }
}

/// Printed by `summary`, and by `watch`: with jsonl whenever the counts change.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SummaryResult {
    #[serde(flatten)]
    source: Source,
    #[serde(flatten)]
    counts: TaskCounts,
}

impl SummaryResult {
    pub(crate) fn now(endpoint: &str, summary: &Summary) -> Self {
        Self { source: Source::now(Some(endpoint)), counts: TaskCounts::new(summary, summary.calls()) }
    }
}

/// Printed by `report` when the page is in its file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReportResult {
    #[serde(flatten)]
    pub(crate) source: Source,
    #[serde(flatten)]
    pub(crate) counts: TaskCounts,
    pub(crate) file: String,
    /// Devices in the list of the page. If subtasks moved while they were read, that is another number than `failed`.
    pub(crate) listed: u64,
}

/// Printed by `export` when the rows are in their file.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportResult {
    #[serde(flatten)]
    pub(crate) source: Source,
    pub(crate) task_id: String,
    pub(crate) file: String,
    /// `csv` or `jsonl`.
    pub(crate) format: String,
    /// What was written; missing if the file was complete already and stays as it was.
    #[serde(flatten)]
    pub(crate) written: Option<WrittenRows>,
    pub(crate) calls: u64,
}

/// Rows of an export, also those that earlier runs wrote.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WrittenRows {
    rows: u64,
    #[schemars(with = "BTreeMap<String, u64>")]
    by_status: BTreeMap<SubtaskStatus, u64>,
    settled: u64,
    failed: u64,
    /// Rows that cannot be read.
    unreadable: u64,
    /// Rows that could be read after a repair.
    repaired: u64,
}

impl WrittenRows {
    pub(crate) fn new(
        rows: u64,
        by_status: &BTreeMap<SubtaskStatus, u64>,
        unreadable: u64,
        repaired: u64,
    ) -> Self {
        let sum = |is_counted: &dyn Fn(&SubtaskStatus) -> bool| {
            by_status.iter().filter(|(status, _)| is_counted(status)).map(|(_, count)| count).sum()
        };
        let (settled, failed) =
            (sum(&SubtaskStatus::is_final), sum(&|status| Failures::STATUSES.contains(status)));
        Self { rows, by_status: by_status.clone(), settled, failed, unreadable, repaired }
    }
}

/// Printed by `doctor`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DoctorResult {
    #[serde(flatten)]
    pub(crate) source: Source,
    /// The version of the command.
    pub(crate) northbound: &'static str,
    /// The version of the OpenAPI document.
    pub(crate) document: &'static str,
    /// The edition of the platform's page that the document follows.
    pub(crate) platform_edition: &'static str,
    pub(crate) os: &'static str,
    pub(crate) architecture: &'static str,
    /// Whether no check is wrong and every assumption that could be checked holds.
    pub(crate) sound: bool,
    pub(crate) checks: Vec<CheckResult>,
    pub(crate) assumptions: Vec<AssumptionResult>,
    pub(crate) calls: usize,
    /// How many of the calls were logins.
    pub(crate) logins: usize,
}

/// A check of the doctor.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CheckResult {
    pub(crate) name: &'static str,
    /// `ok`, `warning`, `wrong` or `not checked`.
    pub(crate) result: &'static str,
    pub(crate) found: String,
    /// What to do; null if there is nothing to do.
    pub(crate) help: Option<String>,
}

/// An assumption about the platform, by its id in `spec/assumptions.toml`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AssumptionResult {
    pub(crate) id: &'static str,
    /// `holds`, `does not hold` or `could not tell`.
    pub(crate) result: &'static str,
    pub(crate) found: String,
}

/// Printed by `explain`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ExplainResult {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// The platform's words.
    pub(crate) text: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) remedy: &'static str,
    /// What a client should do.
    pub(crate) action: &'static str,
    /// The replies that may have the code.
    pub(crate) responses: Vec<ExplainedResponse>,
    /// Where the code is known from, if not from the pages of the calls.
    pub(crate) source: Option<&'static str>,
}

/// A reply of an operation that may have a code.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ExplainedResponse {
    pub(crate) operation: &'static str,
    pub(crate) status: u16,
}

/// Printed by `emulator serve` when it listens.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EmulatorResult {
    #[serde(flatten)]
    pub(crate) source: Source,
}

/// Printed by `man`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ManResult {
    /// The folder.
    pub(crate) file: String,
    /// The number of pages in it.
    pub(crate) pages: usize,
}

/// Printed by `completions`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CompletionsResult {
    pub(crate) shell: String,
    pub(crate) script: String,
}

/// Printed on stderr, on one line, by a command that fails.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ErrorResult {
    pub(crate) error: ErrorFacts,
}

/// An error. The last three members are null unless a call failed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorFacts {
    /// What kind of failure it is, such as `usage`, `file`, `connection`, `platform` or `gave-up`. More may come.
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    /// What to do; null if there is nothing to say.
    pub(crate) help: Option<String>,
    pub(crate) exit_code: u8,
    /// The platform's error code.
    pub(crate) code: Option<String>,
    pub(crate) http_status: Option<u16>,
    pub(crate) attempts: Option<u32>,
}

/// Printed on stderr, on one line, for a warning.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WarningResult {
    pub(crate) warning: WarningFacts,
}

/// A warning.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct WarningFacts {
    pub(crate) message: String,
}

/// What a command of `northbound` prints with `-o json`. Members may be added, but none is renamed or removed.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "it is here for the schema")]
enum Results {
    Summary(SummaryResult),
    Report(ReportResult),
    Export(ExportResult),
    Doctor(DoctorResult),
    Explain(ExplainResult),
    Emulator(EmulatorResult),
    Man(ManResult),
    Completions(CompletionsResult),
    Error(ErrorResult),
    Warning(WarningResult),
}

/// The JSON Schema of all results: each is under `$defs` with the name of its type.
pub(crate) fn schema() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Results>()
}
