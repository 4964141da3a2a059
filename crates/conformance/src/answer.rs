//! A reply together with what was asked, and what one may expect of it.

use serde_json::Value;
use ureq::http::Response;

use crate::facts::{Call, Documented, Row};
use crate::report::{Checked, fail};

/// The reply to a request.
pub(crate) struct Answer<'a> {
    pub(crate) call: &'a Call,
    request: String,
    pub(crate) reply: Response<Vec<u8>>,
    /// The body as JSON, if it is JSON.
    pub(crate) body: Option<Value>,
}

/// A page of subtasks that came.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) request: String,
    pub(crate) body: Value,
    pub(crate) total: usize,
    pub(crate) rows: Vec<Value>,
}

/// Where a page is in the task.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) number: usize,
    pub(crate) size: usize,
    /// The number of its first row.
    pub(crate) first: usize,
    /// How many rows the task has.
    pub(crate) total: usize,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(call: &'a Call, request: String, reply: Response<Vec<u8>>) -> Self {
        let body = serde_json::from_slice(reply.body()).ok();
        Self { call, request, reply, body }
    }

    /// The request, and what came back.
    pub(crate) fn asked(&self) -> String {
        format!("{}, which got {}", self.request, self.shown())
    }

    /// Status and the beginning of the body, on one line.
    pub(crate) fn shown(&self) -> String {
        const LONGEST: usize = 160;
        let text = String::from_utf8_lossy(self.reply.body()).replace(char::is_control, " ");
        match text.trim() {
            "" => format!("{} without a body", self.status()),
            text if text.chars().count() > LONGEST => format!("{} {text:.LONGEST$}…", self.status()),
            text => format!("{} {text}", self.status()),
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.reply.status().as_u16()
    }

    /// The code of an error, in the envelope of a service or of the gateway before it.
    pub(crate) fn code(&self) -> Option<&str> {
        let body = self.body.as_ref()?;
        ["error_code", "resultcode"].into_iter().find_map(|name| body.get(name).and_then(Value::as_str))
    }

    /// Holds the reply against a row of the error table.
    pub(crate) fn is_row(&self, row: &Row) -> Checked {
        if row.statuses.contains(&self.status()) && self.code() == Some(&row.code) {
            return Ok(());
        }
        let statuses: Vec<String> = row.statuses.iter().map(u16::to_string).collect();
        let (statuses, Row { code, text, .. }) = (statuses.join(" or "), row);
        fail(format!("{}\nexpected {statuses} with code {code} ({text})", self.asked()))
    }

    /// What the document says of this status.
    pub(crate) fn documented(&self) -> Option<&'a Documented> {
        self.call.replies.get(&self.status())
    }

    /// Holds the reply against the call's errors whose code is one of these, and is not listed under 500 alone.
    pub(crate) fn is_documented(&self, is_wanted: impl Fn(&str) -> bool) -> Checked {
        let is_listed_below_500 = |code: &String| {
            self.call.replies.iter().any(|(status, reply)| *status < 500 && reply.codes.contains(code))
        };
        let codes = self.documented().into_iter().flat_map(|reply| &reply.codes);
        let mut wanted = codes.filter(|code| is_wanted(code) && is_listed_below_500(code));
        if wanted.any(|code| self.code() == Some(code)) {
            return Ok(());
        }
        fail(format!(
            "{}\nexpected another of the documented errors of {}, or none",
            self.asked(),
            self.call.id
        ))
    }

    /// The body of a reply that is no error.
    pub(crate) fn succeeds(&self) -> Checked<&Value> {
        match &self.body {
            Some(body) if self.status() == 200 && self.code().is_none() => Ok(body),
            Some(_) | None => fail(format!("{}\nexpected 200 with JSON that is no error", self.asked())),
        }
    }

    /// The page of subtasks that must have come.
    pub(crate) fn page(&self) -> Checked<Page> {
        let body = self.succeeds()?;
        let total =
            body.get("totalCount").and_then(Value::as_u64).and_then(|total| usize::try_from(total).ok());
        let rows = body.get("taskDetails").and_then(Value::as_array);
        match (total, rows) {
            (Some(total), Some(rows)) => {
                Ok(Page { request: self.request.clone(), body: body.clone(), total, rows: rows.clone() })
            }
            _ => fail(format!("{}\nexpected a number in totalCount and a list in taskDetails", self.asked())),
        }
    }
}

impl Page {
    /// Fails with the request and this text unless it holds.
    pub(crate) fn expect(&self, holds: bool, expected: impl FnOnce() -> String) -> Checked {
        if holds { Ok(()) } else { fail(format!("{}\nexpected {}", self.request, expected())) }
    }

    pub(crate) fn has_rows(&self, count: usize) -> Checked {
        self.expect(self.rows.len() == count, || format!("{count} rows, got {}", self.rows.len()))
    }

    pub(crate) fn has_total(&self, total: usize) -> Checked {
        self.expect(self.total == total, || format!("totalCount {total}, got {}", self.total))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use serde_json::json;

    use super::*;
    use crate::facts::Facts;

    fn answer(status: u16, body: &Value) -> Answer<'static> {
        static FACTS: LazyLock<Facts> = LazyLock::new(|| Facts::of_this_version().unwrap());
        let reply = Response::builder().status(status).body(body.to_string().into_bytes()).unwrap();
        Answer::new(FACTS.list(), "GET /x".to_owned(), reply)
    }

    fn row() -> Row {
        Row { code: "100203".to_owned(), statuses: vec![403, 500], text: "No.".to_owned() }
    }

    #[test]
    fn an_error_is_known_by_status_and_code_in_either_envelope() {
        for body in [json!({"error_code": "100203"}), json!({"resultcode": "100203"})] {
            assert!(answer(403, &body).is_row(&row()).is_ok() && answer(500, &body).is_row(&row()).is_ok());
            assert!(answer(200, &body).is_row(&row()).is_err() && answer(400, &body).is_row(&row()).is_err());
            assert!(answer(200, &body).succeeds().is_err(), "an error under 200");
        }
        assert!(answer(403, &json!({"error_code": "1"})).is_row(&row()).is_err());
        assert!(answer(403, &json!({"error_desc": "No."})).is_row(&row()).is_err());
    }

    #[test]
    fn a_page_has_a_total_and_a_list() {
        let page = answer(200, &json!({"totalCount": 2, "taskDetails": [{}]})).page();
        assert!(page.is_ok_and(|page| (page.total, page.rows.len()) == (2, 1)));
        for body in [json!({}), json!({"totalCount": "2", "taskDetails": []}), json!({"totalCount": 2})] {
            assert!(answer(200, &body).page().is_err(), "{body}");
        }
    }
}
