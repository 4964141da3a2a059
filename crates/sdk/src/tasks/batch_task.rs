//! What a batch task is, and how far: one reply of the platform.

use std::fmt;
use std::time::{Duration, SystemTime};

use northbound_client::types::{self, TaskParam, TaskTag};
use northbound_client::{BatchTaskStatus, Json, Members, TaskOrigin, TaskType};
use serde::Serialize;

use crate::DeviceCommand;
use crate::redact::excerpt;

/// A batch task: what it does, and its progress. The platform's page marks no member as required, so each may be missing.
///
/// It is serialised as the platform sent it, with undocumented members and all digits.
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let task = client.batch_task("5c8ba99030344005c02316ad").await?;
/// println!("{:?} of {:?} devices succeeded", task.success(), task.total());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct BatchTask(types::BatchTask);

impl BatchTask {
    pub(crate) fn new(task: types::BatchTask) -> Self {
        Self(task)
    }

    /// The id of the task.
    pub fn task_id(&self) -> Option<&str> {
        self.0.task_id.as_deref()
    }

    /// The application that owns it.
    pub fn app_id(&self) -> Option<&str> {
        self.0.app_id.as_deref()
    }

    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.0.task_name.as_deref()
    }

    /// Who created it.
    pub fn operator(&self) -> Option<&str> {
        self.0.operator.as_deref()
    }

    /// Where it was created: in the portal, or by a call.
    pub fn task_from(&self) -> Option<&TaskOrigin> {
        self.0.task_from.as_ref()
    }

    /// What it does.
    pub fn task_type(&self) -> Option<&TaskType> {
        self.0.task_type.as_ref()
    }

    /// Its status. No edition of the page says what the values mean, or which of them are final. Use the counters to see
    /// whether subtasks are unfinished, and a [watch](crate::Client::watch) to wait until the task is settled.
    pub fn status(&self) -> Option<&BatchTaskStatus> {
        self.0.status.as_ref()
    }

    /// When it was created, as the platform wrote it.
    pub fn start_time(&self) -> Option<&str> {
        self.0.start_time.as_deref()
    }

    /// When it was created; `None` if the text does not have the documented form, `20151212T121212Z`.
    pub fn started(&self) -> Option<SystemTime> {
        time(self.start_time()?)
    }

    /// How long it may take. Every edition of the page says that this is in seconds. See [`TaskTimeout`](crate::TaskTimeout).
    pub fn timeout(&self) -> Option<u64> {
        count(self.0.timeout)
    }

    /// The progress, 0 to 1000, rounded down.
    pub fn progress_per_mille(&self) -> Option<u64> {
        count(self.0.progress)
    }

    /// The share of subtasks that succeeded, 0 to 1000, rounded down. The page does not say whether it is a share of all
    /// subtasks or of the complete ones.
    pub fn success_rate_per_mille(&self) -> Option<u64> {
        count(self.0.success_rate)
    }

    /// How many subtasks there are.
    pub fn total(&self) -> Option<u64> {
        count(self.0.total_cnt)
    }

    /// How many subtasks succeeded.
    pub fn success(&self) -> Option<u64> {
        count(self.0.success_cnt)
    }

    /// How many subtasks failed.
    pub fn fail(&self) -> Option<u64> {
        count(self.0.fail_cnt)
    }

    /// How many subtasks timed out.
    pub fn timed_out(&self) -> Option<u64> {
        count(self.0.timeout_cnt)
    }

    /// How many subtasks expired before they were executed. The status of such subtasks is undocumented.
    pub fn expired(&self) -> Option<u64> {
        count(self.0.expired_cnt)
    }

    /// How many subtasks succeeded, failed or timed out. Expired subtasks do not count, so it may stay below the
    /// [total](Self::total) forever.
    pub fn complete(&self) -> Option<u64> {
        count(self.0.complete_cnt)
    }

    /// The parameters of the task as they came, with every digit. Editions of the page differ in what they hold.
    pub fn param(&self) -> Option<&Json> {
        self.0.param.as_ref()
    }

    /// The parameters of the task, decoded; `None` if they do not have the form of the parameters of a new command task.
    pub fn task_param(&self) -> Option<TaskParam> {
        self.param()?.decode().ok()
    }

    /// The command that the task sends; `None` if its parameters do not have the form of the parameters of a new command task.
    pub fn command(&self) -> Option<DeviceCommand> {
        self.task_param()?.command.map(Into::into)
    }

    /// The tags, if [they were asked for](crate::BatchTaskQuery::tags).
    pub fn tags(&self) -> Option<&[TaskTag]> {
        self.0.tags.as_deref()
    }

    /// The undocumented members.
    pub fn extra(&self) -> &Members {
        &self.0.extra
    }

    /// The task as a type of the generated layer.
    pub fn as_raw(&self) -> &types::BatchTask {
        &self.0
    }

    /// The task as a type of the generated layer.
    pub fn into_raw(self) -> types::BatchTask {
        self.0
    }
}

/// A count below zero counts as not given.
fn count(number: Option<i64>) -> Option<u64> {
    number.and_then(|number| u64::try_from(number).ok())
}

impl fmt::Display for BatchTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name().or(self.task_id()).unwrap_or("batch task");
        f.write_str(&excerpt(name))?;
        if let Some(task_type) = self.task_type() {
            write!(f, " ({})", excerpt(task_type.as_str()))?;
        }
        f.write_str(": ")?;
        f.write_str(&excerpt(self.status().map_or("no status", BatchTaskStatus::as_str)))?;
        if let Some(done) = self.progress_per_mille() {
            write!(f, ", {}.{} % done", done / 10, done % 10)?;
        }
        match (self.success(), self.total()) {
            (Some(success), Some(total)) => write!(f, ", {success} of {total} succeeded")?,
            (None, Some(total)) => write!(f, ", {total} subtasks")?,
            (Some(success), None) => write!(f, ", {success} succeeded")?,
            (None, None) => {}
        }
        for (number, what) in
            [(self.fail(), "failed"), (self.timed_out(), "timed out"), (self.expired(), "expired")]
        {
            if let Some(number) = number.filter(|number| *number > 0) {
                write!(f, ", {number} {what}")?;
            }
        }
        Ok(())
    }
}

/// Reads `yyyyMMdd'T'HHmmss'Z'`, in UTC.
fn time(text: &str) -> Option<SystemTime> {
    let text = text.strip_suffix('Z').filter(|text| text.len() == 15 && text.is_ascii())?;
    let (date, clock) = text.split_once('T').filter(|(date, _)| date.len() == 8)?;
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
    let (year, month, day) = (number(&date[..4])?, number(&date[4..6])?, number(&date[6..])?);
    let (hour, minute, second) = (number(&clock[..2])?, number(&clock[2..4])?, number(&clock[4..])?);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = lengths.get(..month.checked_sub(1)? as usize)?;
    let fits = (1..=*lengths.get(before.len())?).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    let years = year.checked_sub(1970).filter(|_| fits)?;
    // Days in the years before: each has 365, and leap years one more.
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let days = years * 365 + leaps(year - 1) - leaps(1969) + before.iter().sum::<u64>() + day - 1;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(((days * 24 + hour) * 60 + minute) * 60 + second))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(json: &str) -> BatchTask {
        BatchTask::new(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn times_are_read_as_the_page_writes_them() {
        for (text, seconds) in [
            ("19700101T000000Z", Some(0)),
            ("20000228T235959Z", Some(951_782_399)),
            ("20000229T000000Z", Some(951_782_400)),
            ("20000301T000000Z", Some(951_868_800)),
            ("20151212T121212Z", Some(1_449_922_332)),
            ("20241231T235959Z", Some(1_735_689_599)),
            ("21000301T000000Z", Some(4_107_542_400)),
            ("21000229T000000Z", None),
            ("20150012T121212Z", None),
            ("20151312T121212Z", None),
            ("20151212T241212Z", None),
            ("20151200T121212Z", None),
            ("19691231T235959Z", None),
            ("00000101T000000Z", None),
            ("2015-12-12T12:12:12Z", None),
            ("+0151212T121212Z", None),
            ("20151212121212", None),
            ("", None),
        ] {
            let expected = seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(time(text), expected, "{text}");
        }
    }

    #[test]
    fn it_reads_as_one_line() {
        let all = r#"{"taskId":"5c8b","taskName":"Every\n12 minutes","taskType":"DeviceCmd","status":"Running","progress":805,
            "totalCnt":10,"successCnt":7,"failCnt":1,"timeoutCnt":0,"expiredCnt":2,"completeCnt":8}"#;
        for (json, line) in [
            (
                all,
                "Every 12 minutes (DeviceCmd): Running, 80.5 % done, 7 of 10 succeeded, 1 failed, 2 expired",
            ),
            (r#"{"taskId":"5c8b","totalCnt":3,"failCnt":-1}"#, "5c8b: no status, 3 subtasks"),
            (r#"{}"#, "batch task: no status"),
        ] {
            assert_eq!(task(json).to_string(), line);
        }
    }

    #[test]
    fn nothing_that_came_is_lost() {
        let json = r#"{"appId":null,"completeCnt":-1,"param":{"iccid":89860000000000000001},"more":[1.50]}"#;
        let read = task(json);
        assert_eq!(
            (read.complete(), read.param().unwrap().as_str()),
            (None, r#"{"iccid":89860000000000000001}"#)
        );
        let written = serde_json::to_string(&read).unwrap();
        for part in [r#""param":{"iccid":89860000000000000001}"#, r#""more":[1.50]"#, r#""completeCnt":-1"#] {
            assert!(written.contains(part), "{written}");
        }
    }

    #[test]
    fn the_command_is_read_where_the_parameters_are_those_that_were_posted() {
        let posted = r#"{"param":{"type":"DeviceList","deviceList":["a"],"fileId":null,
            "command":{"serviceId":"s","method":"m","paras":{"a":1.50}}}}"#;
        let read = task(posted).command().unwrap();
        assert_eq!((read.service_id(), read.method()), ("s", "m"));
        assert_eq!(read.parameters().unwrap().json(), r#"{"a":1.50}"#);
        for other in
            [r#"{"param":{"serviceId":"s","method":"m"}}"#, r#"{"param":[]}"#, r#"{"param":"x"}"#, "{}"]
        {
            assert!(task(other).command().is_none(), "{other}");
        }
    }
}
