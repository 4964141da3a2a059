//! What happened to one device, and a page of such answers.

use std::borrow::Cow;
use std::fmt;

use northbound_client::types::{self, CommandOutput, SubtaskFailure, SubtaskParam};
use northbound_client::{Misread, SubtaskStatus, Text, Unreadable};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// What happened to one device of a batch task.
///
/// It is serialised as the platform sent it, with undocumented members and all digits. A row that [cannot be
/// read](Self::unreadable) is serialised as its text if that is JSON, and otherwise as an object with the text in its only
/// member, `unreadable`.
///
/// It can be deserialised from JSON text, such as a line that `northbound export` has written. The text is read like a reply.
///
/// ```
/// let line = r#"{"status":"Fail","param":{"deviceId":"868744","iccid":89860000000000000001}}"#;
/// let subtask: northbound::Subtask = serde_json::from_str(line)?;
/// assert_eq!(subtask.device_id(), Some("868744"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Subtask(types::Subtask);

impl Serialize for Subtask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.unreadable() {
            Some(unreadable) => unreadable.serialize(serializer),
            None => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Subtask {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(northbound_client::read_subtask(json.get())))
    }
}

impl Subtask {
    /// Whether the row, or the reply around it, had to be repaired before it could be read: a byte order mark or NUL bytes
    /// around the reply, a lone surrogate, a raw control character, two members with one name, `3.0` for a whole number. Equal
    /// names and lone surrogates inside undocumented members are kept.
    pub fn is_repaired(&self) -> bool {
        self.0.extra.is_repaired() || self.param().is_some_and(|param| param.extra.is_repaired())
    }

    /// The text of a row that cannot be read, and the position of the error; `None` if the row could be read. Such a row has no
    /// status and no other member, and is delivered whatever the filters are.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        self.0.extra.unreadable()
    }

    /// The status. It may be undocumented.
    pub fn status(&self) -> Option<&SubtaskStatus> {
        self.0.status.as_ref()
    }

    /// The device.
    pub fn device_id(&self) -> Option<&str> {
        text(self.param()?.device_id.as_ref())
    }

    /// The device command.
    pub fn command_id(&self) -> Option<&str> {
        text(self.param()?.command_id.as_ref())
    }

    /// All parameters of the task. They depend on the type of the task, which this call does not return.
    pub fn param(&self) -> Option<&SubtaskParam> {
        self.0.param.as_ref()
    }

    /// The output of a command, as JSON text; `None` if there is none or it is empty.
    pub fn output(&self) -> Option<&str> {
        text(self.0.output.as_ref())
    }

    /// The cause of a failure, as JSON text; `None` if there is none or it is empty.
    pub fn error(&self) -> Option<&str> {
        text(self.0.error.as_ref())
    }

    /// The output of a command, decoded; `None` if there is none, or it is not what the document describes. The text is in
    /// [`output`](Self::output).
    pub fn command_output(&self) -> Option<CommandOutput> {
        self.0.decode_output()?.ok()
    }

    /// The cause of a failure, decoded; `None` if there is none, or it is not what the document describes. The text is in
    /// [`error`](Self::error).
    pub fn failure(&self) -> Option<SubtaskFailure> {
        self.0.decode_error()?.ok()
    }

    /// Why the device failed, for a person: the platform's words and code, else the text of the cause, else the status.
    ///
    /// ```
    /// # use northbound::Subtask;
    /// # fn example(subtask: Subtask) {
    /// println!("{}: {}", subtask.device_id().unwrap_or("?"), subtask.reason());
    /// // d4a1c6de-6f7b-4c0d-9a1e-0f7c5f8f2b11: The input is invalid (100022)
    /// # }
    /// ```
    pub fn reason(&self) -> Cow<'_, str> {
        if let Some(unreadable) = self.unreadable() {
            return format!("the row cannot be read at {}", unreadable.path()).into();
        }
        match self.failure() {
            Some(SubtaskFailure { error_code: Some(code), error_desc: Some(words), .. }) => {
                format!("{words} ({code})").into()
            }
            Some(SubtaskFailure { error_code: Some(code), .. }) => format!("error {code}").into(),
            Some(SubtaskFailure { error_desc: Some(words), .. }) => words.into(),
            _ => self
                .error()
                .or_else(|| self.status().map(SubtaskStatus::as_str))
                .unwrap_or("no reason given")
                .into(),
        }
    }

    /// The subtask as a type of the generated layer, with undocumented members in `extra`.
    pub fn as_raw(&self) -> &types::Subtask {
        &self.0
    }

    /// The subtask as the generated layer has it.
    pub fn into_raw(self) -> types::Subtask {
        self.0
    }
}

fn text(text: Option<&Text>) -> Option<&str> {
    text.map(Text::as_str).filter(|text| !text.is_empty())
}

/// One page of subtasks, as the platform sent it.
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let page = client.subtasks("5c8ba99030344005c02316ad").page(0).await?;
/// println!("{} of {:?} subtasks", page.subtasks().len(), page.total_count());
/// # Ok(())
/// # }
/// ```
///
/// The counters are the platform's and can be wrong: the platform's own example has two rows and a total of one.
///
/// A page of [`SubtaskQuery::pages`](crate::SubtaskQuery::pages) has only the rows that the read delivers: no row that came
/// before, and none with a status that was not requested. The other members are as they came.
///
/// It can be deserialised from JSON text, which is read like a reply. Its [number](Self::number) is then the one in the text.
/// [`resume_from`](Self::resume_from), [`repeats`](Self::repeats) and [`asked_size`](Self::asked_size) are not in the text, and
/// are lost.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Page {
    page: types::SubtaskPage,
    #[serde(skip)]
    number: u32,
    #[serde(skip)]
    asked_size: Option<u32>,
    #[serde(skip)]
    resume_from: Option<u32>,
    #[serde(skip)]
    repeats: usize,
}

impl<'de> Deserialize<'de> for Page {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let page = northbound_client::read_page(json.get()).map_err(|misread| match misread {
            Misread::At { member, fault } => D::Error::custom(format!("{fault} at {member}")),
            misread => D::Error::custom(format!("{misread:?}")),
        })?;
        let number = page.page_no.and_then(|number| u32::try_from(number).ok());
        Ok(Self::new(page, number.unwrap_or_default()))
    }
}

impl Page {
    pub(crate) fn new(page: types::SubtaskPage, number: u32) -> Self {
        Self { page, number, asked_size: None, resume_from: None, repeats: 0 }
    }

    /// The page as the platform was asked for it.
    pub(crate) fn asked_for(self, rows: u32) -> Self {
        Self { asked_size: Some(rows), ..self }
    }

    /// Pages have become smaller, and this one is where the first of so many parts is now.
    pub(crate) fn is_first_of(&mut self, parts: u32) {
        self.number = self.number.saturating_mul(parts);
    }

    /// The page as a read delivers it.
    pub(crate) fn delivered(self, resume_from: Option<u32>, repeats: usize) -> Self {
        Self { resume_from, repeats, ..self }
    }

    /// Keeps the rows for which `keep` says so, given their place.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(usize, &types::Subtask) -> bool) {
        let mut places = 0..;
        if let Some(rows) = &mut self.page.task_details {
            rows.retain(|row| places.next().is_some_and(|place| keep(place, row)));
        }
    }

    /// Whether the reply had to be repaired before it could be read; [`Subtask::is_repaired`] says how.
    pub fn is_repaired(&self) -> bool {
        self.page.extra.is_repaired() || self.rows().iter().any(|row| row.extra.is_repaired())
    }

    /// The page number of the request; 0 is the first page.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The page size of the request; `None` on a page that was read from JSON. It is smaller than that of the query if an
    /// earlier page was too long for one reply: then the rest of the read has smaller pages.
    pub fn asked_size(&self) -> Option<u32> {
        self.asked_size
    }

    /// Where a later read with the same plan can resume after this page: a value for
    /// [`SubtaskQuery::from_page`](crate::SubtaskQuery::from_page), in pages of [`asked_size`](Self::asked_size). `None` after
    /// the last page, and on a page that was requested alone.
    pub fn resume_from(&self) -> Option<u32> {
        self.resume_from
    }

    /// How many rows a read has left out of this page because it had delivered them before; 0 on a page that was requested
    /// alone.
    ///
    /// In a read by status this is normal, because rows move. The rows of a whole task do not move. So in such a read it means
    /// that the platform has sorted them again, and that a read resumed from here cannot notice missing rows.
    pub fn repeats(&self) -> usize {
        self.repeats
    }

    /// Copies of the subtasks on this page. [`into_subtasks`](Self::into_subtasks) copies nothing.
    pub fn subtasks(&self) -> impl ExactSizeIterator<Item = Subtask> + '_ {
        self.rows().iter().cloned().map(Subtask)
    }

    /// The same as the generated layer has them.
    pub(crate) fn rows(&self) -> &[types::Subtask] {
        self.page.task_details.as_deref().unwrap_or_default()
    }

    /// The subtasks on this page.
    pub fn into_subtasks(self) -> Vec<Subtask> {
        self.page.task_details.unwrap_or_default().into_iter().map(Subtask).collect()
    }

    /// The total number of rows, if the platform reports it.
    pub fn total_count(&self) -> Option<u64> {
        count(self.page.total_count)
    }

    /// The number of this page, if the platform reports it; 0 is the first.
    pub fn page_no(&self) -> Option<u64> {
        count(self.page.page_no)
    }

    /// The number of rows on a page, if the platform reports it.
    pub fn page_size(&self) -> Option<u64> {
        count(self.page.page_size)
    }

    /// The page as a type of the generated layer, with undocumented members in `extra`.
    pub fn as_raw(&self) -> &types::SubtaskPage {
        &self.page
    }
}

/// A counter below zero counts nothing.
fn count(counter: Option<i64>) -> Option<u64> {
    counter.and_then(|counter| u64::try_from(counter).ok())
}

impl fmt::Display for Subtask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status().map_or("without status", SubtaskStatus::as_str);
        write!(f, "{} {status}", self.device_id().unwrap_or("?"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round<T: Serialize + serde::de::DeserializeOwned>(value: &T) -> (String, T) {
        let json = serde_json::to_string(value).unwrap();
        let read = serde_json::from_str(&json).unwrap();
        (json, read)
    }

    #[test]
    fn what_was_written_reads_and_is_written_again_as_it_was() {
        for row in [
            r#"{"status":"Fail","output":"{}","error":"{\"error_code\":\"100428\"}","param":{"deviceId":"868744"}}"#,
            r#"{"status":"Halted","param":{"iccid":89860000000000000001},"index":0.10,"more":{"a":[1e400,"\ud800"]}}"#,
            r#"{"status":null,"param":null}"#,
            "{}",
            r#"{"status":5}"#,
            r#"{"unreadable":"{broken"}"#,
            r#"{"unreadable":"{\"status\":5}"}"#,
            "[1,2]",
            "null",
        ] {
            let (json, subtask) = round(&serde_json::from_str::<Subtask>(row).unwrap());
            assert_eq!(round(&subtask), (json, subtask), "{row}");
        }
        let value = serde_json::json!({ "status": "Fail", "param": { "deviceId": "868744" } });
        assert_eq!(serde_json::from_value::<Subtask>(value).unwrap().device_id(), Some("868744"));
    }

    #[test]
    fn a_row_that_was_repaired_reads_without_a_repair() {
        let repaired: Subtask = serde_json::from_str(r#"{"status":"Fail","output":"a\ud83d"}"#).unwrap();
        let (json, read) = round(&repaired);
        assert!(repaired.is_repaired() && !read.is_repaired());
        assert_eq!((read.output(), round(&read).0), (Some("a\u{fffd}"), json));
    }

    #[test]
    fn a_page_reads_with_its_rows() {
        let reply = r#"{"totalCount":3,"pageNo":1,"pageSize":250,"taskDetails":[{"status":"Fail"},{"status":5},{}],"x":1.50}"#;
        let page: Page = serde_json::from_str(reply).unwrap();
        assert_eq!((page.number(), page.total_count(), page.rows().len()), (1, Some(3), 3));
        let (json, read) = round(&page);
        assert_eq!(round(&read).0, json);
        let unreadable = |page: Page| page.into_subtasks()[1].unreadable().map(|row| row.text().to_owned());
        assert_eq!(
            (unreadable(page), unreadable(read)),
            (Some(r#"{"status":5}"#.into()), Some(r#"{"status":5}"#.into()))
        );
        assert!(serde_json::from_str::<Page>("[]").is_err());
    }
}
