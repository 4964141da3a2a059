//! One sitting with a server: who asks, with which token, and everything that came back.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use form_urlencoded::{Serializer, byte_serialize};
use serde_json::Value;

use super::answer::{Answer, Page};
use super::facts::{Call, Facts, Row};
use super::reply::{Request, Server};
use super::{Stop, fail, skip};

/// Rows of the task that are read whole, to hold filters and pages against.
const HEAD: usize = 1000;

/// What the server knows that the checks can ask for, and which of the slow checks to make.
#[derive(Clone)]
pub struct Subject {
    /// The application that asks.
    pub app_id: String,
    /// Its secret.
    pub secret: String,
    /// A batch task of it whose subtasks no longer move.
    pub task: String,
    /// An application that exists and has not authorized the first one.
    pub stranger: Option<String>,
    /// Whether to spend the quota.
    pub throttle: bool,
    /// Whether to wait until a token ends.
    pub expiry: bool,
}

/// What every emulator has, unless it is told otherwise.
pub(super) const DEMO_APP_ID: &str = "demo-app";
pub(super) const DEMO_SECRET: &str = "demo-secret";
pub(super) const DEMO_TASK: &str = "demo";

/// A call and its answer, kept for the checks that look at all of them.
pub(super) struct Exchange {
    pub(super) call: &'static str,
    pub(super) answer: Rc<Answer>,
}

pub(super) struct Session<'a> {
    server: &'a mut dyn Server,
    pub(super) facts: &'a Facts,
    pub(super) subject: &'a Subject,
    token: String,
    /// Secret and tokens, as they are and as a form writes them: no line of the report shows them.
    secrets: Vec<String>,
    pub(super) exchanges: Vec<Exchange>,
    head: Option<Page>,
    /// A window was waited out, and the server was not better for it.
    waited_in_vain: bool,
}

impl<'a> Session<'a> {
    /// Logs in.
    pub(super) fn open(
        server: &'a mut dyn Server,
        facts: &'a Facts,
        subject: &'a Subject,
    ) -> anyhow::Result<Self> {
        let mut session = Self {
            server,
            facts,
            subject,
            token: String::new(),
            secrets: vec![subject.secret.clone(), byte_serialize(subject.secret.as_bytes()).collect()],
            exchanges: Vec::new(),
            head: None,
            waited_in_vain: false,
        };
        let request = session.login_request(&session.credentials(), "");
        let reply = session.server.answer(&request).with_context(|| format!("no reply to {request}"))?;
        let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let token = body.and_then(|body| Some(body.get("accessToken")?.as_str()?.to_owned()));
        let Some(token) = token else {
            bail!(
                "{request} gave no token: {}; check the URL and the credentials",
                session.redacted(&reply.shown())
            );
        };
        session.take_token(&token);
        Ok(session)
    }

    fn take_token(&mut self, token: &str) {
        token.clone_into(&mut self.token);
        self.secrets.push(token.to_owned());
    }

    /// The newest token that a login gave.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The form of a login that must succeed.
    pub(super) fn credentials(&self) -> Vec<(&'static str, String)> {
        vec![("appId", self.subject.app_id.clone()), ("secret", self.subject.secret.clone())]
    }

    fn login_request(&self, form: &[(&'static str, String)], note: &str) -> Request {
        let media_type = self.facts.login.form.as_ref().map(|(media_type, _)| media_type.clone());
        Request {
            method: self.facts.login.method.clone(),
            target: self.facts.login.path.clone(),
            headers: vec![("Content-Type".to_owned(), media_type.unwrap_or_default())],
            body: Some(Serializer::new(String::new()).extend_pairs(form).finish()),
            note: note.to_owned(),
        }
    }

    /// Sends a login with this form; the note tells a reader what is special about it.
    pub(super) fn login_with(
        &mut self,
        form: &[(&'static str, String)],
        note: &str,
    ) -> Result<Rc<Answer>, Stop> {
        let request = self.login_request(form, &format!(" {note}"));
        self.send(self.facts.login.id, request)
    }

    /// Sends a login that is made up by the caller.
    pub(super) fn login_as(
        &mut self,
        media_type: &str,
        body: String,
        note: &str,
    ) -> Result<Rc<Answer>, Stop> {
        let mut request = self.login_request(&[], &format!(" {note}"));
        request.headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
        request.body = Some(body);
        self.send(self.facts.login.id, request)
    }

    /// Logs in anew, which cancels the token so far; how long the new one lives.
    pub(super) fn log_in(&mut self) -> Result<u64, Stop> {
        let answer = self.login_with(&self.credentials(), "with the right credentials")?;
        let body = answer.succeeds()?;
        let Some(token) = body.get("accessToken").and_then(Value::as_str).filter(|token| !token.is_empty())
        else {
            return fail(format!("{}: expected a token in accessToken", answer.asked()));
        };
        self.take_token(token);
        match body.get("expiresIn").and_then(Value::as_u64).filter(|seconds| *seconds > 0) {
            Some(seconds) => Ok(seconds),
            None => fail(format!("{}: expected the token's lifetime in expiresIn, above 0", answer.asked())),
        }
    }

    /// The headers of a call that must succeed.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let app_key = self.facts.list.app_key.clone().map(|name| (name, self.subject.app_id.clone()));
        let bearer =
            self.facts.list.bearer.then(|| ("Authorization".to_owned(), format!("Bearer {}", self.token)));
        app_key.into_iter().chain(bearer).collect()
    }

    /// The parameters without which no call is answered.
    pub(super) fn required(&self) -> Vec<(String, String)> {
        let required = self.facts.list.parameters.iter().filter(|parameter| parameter.required);
        required.map(|parameter| (parameter.name.clone(), self.subject.task.clone())).collect()
    }

    /// Asks for subtasks with what is required and these parameters.
    pub(super) fn list(&mut self, parameters: &[(&str, &str)]) -> Result<Rc<Answer>, Stop> {
        let mut query = self.required();
        for (name, value) in parameters {
            query.retain(|(known, _)| known != name);
            query.push(((*name).to_owned(), (*value).to_owned()));
        }
        self.list_with(&query, self.headers(), "")
    }

    /// Asks for subtasks with these parameters and headers alone.
    pub(super) fn list_with(
        &mut self,
        query: &[(String, String)],
        headers: Vec<(String, String)>,
        note: &str,
    ) -> Result<Rc<Answer>, Stop> {
        self.send(self.facts.list.id, self.list_request(query, headers, note))
    }

    fn list_request(
        &self,
        query: &[(String, String)],
        headers: Vec<(String, String)>,
        note: &str,
    ) -> Request {
        let query = Serializer::new(String::new()).extend_pairs(query).finish();
        let Call { method, path, .. } = &self.facts.list;
        Request {
            method: method.clone(),
            target: if query.is_empty() { path.clone() } else { format!("{path}?{query}") },
            headers,
            body: None,
            note: note.to_owned(),
        }
    }

    /// A page that must come.
    pub(super) fn page(&mut self, parameters: &[(&str, &str)]) -> Result<Page, Stop> {
        self.list(parameters)?.page()
    }

    /// Sends a request. When the server throttles, the quota's window is waited out once: other checks have spent it.
    fn send(&mut self, call: &'static str, request: Request) -> Result<Rc<Answer>, Stop> {
        let answer = self.send_once(call, &request)?;
        let window = Duration::from_secs(self.facts.quota.seconds);
        if self.waited_in_vain || !self.is_throttled(&answer) {
            return Ok(answer);
        }
        self.server.wait(window);
        let answer = self.send_once(call, &request)?;
        self.waited_in_vain = self.is_throttled(&answer);
        Ok(answer)
    }

    /// Asks for one row, without regard for the quota.
    pub(super) fn spend_one(&mut self) -> Result<Rc<Answer>, Stop> {
        let mut query = self.required();
        query.push(("pageSize".to_owned(), "1".to_owned()));
        let request = self.list_request(&query, self.headers(), "");
        self.send_once(self.facts.list.id, &request)
    }

    fn send_once(&mut self, call: &'static str, request: &Request) -> Result<Rc<Answer>, Stop> {
        match self.server.answer(request) {
            Ok(reply) => {
                let answer = Rc::new(Answer::new(request.to_string(), reply));
                self.exchanges.push(Exchange { call, answer: Rc::clone(&answer) });
                Ok(answer)
            }
            Err(error) => fail(format!("{request}: expected a reply, there was none: {error}")),
        }
    }

    pub(super) fn is_throttled(&self, answer: &Answer) -> bool {
        answer.code().is_some_and(|code| code == self.list_row("Throttled").code)
    }

    /// A row of the error table of `listSubtasks`, by the name that the catalogue gives to its code.
    pub(super) fn list_row(&self, name: &str) -> Row {
        self.facts.row(&self.facts.list, name)
    }

    /// A row of the error table of `login`.
    pub(super) fn login_row(&self, name: &str) -> Row {
        self.facts.row(&self.facts.login, name)
    }

    /// The first rows of the task, read in pages of the largest size, with the task's total.
    pub(super) fn head(&mut self) -> Result<Page, Stop> {
        if let Some(head) = &self.head {
            return Ok(head.clone());
        }
        let size = self.largest_page();
        let mut head = self.page(&[("pageNo", "0"), ("pageSize", &size.to_string())])?;
        for number in 1..HEAD.div_ceil(size) {
            if head.rows.len() >= head.total {
                break;
            }
            let page = self.page(&[("pageNo", &number.to_string()), ("pageSize", &size.to_string())])?;
            head.rows.extend(page.rows);
        }
        if head.rows.len() < 2 {
            return skip(format!("the task has {} subtasks: give one with more", head.rows.len()));
        }
        self.head = Some(head.clone());
        Ok(head)
    }

    /// Most rows that a page may have.
    pub(super) fn largest_page(&self) -> usize {
        let range = self.facts.list.parameter("pageSize").and_then(|parameter| parameter.range);
        range.and_then(|(_, high)| usize::try_from(high).ok()).map_or(1, |high| high.max(1))
    }

    pub(super) fn now(&self) -> Duration {
        self.server.now()
    }

    pub(super) fn wait(&mut self, time: Duration) {
        self.server.wait(time);
    }

    /// A text of the report without secret and tokens, also where the server repeats them.
    pub(super) fn redacted(&self, text: &str) -> String {
        let secrets = self.secrets.iter().filter(|secret| !secret.is_empty());
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "[secret]"))
    }
}
