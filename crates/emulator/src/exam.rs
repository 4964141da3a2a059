//! Exams: a client of any make is told a story, and marked by what arrives and what it says it read.
//!
//! An exam is an application of its own, with a token, a quota and tasks that no other application sees.

mod bodies;
mod elsewhere;
mod marks;
mod tasks;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::http::HeaderMap;
use serde_json::json;

pub(crate) use self::bodies::{Answer, Asked, ExamRequest, Offer, Question, Report};
use self::elsewhere::Elsewhere;
use self::marks::{Allowed, Heard, Sitting, What};
use self::tasks::Story;
use crate::api::credentials::Caller;
use crate::api::query::SubtaskQuery;
use crate::api::refusal::{INTERNAL_ERROR, INVALID_TOKEN, Refusal, TASK_NOT_FOUND, THROTTLED, shown};
use crate::draw::{self, Purpose, ascii};
use crate::fault::FaultKind;
use crate::http::middleware::LIST_SUBTASKS_PATH;
use crate::platform::Accepted;
use crate::platform::quota::Quota;
use crate::platform::token::{TokenPair, Tokens};

/// Exams that are held at a time; the oldest is forgotten for one more. Each has a port.
const MOST_EXAMS: usize = 100;
/// Calls that an exam remembers. Reading everything in pages of one row takes fewer.
const MOST_CALLS: usize = 10_000;

/// The exams of an emulator.
#[derive(Debug)]
pub(crate) struct Exams {
    seed: u64,
    held: RwLock<Held>,
}

#[derive(Debug, Default)]
struct Held {
    begun: u64,
    exams: VecDeque<Arc<Exam>>,
}

impl Exams {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, held: RwLock::default() }
    }

    /// Begins an exam, which opens a port. The tokens of its application live as long as others.
    pub(crate) async fn begin(
        &self,
        request: ExamRequest,
        token_lifetime: Duration,
    ) -> std::io::Result<Offer> {
        let (listener, address) = elsewhere::listen().await?;
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.begun += 1;
        let exam = Arc::new(Exam::new(self.seed, held.begun, request, token_lifetime, address));
        // It is empty until now.
        let _ = exam.elsewhere.set(elsewhere::serve(listener, Arc::downgrade(&exam)));
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

    /// Looks at the query of any request for what should not be there.
    pub(crate) fn overhear(&self, query: &str, now: Duration) {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.exams.iter().for_each(|exam| exam.overhear(query, now));
    }
}

/// One exam.
#[derive(Debug)]
pub(crate) struct Exam {
    id: String,
    secret: String,
    story: Story,
    allowed: Allowed,
    elsewhere_at: SocketAddr,
    elsewhere: OnceLock<Elsewhere>,
    course: Mutex<Course>,
}

/// How far an exam is.
#[derive(Debug)]
struct Course {
    tokens: Tokens,
    issued: Vec<String>,
    quota: Quota,
    heard: Vec<Heard>,
    answers: BTreeMap<Question, Answer>,
}

impl Exam {
    fn new(
        seed: u64,
        number: u64,
        ExamRequest { calls, window_ms }: ExamRequest,
        token_lifetime: Duration,
        elsewhere_at: SocketAddr,
    ) -> Self {
        let digits = ascii(&draw::hex32(draw::key(seed, "exam"), number, Purpose::ExamSecret));
        let id = format!("exam-{number}-{}", &digits[..8]);
        let window = Duration::from_millis(window_ms.into());
        let course = Course {
            tokens: Tokens::new(seed, token_lifetime),
            issued: Vec::new(),
            quota: Quota::new(calls, window),
            heard: Vec::new(),
            answers: BTreeMap::new(),
        };
        Self {
            story: Story::new(seed, &id),
            allowed: Allowed { calls, window },
            elsewhere_at,
            elsewhere: OnceLock::new(),
            course: Mutex::new(course),
            secret: digits[8..].to_owned(),
            id,
        }
    }

    fn offer(&self) -> Offer {
        let questions = Question::ALL.into_iter().map(|question| Asked {
            question,
            words: question.words().to_owned(),
            task_id: self.story.task_id(question),
            statuses: Story::wanted(question).iter().map(|status| status.name().to_owned()).collect(),
        });
        Offer {
            id: self.id.clone(),
            app_id: self.id.clone(),
            secret: self.secret.clone(),
            calls: self.allowed.calls,
            window_ms: u32::try_from(self.allowed.window.as_millis()).unwrap_or(u32::MAX),
            questions: questions.collect(),
        }
    }

    pub(crate) fn is_secret(&self, secret: &str) -> bool {
        self.secret == secret
    }

    /// Issues a token, which cancels the earlier one.
    pub(crate) fn log_in(&self, now: Duration) -> Result<TokenPair, Refusal> {
        let mut course = self.course();
        course.go_on()?;
        course.quota.count(&self.id, now);
        course.hear(now, "", What::Login);
        let pair = course.tokens.issue(&self.id, now);
        course.issued.extend([pair.access.clone(), pair.refresh.clone()]);
        Ok(pair)
    }

    /// Answers a query for subtasks. The redirect comes first: it is of whatever stands before the platform.
    pub(crate) fn list_subtasks(
        &self,
        caller: &Caller<'_>,
        query: &str,
        now: Duration,
    ) -> Result<Accepted, Refusal> {
        let mut course = self.course();
        course.go_on()?;
        let parsed = SubtaskQuery::parse(query);
        let question = parsed.as_ref().ok().and_then(|query| self.story.question(&query.task_id.0));
        if question == Some(Question::Redirect) {
            course.hear(now, query, What::Redirected);
            let location = format!("http://{}{LIST_SUBTASKS_PATH}?{query}", self.elsewhere_at);
            let (fault, reason) =
                (Some(FaultKind::Redirect { location }), "the exam sends the client elsewhere");
            return Ok(Accepted { body: Vec::new(), fault, application: None, reason: reason.to_owned() });
        }
        let (what, outcome) = match self.judge(&mut course, caller, question, now) {
            Err((what, refusal)) => (what, Err(refusal)),
            Ok(()) => match (question, parsed) {
                (Some(question), Ok(parsed)) => {
                    let (page, reason) = self.story.page(question, &parsed, course.pages_of(question));
                    let body = page.to_string().into_bytes();
                    let odd = question == Question::Odd && page["taskDetails"] != json!([]);
                    let fault = odd.then_some(FaultKind::UnknownStatus);
                    (What::Page(question), Ok(Accepted { body, fault, application: None, reason }))
                }
                (_, Err(refusal)) => (What::Refused, Err(refusal)),
                (None, Ok(parsed)) => {
                    let reason = format!("the exam has no task {}", shown(&parsed.task_id.0));
                    (What::Refused, Err(TASK_NOT_FOUND.because(reason)))
                }
            },
        };
        course.hear(now, query, what);
        outcome
    }

    /// Token and quota, with what befalls the reader of the whole task: after one page its token dies, after two somebody
    /// else uses up the quota.
    fn judge(
        &self,
        course: &mut Course,
        caller: &Caller<'_>,
        question: Option<Question>,
        now: Duration,
    ) -> Result<(), (What, Refusal)> {
        if course.tokens.check(&self.id, caller.token, now).is_err() {
            return Err((What::WrongToken, INVALID_TOKEN.because("the token does not work, or no longer")));
        }
        let pages = course.pages_of(Question::Whole);
        let befalls = |what: &What, after: u32| {
            question == Some(Question::Whole)
                && pages >= after
                && !course.heard.iter().any(|heard| heard.what == *what)
        };
        let (dies, throttled) = (befalls(&What::TokenDied, 1), befalls(&What::Throttled, 2));
        if dies {
            course.tokens.issue(&self.id, now);
            let reason = "the exam has it that another program logged in: the token is cancelled";
            return Err((What::TokenDied, INVALID_TOKEN.because(reason)));
        }
        let allowed = self.allowed;
        course.quota.take(&self.id, now).map_err(|exceeded| {
            let free_in = exceeded.free_in.as_secs_f64();
            let reason =
                format!("more than {} calls; the next one is taken in {free_in:.3} s", allowed.calls);
            (What::OverQuota, THROTTLED.because(reason))
        })?;
        if throttled {
            (0..allowed.calls).for_each(|_| course.quota.count(&self.id, now));
            let reason = "the exam has it that another program used up the quota just now";
            return Err((What::Throttled, THROTTLED.because(reason)));
        }
        Ok(())
    }

    /// Takes the answers to some questions; a later answer replaces an earlier one.
    pub(crate) fn answer(&self, answers: Vec<Answer>) {
        self.course().answers.extend(answers.into_iter().map(|answer| (answer.question, answer)));
    }

    pub(crate) fn report(&self) -> Report {
        let course = self.course();
        let sitting = Sitting {
            story: &self.story,
            allowed: self.allowed,
            heard: &course.heard,
            answers: &course.answers,
        };
        let marks = sitting.marks();
        Report { id: self.id.clone(), passed: marks.iter().all(|mark| mark.passed), marks }
    }

    fn heard_elsewhere(&self, headers: &HeaderMap) {
        let mut course = self.course();
        if course.go_on().is_err() {
            return;
        }
        let is_ours = |value: &[u8]| {
            let value = String::from_utf8_lossy(value);
            let ours = [&self.id, &self.secret].into_iter().chain(&course.issued);
            ours.into_iter().any(|ours| value.contains(ours.as_str()))
        };
        let leaked = headers.iter().filter(|(_, value)| is_ours(value.as_bytes()));
        // The client may tell where it was sent from: the task's id holds that of the application, and is no secret.
        let leaked = leaked.filter(|(name, _)| *name != "referer");
        let leaked: Vec<String> = leaked.map(|(name, _)| name.to_string()).collect();
        let at = course.heard.last().map_or(Duration::ZERO, |heard| heard.at);
        course.hear(at, "", What::Elsewhere { leaked });
    }

    fn overhear(&self, query: &str, now: Duration) {
        let mut course = self.course();
        let secrets = std::iter::once(&self.secret).chain(&course.issued);
        let found = secrets.into_iter().any(|secret| query.contains(secret.as_str()));
        if found && course.go_on().is_ok() {
            course.hear(now, "", What::SecretInUrl);
        }
    }

    /// A panic elsewhere leaves it whole: what is heard is added in one go.
    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Course {
    fn hear(&mut self, at: Duration, query: &str, what: What) {
        self.heard.push(Heard { at, query: query.to_owned(), what });
    }

    fn pages_of(&self, question: Question) -> u32 {
        let pages = self.heard.iter().filter(|heard| heard.what == What::Page(question));
        u32::try_from(pages.count()).unwrap_or(u32::MAX)
    }

    /// Whether the exam still listens.
    fn go_on(&self) -> Result<(), Refusal> {
        if self.heard.len() < MOST_CALLS {
            return Ok(());
        }
        Err(INTERNAL_ERROR
            .because(format!("the exam is over: it heard {MOST_CALLS} calls; begin another one")))
    }
}
