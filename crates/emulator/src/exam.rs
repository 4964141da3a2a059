//! Exams: a client in any language is given tasks to read, and marked by the calls that arrive and by what it says it read.
//!
//! An exam is an application of its own, with a token, a quota and tasks that no other application sees. It takes the rules of
//! token and quota from `platform`. How an exam is begun and answered over HTTP is in `http`.

mod bodies;
mod elsewhere;
mod marks;
mod tasks;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use axum::Extension;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

pub(crate) use self::bodies::{Answer, Asked, ExamReport, ExamRequest, Offer, Question};
use self::elsewhere::Elsewhere;
use self::marks::{Event, Evidence, ReceivedCall};
use self::tasks::ExamTasks;
use crate::api::LIST_SUBTASKS_PATH;
use crate::api::credentials::Caller;
use crate::api::query::SubtaskQuery;
use crate::api::refusal::{
    Envelope, ErrorRow, INTERNAL_ERROR, INVALID_TOKEN, Refusal, TASK_NOT_FOUND, THROTTLED, Verdict, shown,
};
use crate::draw::{self, Purpose};
use crate::fault::{FaultKind, apply};
use crate::platform::quota::Quota;
use crate::platform::token::Tokens;
use crate::scenario::Scenario;

/// Exams that are held at a time; the oldest is forgotten for one more. Each has a port.
const MOST_EXAMS: usize = 100;
/// Calls that an exam remembers. Reading everything in pages of one row takes fewer.
const MOST_CALLS: usize = 10_000;

/// The exams of an emulator.
#[derive(Debug)]
pub(crate) struct Exams {
    seed: u64,
    /// How long a token works, as that of any other application.
    token_lifetime: Duration,
    held: RwLock<Held>,
}

#[derive(Debug, Default)]
struct Held {
    begun: u64,
    exams: VecDeque<Arc<Exam>>,
}

impl Exams {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let token_lifetime = Duration::from_secs(scenario.token_lifetime_seconds.into());
        Self { seed: scenario.seed, token_lifetime, held: RwLock::default() }
    }

    /// Begins an exam, which opens a port.
    pub(crate) async fn begin(&self, request: ExamRequest) -> std::io::Result<Offer> {
        let listener = elsewhere::listen().await?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.begun += 1;
        let exam = Arc::new_cyclic(|exam: &Weak<Exam>| {
            let exam = exam.clone();
            let elsewhere = elsewhere::serve(listener, move |headers| {
                exam.upgrade().iter().for_each(|exam| exam.received_elsewhere(headers));
            });
            Exam::new(self.seed, held.begun, request, self.token_lifetime, elsewhere)
        });
        let offer = exam.offer();
        held.exams.push_back(exam);
        if held.exams.len() > MOST_EXAMS {
            held.exams.pop_front();
        }
        Ok(offer)
    }

    /// The exam with this id, which is its application's as well.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Exam>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.exams.iter().find(|exam| exam.id == id).cloned()
    }

    /// Refuses a call that an exam's application cannot make, with this row.
    pub(crate) fn may_call(&self, caller: &Caller<'_>, row: ErrorRow) -> Result<(), Refusal> {
        match self.get(caller.app_key) {
            Some(_) => Err(row.because("an exam has only the login and the query for subtasks")),
            None => Ok(()),
        }
    }

    /// Looks for secrets in the query of any request.
    pub(crate) fn scan_for_secrets(&self, query: &str, now: Duration) {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.exams.iter().for_each(|exam| exam.scan_for_secrets(query, now));
    }
}

/// One exam.
#[derive(Debug)]
pub(crate) struct Exam {
    id: String,
    secret: String,
    tasks: ExamTasks,
    allowed: ExamRequest,
    elsewhere: Elsewhere,
    progress: Mutex<Progress>,
}

/// How far an exam is.
#[derive(Debug)]
struct Progress {
    tokens: Tokens,
    issued: Vec<String>,
    quota: Quota,
    calls: Vec<ReceivedCall>,
    answers: BTreeMap<Question, Answer>,
}

impl Exam {
    fn new(
        seed: u64,
        number: u64,
        allowed: ExamRequest,
        token_lifetime: Duration,
        elsewhere: Elsewhere,
    ) -> Self {
        let digits = draw::hex32(draw::key(seed, "exam"), number, Purpose::ExamSecret);
        let id = format!("exam-{number}-{}", &digits[..8]);
        let progress = Progress {
            tokens: Tokens::new(seed, token_lifetime),
            issued: Vec::new(),
            quota: Quota::new(allowed.calls, allowed.window()),
            calls: Vec::new(),
            answers: BTreeMap::new(),
        };
        Self {
            tasks: ExamTasks::new(seed, &id),
            allowed,
            elsewhere,
            progress: Mutex::new(progress),
            secret: digits[8..].to_owned(),
            id,
        }
    }

    fn offer(&self) -> Offer {
        let questions = Question::ALL.into_iter().map(|question| Asked {
            question,
            words: question.words().to_owned(),
            task_id: self.tasks.task_id(question),
            statuses: ExamTasks::wanted(question).iter().map(|status| status.name().to_owned()).collect(),
        });
        Offer {
            id: self.id.clone(),
            app_id: self.id.clone(),
            secret: self.secret.clone(),
            calls: self.allowed.calls,
            window_ms: self.allowed.window_ms,
            questions: questions.collect(),
        }
    }

    pub(crate) fn is_secret(&self, secret: &str) -> bool {
        self.secret == secret
    }

    /// Issues a token, which cancels the earlier one.
    pub(crate) fn log_in(&self, now: Duration) -> Result<Response, Refusal> {
        let mut progress = self.progress();
        progress.go_on()?;
        progress.quota.count(&self.id, now);
        progress.note(now, "", Event::Login);
        let pair = progress.tokens.issue(&self.id, now);
        progress.issued.extend([pair.access.clone(), pair.refresh.clone()]);
        Ok(pair.answer(&self.id))
    }

    /// Answers a query for subtasks. The redirect comes first: whatever is in front of the platform makes it.
    pub(crate) fn list_subtasks(
        &self,
        caller: &Caller<'_>,
        query: &str,
        now: Duration,
    ) -> Result<Response, Refusal> {
        let mut progress = self.progress();
        progress.go_on()?;
        let parsed = SubtaskQuery::parse(query);
        let question = parsed.as_ref().ok().and_then(|query| self.tasks.question(&query.task_id.0));
        if question == Some(Question::Redirect) {
            progress.note(now, query, Event::Redirected);
            let location = format!("http://{}{LIST_SUBTASKS_PATH}?{query}", self.elsewhere.address);
            let (redirect, reason) =
                (FaultKind::Redirect { location }, "the exam sends the client elsewhere");
            let (reason, fault) = (reason.to_owned(), Some(redirect.name()));
            let verdict = Extension(Verdict { reason, fault, ..Verdict::default() });
            return Ok((verdict, apply::in_place(&redirect, Envelope::Documented).unwrap_or_default())
                .into_response());
        }
        let (event, outcome) = match self.judge(&mut progress, caller, question, now) {
            Err((event, refusal)) => (event, Err(refusal)),
            Ok(()) => match (question, parsed) {
                (Some(question), Ok(parsed)) => {
                    let (page, reason) = self.tasks.page(question, &parsed, progress.pages_of(question));
                    let body = page.to_string().into_bytes();
                    let odd = question == Question::Odd && page["taskDetails"] != json!([]);
                    let fault = odd.then(|| FaultKind::UnknownStatus.name());
                    (Event::Page(question), Ok(Verdict { reason, fault, ..Verdict::default() }.answer(body)))
                }
                (_, Err(refusal)) => (Event::Refused, Err(refusal)),
                (None, Ok(parsed)) => {
                    let reason = format!("the exam has no task {}", shown(&parsed.task_id.0));
                    (Event::Refused, Err(TASK_NOT_FOUND.because(reason)))
                }
            },
        };
        progress.note(now, query, event);
        outcome
    }

    /// Token and quota, and what happens to the reader of the task of 'whole': after one page its token dies, after two somebody
    /// else uses up the quota.
    fn judge(
        &self,
        progress: &mut Progress,
        caller: &Caller<'_>,
        question: Option<Question>,
        now: Duration,
    ) -> Result<(), (Event, Refusal)> {
        if progress.tokens.check(&self.id, caller.token, now).is_err() {
            return Err((Event::WrongToken, INVALID_TOKEN.because("the token does not work, or no longer")));
        }
        let pages = progress.pages_of(Question::Whole);
        let is_due = |event: &Event, after: u32| {
            question == Some(Question::Whole)
                && pages >= after
                && !progress.calls.iter().any(|call| call.event == *event)
        };
        let (dies, throttled) = (is_due(&Event::TokenDied, 1), is_due(&Event::Throttled, 2));
        if dies {
            progress.tokens.issue(&self.id, now);
            let reason = "the exam simulates a login by another program: the token is cancelled";
            return Err((Event::TokenDied, INVALID_TOKEN.because(reason)));
        }
        let allowed = self.allowed;
        progress.quota.take(&self.id, now).map_err(|exceeded| {
            let free_in = exceeded.free_in.as_secs_f64();
            let reason =
                format!("more than {} calls; the next one is taken in {free_in:.3} s", allowed.calls);
            (Event::OverQuota, THROTTLED.because(reason))
        })?;
        if throttled {
            (0..allowed.calls).for_each(|_| progress.quota.count(&self.id, now));
            let reason = "the exam simulates another program that used up the quota";
            return Err((Event::Throttled, THROTTLED.because(reason)));
        }
        Ok(())
    }

    /// Takes the answers to some questions; a later answer replaces an earlier one.
    pub(crate) fn answer(&self, answers: Vec<Answer>) {
        self.progress().answers.extend(answers.into_iter().map(|answer| (answer.question, answer)));
    }

    pub(crate) fn report(&self) -> ExamReport {
        let progress = self.progress();
        let evidence = Evidence {
            tasks: &self.tasks,
            allowed: self.allowed,
            calls: &progress.calls,
            answers: &progress.answers,
        };
        let marks = evidence.marks();
        ExamReport { id: self.id.clone(), passed: marks.iter().all(|mark| mark.passed), marks }
    }

    fn received_elsewhere(&self, headers: &HeaderMap) {
        let mut progress = self.progress();
        if progress.go_on().is_err() {
            return;
        }
        let is_ours = |value: &[u8]| {
            let value = String::from_utf8_lossy(value);
            let ours = [&self.id, &self.secret].into_iter().chain(&progress.issued);
            ours.into_iter().any(|ours| value.contains(ours.as_str()))
        };
        let leaked = headers.iter().filter(|(_, value)| is_ours(value.as_bytes()));
        // The client may tell where it was sent from: the task's id holds that of the application, and is no secret.
        let leaked = leaked.filter(|(name, _)| *name != "referer");
        let leaked: Vec<String> = leaked.map(|(name, _)| name.to_string()).collect();
        let at = progress.calls.last().map_or(Duration::ZERO, |call| call.at);
        progress.note(at, "", Event::Elsewhere { leaked });
    }

    fn scan_for_secrets(&self, query: &str, now: Duration) {
        let mut progress = self.progress();
        let secrets = std::iter::once(&self.secret).chain(&progress.issued);
        let found = secrets.into_iter().any(|secret| query.contains(secret.as_str()));
        if found && progress.go_on().is_ok() {
            progress.note(now, "", Event::SecretInUrl);
        }
    }

    /// A panic elsewhere leaves it intact: what is received is added in one go.
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn note(&mut self, at: Duration, query: &str, event: Event) {
        self.calls.push(ReceivedCall { at, query: query.to_owned(), event });
    }

    fn pages_of(&self, question: Question) -> u32 {
        let pages = self.calls.iter().filter(|call| call.event == Event::Page(question));
        u32::try_from(pages.count()).unwrap_or(u32::MAX)
    }

    /// Whether the exam still listens.
    fn go_on(&self) -> Result<(), Refusal> {
        if self.calls.len() < MOST_CALLS {
            return Ok(());
        }
        Err(INTERNAL_ERROR
            .because(format!("the exam is over: it received {MOST_CALLS} calls; begin another one")))
    }
}
