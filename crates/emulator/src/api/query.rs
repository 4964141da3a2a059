//! Reading the query of `listSubtasks`: form and bounds are judged here, before anything is looked up.

use std::collections::BTreeMap;

use crate::api::refusal::{INVALID_INPUT, Refusal, shown};
use crate::api::{CommandId, DeviceId, SubtaskStatus, TaskId};

/// Which subtasks are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query, rename_all = "camelCase"))]
pub(crate) struct SubtaskQuery {
    /// The application that owns the task, when it is another one that authorized the caller.
    #[cfg_attr(feature = "openapi", param(nullable = false))]
    pub(crate) app_id: Option<String>,
    /// The batch task.
    pub(crate) task_id: TaskId,
    /// Only subtasks in this status.
    #[cfg_attr(feature = "openapi", param(nullable = false))]
    pub(crate) status: Option<SubtaskStatus>,
    /// Only subtasks of this device.
    #[cfg_attr(feature = "openapi", param(nullable = false))]
    pub(crate) device_id: Option<DeviceId>,
    /// Only the subtask of this command.
    #[cfg_attr(feature = "openapi", param(nullable = false))]
    pub(crate) command_id: Option<CommandId>,
    /// Number of the page; 0 is the first.
    #[cfg_attr(feature = "openapi", param(required = false, default = 0))]
    pub(crate) page_no: u32,
    /// Rows on a page.
    #[cfg_attr(feature = "openapi", param(required = false, minimum = 1, maximum = 250, default = 25))]
    pub(crate) page_size: u32,
}

impl SubtaskQuery {
    const NAMES: [&'static str; 7] =
        ["appId", "taskId", "status", "deviceId", "commandId", "pageNo", "pageSize"];

    /// Reads a raw query string. Names that the page does not list are ignored.
    pub(crate) fn parse(raw: &str) -> Result<Self, Refusal> {
        let mut given = Given::parse(raw, &Self::NAMES)?;
        Ok(Self {
            app_id: given.take("appId"),
            task_id: task_id(given.take("taskId"))?,
            status: given.take("status").map(status).transpose()?,
            device_id: given.take("deviceId").map(DeviceId),
            command_id: given.take("commandId").map(CommandId),
            page_no: given.integer("pageNo", 0..=i32::MAX.unsigned_abs())?.unwrap_or(0),
            page_size: given.integer("pageSize", 1..=250)?.unwrap_or(25),
        })
    }

    /// Number of rows before a page. It fits: the largest page times the largest size is below 2⁴⁰.
    pub(crate) fn rows_before(&self, page_no: u32) -> u64 {
        u64::from(page_no) * u64::from(self.page_size)
    }
}

/// The parameters of the page that a query gives, each at most once.
pub(crate) struct Given(BTreeMap<&'static str, String>);

impl Given {
    pub(crate) fn parse(raw: &str, names: &[&'static str]) -> Result<Self, Refusal> {
        let mut given = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            let Some(known) = names.iter().copied().find(|known| *known == name) else { continue };
            // Which of two values counts is not documented; a client that sends two has a fault.
            if given.insert(known, value.into_owned()).is_some() {
                return Err(INVALID_INPUT.because(format!("{known} is given twice")));
            }
        }
        Ok(Self(given))
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// An integer in decimal digits alone: no sign, no blanks, no fraction.
    fn integer(&mut self, name: &str, range: std::ops::RangeInclusive<u32>) -> Result<Option<u32>, Refusal> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let value = if digits { text.parse().ok().filter(|value| range.contains(value)) } else { None };
        value.map(Some).ok_or_else(|| {
            let (low, high) = range.into_inner();
            INVALID_INPUT.because(format!("{name}={} is not an integer from {low} to {high}", shown(&text)))
        })
    }
}

fn task_id(given: Option<String>) -> Result<TaskId, Refusal> {
    match given {
        None => Err(INVALID_INPUT.because("taskId is missing")),
        Some(id) if id.is_empty() => Err(INVALID_INPUT.because("taskId is empty")),
        Some(id) => Ok(TaskId(id)),
    }
}

fn status(given: String) -> Result<SubtaskStatus, Refusal> {
    given.parse().map_err(|_| {
        let known = SubtaskStatus::ALL.map(SubtaskStatus::name).join(", ");
        INVALID_INPUT.because(format!("status={} is none of {known}", shown(&given)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(raw: &str) -> String {
        let refusal = SubtaskQuery::parse(raw).unwrap_err();
        assert_eq!(refusal.row, INVALID_INPUT, "{raw}");
        refusal.reason
    }

    #[test]
    fn a_task_id_alone_asks_for_the_first_25_rows() {
        let query = SubtaskQuery::parse("taskId=demo&index=1&index=2&=&&nodeId").unwrap();
        assert_eq!(query.task_id, TaskId("demo".into()));
        assert_eq!((query.page_no, query.page_size), (0, 25));
        assert_eq!((query.app_id, query.status, query.device_id, query.command_id), (None, None, None, None));
    }

    #[test]
    fn every_parameter_is_read_and_decoded() {
        let query = "appId=a%20b&taskId=t%2B1&status=Fail&deviceId=d&commandId=c&pageNo=3&pageSize=250";
        let query = SubtaskQuery::parse(query).unwrap();
        assert_eq!(query.app_id.as_deref(), Some("a b"));
        assert_eq!(query.task_id.0, "t+1");
        assert_eq!(query.status, Some(SubtaskStatus::Fail));
        assert_eq!(query.device_id, Some(DeviceId("d".into())));
        assert_eq!(query.command_id, Some(CommandId("c".into())));
        assert_eq!(query.rows_before(query.page_no), 750);
    }

    #[test]
    fn what_is_missing_empty_unknown_or_given_twice_is_named() {
        let known = SubtaskStatus::ALL.map(SubtaskStatus::name).join(", ");
        for (query, expected) in [
            ("", "taskId is missing"),
            ("taskid=demo", "taskId is missing"),
            ("taskId", "taskId is empty"),
            ("taskId=t&status=fail", &format!("status='fail' is none of {known}")),
            ("taskId=t&status=", &format!("status='' is none of {known}")),
        ] {
            assert_eq!(reason(query), expected);
        }
        for name in SubtaskQuery::NAMES {
            let twice = reason(&format!("{name}=1&taskId=1&{name}=1")).replace("taskId", name);
            assert_eq!(twice, format!("{name} is given twice"));
        }
    }

    #[test]
    fn numbers_are_bounded_on_both_sides_and_written_in_digits_alone() {
        for query in ["pageSize=1", "pageSize=250", "pageNo=0", "pageNo=2147483647"] {
            assert!(SubtaskQuery::parse(&format!("taskId=t&{query}")).is_ok(), "{query}");
        }
        for query in ["pageSize=0", "pageSize=251", "pageNo=-1", "pageNo=2147483648"] {
            assert!(reason(&format!("taskId=t&{query}")).contains(" is not an integer from "), "{query}");
        }
        for text in ["", "%2B1", "1.0", "1e2", "0x1", " 1", "1 ", "-0", "null", "١"] {
            assert!(reason(&format!("taskId=t&pageSize={text}")).ends_with("from 1 to 250"), "{text}");
        }
        let query = SubtaskQuery::parse("taskId=t&pageNo=2147483647&pageSize=250").unwrap();
        assert_eq!(query.rows_before(query.page_no), 2_147_483_647 * 250);
    }
}
