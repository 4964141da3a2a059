//! One sitting with a server: who asks, with which token, and everything that came back.

use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;

use anyhow::{Context as _, bail};
use form_urlencoded::byte_serialize;
use serde_json::Value;

use crate::answer::{Answer, Page, Place};
use crate::ask::Ask;
use crate::facts::{Call, Facts, Row};
use crate::field::{Field, Location};
use crate::http::Server;
use crate::report::{Checked, fail, skip};

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
    /// Also send calls that may not be repeated, such as creating a batch task: they act on real devices. Without it only a
    /// server on this machine gets them
    #[arg(long)]
    pub act: bool,
    /// Also check when calls are throttled: this spends the quota of the application twice, and takes two minutes
    #[arg(long)]
    pub throttle: bool,
    /// Also check whether a token ends: this waits for its whole lifetime
    #[arg(long)]
    pub expiry: bool,
}

/// A promise, as a fact; the ids of the assumptions without which the document does not make it; and how to check whether it is kept.
pub(crate) type Check = (&'static str, &'static [&'static str], fn(&mut Session<'_>) -> Checked);

pub(crate) struct Session<'a> {
    pub(crate) server: &'a mut dyn Server,
    pub(crate) facts: &'a Facts,
    pub(crate) subject: &'a Subject,
    token: String,
    /// Secret and tokens, as they are and as a form writes them: no line of the report shows them.
    secrets: BTreeSet<String>,
    /// All that came, for the checks that look at every reply.
    pub(crate) answers: Vec<Rc<Answer<'a>>>,
    head: Option<Page>,
    /// Pages of the task, for the checks of their numbers and sizes.
    pub(crate) sample: Vec<(Page, Place)>,
    /// A window was waited out, and the server was not better for it.
    waited_in_vain: bool,
}

/// A mock may have a token such as `t`, and without it no line could be read.
fn hidden<const N: usize>(secrets: [String; N]) -> impl Iterator<Item = String> {
    secrets.into_iter().filter(|secret| secret.len() >= 6)
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
            secrets: hidden([subject.secret.clone(), byte_serialize(subject.secret.as_bytes()).collect()])
                .collect(),
            answers: Vec::new(),
            head: None,
            sample: Vec::new(),
            waited_in_vain: false,
        };
        let login = session.usual(facts.login());
        let answer = session.exchange(&login).with_context(|| format!("no reply to {login}"))?;
        if session.token.is_empty() {
            let shown = session.redacted(&answer.shown());
            bail!("{login} gave no token: {shown}; check the URL and the credentials");
        }
        Ok(session)
    }

    /// What a call needs in order to succeed.
    pub(crate) fn usual(&self, call: &'a Call) -> Ask<'a> {
        let Subject { app_id, secret, task, .. } = self.subject;
        let needed = call.fields.iter().filter(|field| match field.location {
            Location::Path | Location::Form => true,
            Location::Query => field.is_required(),
            Location::Json | Location::Body => false,
        });
        let value = |field: &Field| match field.name.as_str() {
            "appId" => app_id.clone(),
            "secret" => secret.clone(),
            "taskId" => task.clone(),
            _ => field.example.clone(),
        };
        let app_key = call.app_key.iter().map(|name| (name.clone(), app_id.clone()));
        let token = call.app_key.iter().map(|_| ("Authorization".to_owned(), self.authorization()));
        let fields = needed.map(|field| (field.name.clone(), value(field))).collect();
        Ask::new(call, fields, app_key.chain(token).collect())
    }

    /// A request for subtasks with what is required and these parameters.
    pub(crate) fn listing(&self, parameters: &[(&str, &str)]) -> Ask<'a> {
        self.usual(self.facts.list()).fields(parameters)
    }

    /// Logs in again, which cancels the token so far; how long the new one lives.
    pub(crate) fn log_in(&mut self) -> Checked<u64> {
        let answer = self.send(&self.usual(self.facts.login()).note("with the right credentials"))?;
        let body = answer.succeeds()?;
        if body.get("accessToken").and_then(Value::as_str).is_none_or(str::is_empty) {
            return fail(format!("{}: expected a token in accessToken", answer.asked()));
        }
        match body.get("expiresIn").and_then(Value::as_u64).filter(|seconds| *seconds > 0) {
            Some(seconds) => Ok(seconds),
            None => fail(format!("{}: expected the token's lifetime in expiresIn, above 0", answer.asked())),
        }
    }

    /// The header of the newest token.
    pub(crate) fn authorization(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// Holds a page with these parameters against the one without them.
    pub(crate) fn changes_nothing(&mut self, parameters: &[(&str, &str)]) -> Checked {
        let (plain, given) = (self.page(&[])?, self.page(parameters)?);
        given.expect(given.body == plain.body, || "what comes without these parameters".to_owned())
    }

    /// A page that must come.
    pub(crate) fn page(&mut self, parameters: &[(&str, &str)]) -> Checked<Page> {
        self.send(&self.listing(parameters))?.page()
    }

    /// The page with this number, in pages of this size.
    pub(crate) fn numbered(&mut self, filters: &[(&str, &str)], number: usize, size: usize) -> Checked<Page> {
        let (number, size) = (number.to_string(), size.to_string());
        self.page(&[filters, &[("pageNo", &number), ("pageSize", &size)]].concat())
    }

    /// Sends a request. When the server throttles, the quota's window is waited out once: other checks have spent it.
    pub(crate) fn send(&mut self, ask: &Ask<'a>) -> Checked<Rc<Answer<'a>>> {
        let answer = self.send_once(ask)?;
        if self.waited_in_vain || !self.is_throttled(&answer) {
            return Ok(answer);
        }
        self.server.wait(self.facts.window);
        let answer = self.send_once(ask)?;
        self.waited_in_vain = self.is_throttled(&answer);
        Ok(answer)
    }

    /// Sends a request, without regard for the quota.
    pub(crate) fn send_once(&mut self, ask: &Ask<'a>) -> Checked<Rc<Answer<'a>>> {
        self.exchange(ask).or_else(|error| fail(format!("{ask}: expected a reply, there was none: {error}")))
    }

    fn exchange(&mut self, ask: &Ask<'a>) -> io::Result<Rc<Answer<'a>>> {
        let reply = self.server.answer(ask.to_http().map_err(io::Error::other)?)?;
        let answer = Rc::new(Answer::new(ask.call, ask.to_string(), reply));
        let token = answer.body.as_ref().and_then(|body| body.get("accessToken")?.as_str());
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            // A login cancels the token before it, whichever check made the login. One of another application does not.
            if ask.fields.iter().any(|(_, value)| *value == self.subject.app_id) {
                token.clone_into(&mut self.token);
            }
            self.secrets.extend(hidden([token.to_owned()]));
        }
        self.answers.push(Rc::clone(&answer));
        Ok(answer)
    }

    pub(crate) fn is_throttled(&self, answer: &Answer<'_>) -> bool {
        answer.code().is_some_and(|code| code == self.list_row("Throttled").code)
    }

    /// A row of the error table of the list, by the name that the catalogue gives to its code.
    pub(crate) fn list_row(&self, name: &str) -> Row {
        self.facts.row(self.facts.list(), name)
    }

    /// The calls that may be sent to this server: one that acts on devices only where somebody agreed to it.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &'a Call> + use<'a> {
        let acts = self.subject.act || self.server.is_on_this_machine();
        self.facts.calls.iter().filter(move |call| acts || call.may_repeat)
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
        let largest = self.facts.list().field("pageSize").and_then(Field::largest);
        largest.and_then(|size| usize::try_from(size).ok()).map_or(1, |size| size.max(1))
    }

    /// A text of the report without secret and tokens, also where the server repeats them.
    pub(crate) fn redacted(&self, text: &str) -> String {
        // A secret comes before one that it begins with.
        self.secrets
            .iter()
            .rev()
            .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "[secret]"))
    }
}
