//! What is known of a send: its record, which is on the disk before and after the call, and what follows from it.
//!
//! A send moves real devices, and no call finds the task of a create whose reply was lost. So a send is known by its name, and a record
//! that says that a call was begun, and not how it ended, stands for an unknown outcome. Deciding is here, without I/O; the files
//! are in `store`.

pub(crate) mod store;

use std::fmt::Write as _;

use northbound::Remedy;
use serde::{Deserialize, Serialize};

use crate::error::{CliError, Kind, in_options};
use crate::screen::layout::{counted, one_line, shortened};
use crate::session::versioned;

/// Raised when a record of an older version can no longer be read, or would be read differently.
const VERSION: u32 = 1;
const ABOUT: &str = "What `northbound send` or `northbound resend` sent under this name. Without it the command could be sent twice.";

/// What distinguishes a send from others: two with the same key are the same send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SendKey {
    pub(crate) endpoint: String,
    pub(crate) application: String,
    pub(crate) name: String,
}

/// What is sent, and to which devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Content {
    pub(crate) service: String,
    pub(crate) method: String,
    /// JSON without blanks between its parts.
    pub(crate) paras: String,
    pub(crate) timeout: u32,
    pub(crate) callback_url: Option<String>,
    pub(crate) max_retransmit: Option<u8>,
    pub(crate) devices: u64,
    /// Of the ids, in an order of their own: the same devices in another order are the same content.
    pub(crate) devices_digest: String,
}

/// How a send stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(crate) enum State {
    /// The call is about to be made, or was when its process ended.
    Sending,
    /// The platform has created the task.
    Sent { task_id: String },
    /// The platform has created no task for it.
    NotSent { because: String },
    /// The platform may have created a task.
    Unknown { because: String },
}

/// What is known of a send. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendRecord {
    about: String,
    version: u32,
    #[serde(flatten)]
    pub(crate) key: SendKey,
    pub(crate) content: Content,
    /// Of the content.
    digest: String,
    pub(crate) state: State,
    /// How many earlier calls of this send ended in an unknown outcome, and were repeated because the user agreed to it.
    repeated: u32,
    /// When the last call was begun, and when its outcome came: UTC in the form of RFC 3339.
    pub(crate) begun_at: String,
    pub(crate) ended_at: Option<String>,
}

/// How the call that creates the task ended.
#[derive(Debug)]
pub(crate) enum CreateOutcome {
    /// With the id of the task.
    Created(String),
    /// There is no task.
    Refused(CliError),
    /// There may be a task.
    Unknown(CliError),
}

/// Whether the user agrees to a repeat, which may reach each device a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Not asked for.
    No,
    /// Asked for with --may-repeat.
    Agreed,
    /// --may-repeat was given for devices that timed out, which says nothing of an unknown outcome.
    OnlyTimedOut,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Make the call.
    Send,
    /// Nothing: the task has this id.
    IsSent(String),
}

impl Content {
    /// The SHA-256 of all of it.
    fn digest(&self) -> String {
        // A struct of texts and numbers has nothing that JSON cannot hold.
        sha256([serde_json::to_string(self).unwrap_or_default().as_str()])
    }

    /// How the content of a send differs from what is asked for now; empty if it does not.
    fn difference(&self, now: &Self) -> String {
        let facts = |content: &Self| {
            let same_number = if self.devices == now.devices { &content.devices_digest[..8] } else { "" };
            [
                ("devices", format!("{} {same_number}", content.devices).trim_end().to_owned()),
                ("service", content.service.clone()),
                ("method", content.method.clone()),
                ("paras", content.paras.clone()),
                ("timeout", content.timeout.to_string()),
                ("callback URL", content.callback_url.clone().unwrap_or_else(|| "none".to_owned())),
                (
                    "retransmissions",
                    content.max_retransmit.map_or("not given".to_owned(), |times| times.to_string()),
                ),
            ]
        };
        let digests = self.devices == now.devices && self.devices_digest != now.devices_digest;
        let pairs = facts(self).into_iter().zip(facts(now)).filter(|(before, now)| before != now);
        let mut text = String::new();
        for ((name, before), (_, now)) in pairs {
            let gap = if text.is_empty() { "" } else { "; " };
            let shown = |text: &str| shortened(&one_line(text), 200, "…");
            let _ = match name {
                "devices" if digests => write!(text, "{gap}devices: the same number, but other ones"),
                _ => write!(text, "{gap}{name}: {} then, {} now", shown(&before), shown(&now)),
            };
        }
        text
    }
}

/// The SHA-256 of some texts, one after the other, each with its length.
pub(crate) fn sha256<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for text in texts {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    context.finish().as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What to do, with what is known of earlier calls.
pub(crate) fn next(before: Option<&SendRecord>, now: &Content, repeat: Repeat) -> Result<Next, CliError> {
    let Some(record) = before else { return Ok(Next::Send) };
    let difference = record.content.difference(now);
    match &record.state {
        // Nothing happened, so a mistake may be corrected.
        State::NotSent { .. } => Ok(Next::Send),
        State::Sending | State::Unknown { .. } if repeat == Repeat::Agreed && difference.is_empty() => {
            Ok(Next::Send)
        }
        State::Sending | State::Unknown { .. } => Err(record.is_unknown(&difference, repeat)),
        State::Sent { task_id } if difference.is_empty() => Ok(Next::IsSent(task_id.clone())),
        State::Sent { task_id } => {
            let what =
                format!("{} was sent before, with other content: {difference}", shown(&record.key.name));
            let advice = format!(
                "choose another --name; what was sent is task {}, of {}",
                one_line(task_id),
                record.begun_at
            );
            Err(CliError::usage(what, advice))
        }
    }
}

impl SendRecord {
    /// The record of a call that is about to be made.
    pub(crate) fn begin(before: Option<&Self>, key: SendKey, content: Content, now: String) -> Self {
        let repeated = before.map_or(0, |record| match record.state {
            State::Sending | State::Unknown { .. } => record.repeated.saturating_add(1),
            State::Sent { .. } | State::NotSent { .. } => 0,
        });
        let (about, digest) = (ABOUT.to_owned(), content.digest());
        let state = State::Sending;
        Self { about, version: VERSION, key, content, digest, state, repeated, begun_at: now, ended_at: None }
    }

    /// The record after the call.
    pub(crate) fn end(mut self, outcome: &CreateOutcome, now: String) -> Self {
        self.state = match outcome {
            CreateOutcome::Created(task_id) => State::Sent { task_id: task_id.clone() },
            CreateOutcome::Refused(failure) if self.repeated == 0 => {
                State::NotSent { because: failure.to_string() }
            }
            // What was refused is the repeat. The call before it may have been carried out.
            CreateOutcome::Refused(failure) => {
                self.repeated -= 1;
                State::Unknown { because: format!("no reply came to an earlier call; its repeat: {failure}") }
            }
            CreateOutcome::Unknown(failure) => State::Unknown { because: failure.to_string() },
        };
        self.ended_at = Some(now);
        self
    }

    /// The record of a send whose outcome was unknown, now that its task is known.
    #[allow(dead_code, reason = "`task --adopt` uses it")]
    pub(crate) fn adopted(mut self, task_id: &str, now: String) -> Result<Self, CliError> {
        let name = shown(&self.key.name);
        match &self.state {
            State::Sent { task_id: known } if known == task_id => return Ok(self),
            State::Sent { task_id } => {
                let what = format!("{name} is recorded as task {}", one_line(task_id));
                return Err(CliError::usage(what, "check the task id and the name"));
            }
            State::NotSent { because } => {
                let what = format!(
                    "{name} was not sent ({because}), so a task of this name is one of another program"
                );
                return Err(CliError::usage(what, "read that task without --adopt"));
            }
            State::Sending | State::Unknown { .. } => {}
        }
        self.state = State::Sent { task_id: task_id.to_owned() };
        self.ended_at = Some(now);
        Ok(self)
    }

    /// Whether the task may exist, and its id is not known.
    pub(crate) fn may_exist(&self) -> bool {
        matches!(self.state, State::Sending | State::Unknown { .. })
    }

    /// The id of the task, if it is known.
    pub(crate) fn task_id(&self) -> Option<&str> {
        match &self.state {
            State::Sent { task_id } => Some(task_id),
            _ => None,
        }
    }

    /// The error that says that nobody knows whether it was sent.
    fn is_unknown(&self, difference: &str, repeat: Repeat) -> CliError {
        let because = match &self.state {
            State::Unknown { because } => because,
            _ => "the command ended before it could note the outcome",
        };
        let (name, devices) = (shown(&self.key.name), counted(self.content.devices, "device"));
        let mut what = format!(
            "it is not known whether {name} was sent to {devices} at {}: {}",
            self.begun_at,
            one_line(because)
        );
        let find = in_options(&Remedy::LookForTask, "send");
        let advice = if !difference.is_empty() {
            let _ = write!(what, "; and this command has other content: {difference}");
            format!("for the earlier content: {find}")
        } else if repeat == Repeat::OnlyTimedOut {
            format!(
                "with --status Timeout, --may-repeat agrees to the devices that timed out, and not to this repeat: look for the name \
                 in the platform's portal. If it is there, `northbound task ID --adopt {name}` notes its id; if it is \
                 not, send under another --name"
            )
        } else {
            find
        };
        CliError::own(Kind::OutcomeUnknown, what, advice)
    }

    /// The error after a repeat that was refused: the call before it may have been carried out all the same.
    pub(crate) fn is_unknown_still(&self, refusal: CliError) -> CliError {
        match self.is_unknown("", Repeat::No) {
            CliError::Own { kind, what, advice } => {
                let first = refusal.advice().map(|first| format!("{first}; ")).unwrap_or_default();
                CliError::Own { kind, what, advice: first + &advice }
            }
            other => other,
        }
    }

    /// Reads a record; an error says what is wrong with it.
    fn parse(text: &[u8], key: &SendKey) -> Result<Self, String> {
        let record: Self = versioned::parse(text, VERSION)?;
        let is_whole = record.digest == record.content.digest() && record.content.devices_digest.len() == 64;
        match is_whole && record.key == *key {
            true => Ok(record),
            false => Err("is damaged: its digest differs, or it is the record of another send".to_owned()),
        }
    }
}

/// A name as messages have it.
pub(crate) fn shown(name: &str) -> String {
    format!("{:?}", shortened(&one_line(name), 80, "…"))
}

#[cfg(test)]
mod tests;
