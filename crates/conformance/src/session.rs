//! One sitting with a server: who asks, with which token, and everything that came back.

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use form_urlencoded::{Serializer, byte_serialize};
use serde_json::Value;

use crate::answer::{Answer, Page};
use crate::facts::{Call, Facts, Field, Row};
use crate::http::{Request, Server};
use crate::{Checked, fail, skip};

/// Rows of the task that are read whole, to hold filters and pages against.
const HEAD: usize = 1000;

/// What the server knows that the checks can ask for, and which of the slow checks to make. It holds a secret, so it has no
/// `Debug`.
#[derive(Clone, clap::Args)]
pub struct Subject {
    /// The application that asks. Its earlier tokens are cancelled, whoever uses them
    #[arg(long, value_name = "ID", default_value = "demo-app")]
    pub app_id: String,
    /// Its secret.
    #[arg(skip)]
    pub secret: String,
    /// A batch task of the application, with some subtasks that no longer change
    #[arg(long, value_name = "ID", default_value = "demo")]
    pub task: String,
    /// An application that exists and has not authorized the first one
    #[arg(long, value_name = "ID")]
    pub stranger: Option<String>,
    /// Also check when calls are throttled: this spends the quota of the application twice, and takes two minutes
    #[arg(long)]
    pub throttle: bool,
    /// Also check whether a token ends: this waits for its whole lifetime
    #[arg(long)]
    pub expiry: bool,
}

pub(crate) struct Session<'a> {
    pub(crate) server: &'a mut dyn Server,
    pub(crate) facts: &'a Facts,
    pub(crate) subject: &'a Subject,
    token: String,
    /// Secret and tokens, as they are and as a form writes them: no line of the report shows them.
    secrets: Vec<String>,
    /// All that came, for the checks that look at every reply.
    pub(crate) answers: Vec<Rc<Answer>>,
    head: Option<Page>,
    /// A window was waited out, and the server was not better for it.
    waited_in_vain: bool,
}

impl<'a> Session<'a> {
    /// Logs in.
    pub(crate) fn open(
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
            answers: Vec::new(),
            head: None,
            waited_in_vain: false,
        };
        let (login, form) = (&facts.login, session.least(&facts.login));
        let request = session.request(login, &form, Vec::new(), "");
        let reply = session.server.answer(&request).with_context(|| format!("no reply to {request}"))?;
        let answer = Answer::new(login.id, request.to_string(), reply);
        session.take_token(&answer);
        if session.token.is_empty() {
            let shown = session.redacted(&answer.reply.shown());
            bail!("{request} gave no token: {shown}; check the URL and the credentials");
        }
        Ok(session)
    }

    /// A login cancels the token before it, whichever check made the login.
    fn take_token(&mut self, answer: &Answer) {
        let token = answer.body.as_ref().and_then(|body| body.get("accessToken")?.as_str());
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            token.clone_into(&mut self.token);
            self.secrets.push(token.to_owned());
        }
    }

    /// The fields without which the call does not succeed.
    pub(crate) fn least(&self, call: &Call) -> Vec<(String, String)> {
        let Subject { app_id, secret, task, .. } = self.subject;
        let needed = call.fields.iter().filter(|field| call.is_form || field.is_required());
        let value = |name: &str, example: &str| match name {
            "appId" => app_id.clone(),
            "secret" => secret.clone(),
            "taskId" => task.clone(),
            _ => example.to_owned(),
        };
        needed.map(|field| (field.name.clone(), value(&field.name, &field.example))).collect()
    }

    /// A call with these fields; the note tells a reader of the report what is special about it.
    pub(crate) fn request(
        &self,
        call: &Call,
        fields: &[(String, String)],
        mut headers: Vec<(String, String)>,
        note: &str,
    ) -> Request {
        let fields = Serializer::new(String::new()).extend_pairs(fields).finish();
        let (mut target, mut body) = (call.path.clone(), None);
        if call.is_form {
            headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
            body = Some(fields);
        } else if !fields.is_empty() {
            target = format!("{target}?{fields}");
        }
        Request { method: call.method.clone(), target, headers, body, note: note.to_owned() }
    }

    /// Makes a call that must succeed but for one field, which has this value or is left out.
    pub(crate) fn ask(&mut self, call: &Call, name: &str, value: Option<&str>) -> Checked<Rc<Answer>> {
        let mut fields = self.least(call);
        fields.retain(|(known, _)| known != name);
        fields.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        let (headers, note) = match (call.is_form, value.map(|value| value.chars().count())) {
            (false, _) => (self.headers(), String::new()),
            (true, None) => (Vec::new(), format!(" without {name}")),
            (true, Some(count)) => (Vec::new(), format!(" with another {name}, of {count} characters")),
        };
        self.send(call, &self.request(call, &fields, headers, &note))
    }

    /// Logs in again, which cancels the token so far; how long the new one lives.
    pub(crate) fn log_in(&mut self) -> Checked<u64> {
        let login = &self.facts.login;
        let request = self.request(login, &self.least(login), Vec::new(), " with the right credentials");
        let answer = self.send(login, &request)?;
        let body = answer.succeeds()?;
        if body.get("accessToken").and_then(Value::as_str).is_none_or(str::is_empty) {
            return fail(format!("{}: expected a token in accessToken", answer.asked()));
        }
        match body.get("expiresIn").and_then(Value::as_u64).filter(|seconds| *seconds > 0) {
            Some(seconds) => Ok(seconds),
            None => fail(format!("{}: expected the token's lifetime in expiresIn, above 0", answer.asked())),
        }
    }

    /// The headers of a call that must succeed.
    pub(crate) fn headers(&self) -> Vec<(String, String)> {
        let app_key = self.facts.list.app_key.iter().map(|name| (name.clone(), self.subject.app_id.clone()));
        app_key.chain([("Authorization".to_owned(), self.authorization())]).collect()
    }

    /// The header of the newest token.
    pub(crate) fn authorization(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// Asks for subtasks with what is required and these parameters.
    pub(crate) fn list(&mut self, parameters: &[(&str, &str)]) -> Checked<Rc<Answer>> {
        self.list_with(parameters, self.headers(), "")
    }

    /// The same with these headers alone.
    pub(crate) fn list_with(
        &mut self,
        parameters: &[(&str, &str)],
        headers: Vec<(String, String)>,
        note: &str,
    ) -> Checked<Rc<Answer>> {
        let request = self.list_request(parameters, headers, note);
        self.send(&self.facts.list, &request)
    }

    fn list_request(
        &self,
        parameters: &[(&str, &str)],
        headers: Vec<(String, String)>,
        note: &str,
    ) -> Request {
        let mut query = self.least(&self.facts.list);
        query.retain(|(known, _)| parameters.iter().all(|(name, _)| known != name));
        query.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.request(&self.facts.list, &query, headers, note)
    }

    /// Holds a page with these parameters against the one without them.
    pub(crate) fn changes_nothing(&mut self, parameters: &[(&str, &str)]) -> Checked {
        let (plain, given) = (self.page(&[])?, self.page(parameters)?);
        given.expect(given.body == plain.body, || "what comes without these parameters".to_owned())
    }

    /// A page that must come.
    pub(crate) fn page(&mut self, parameters: &[(&str, &str)]) -> Checked<Page> {
        self.list(parameters)?.page()
    }

    /// The page with this number, in pages of this size.
    pub(crate) fn numbered(&mut self, filters: &[(&str, &str)], number: usize, size: usize) -> Checked<Page> {
        let (number, size) = (number.to_string(), size.to_string());
        self.page(&[filters, &[("pageNo", &number), ("pageSize", &size)]].concat())
    }

    /// Sends a request. When the server throttles, the quota's window is waited out once: other checks have spent it.
    pub(crate) fn send(&mut self, call: &Call, request: &Request) -> Checked<Rc<Answer>> {
        let answer = self.send_once(call, request)?;
        let window = Duration::from_secs(self.facts.quota.seconds);
        if self.waited_in_vain || !self.is_throttled(&answer) {
            return Ok(answer);
        }
        self.server.wait(window);
        let answer = self.send_once(call, request)?;
        self.waited_in_vain = self.is_throttled(&answer);
        Ok(answer)
    }

    /// Asks for one row, without regard for the quota.
    pub(crate) fn spend_one(&mut self) -> Checked<Rc<Answer>> {
        let request = self.list_request(&[("pageSize", "1")], self.headers(), "");
        self.send_once(&self.facts.list, &request)
    }

    fn send_once(&mut self, call: &Call, request: &Request) -> Checked<Rc<Answer>> {
        match self.server.answer(request) {
            Ok(reply) => {
                let answer = Rc::new(Answer::new(call.id, request.to_string(), reply));
                self.take_token(&answer);
                self.answers.push(Rc::clone(&answer));
                Ok(answer)
            }
            Err(error) => fail(format!("{request}: expected a reply, there was none: {error}")),
        }
    }

    pub(crate) fn is_throttled(&self, answer: &Answer) -> bool {
        answer.code().is_some_and(|code| code == self.list_row("Throttled").code)
    }

    /// A row of the error table of `listSubtasks`, by the name that the catalogue gives to its code.
    pub(crate) fn list_row(&self, name: &str) -> Row {
        self.facts.row(&self.facts.list, name)
    }

    /// The first rows of the task, read in pages of the largest size, with the task's total.
    pub(crate) fn head(&mut self) -> Checked<Page> {
        if let Some(head) = &self.head {
            return Ok(head.clone());
        }
        let size = self.largest_page();
        let mut head = self.numbered(&[], 0, size)?;
        for number in 1..HEAD.div_ceil(size) {
            if head.rows.len() >= head.total {
                break;
            }
            let page = self.numbered(&[], number, size)?;
            head.rows.extend(page.rows);
        }
        if head.rows.len() < 2 {
            return skip(format!("the task has {} subtasks: give one with more", head.rows.len()));
        }
        self.head = Some(head.clone());
        Ok(head)
    }

    /// Most rows that a page may have.
    pub(crate) fn largest_page(&self) -> usize {
        let largest = self.facts.list.field("pageSize").and_then(Field::largest);
        largest.and_then(|size| usize::try_from(size).ok()).map_or(1, |size| size.max(1))
    }

    /// A text of the report without secret and tokens, also where the server repeats them.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let secrets = self.secrets.iter().filter(|secret| !secret.is_empty());
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "[secret]"))
    }
}
