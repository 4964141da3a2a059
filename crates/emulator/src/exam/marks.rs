//! Marking: from what was shown, what was received and what was answered to the marks. Nothing passes that a client did not
//! come to.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::bodies::{Answer, ExamRequest, Mark, Question, ReadRow};
use super::tasks::ExamTasks;

/// Calls that a client may have under way when it learns that its token is dead, or that it is throttled.
const UNDER_WAY: usize = 8;

/// The questions that are answered with rows.
const OF_ROWS: [Question; 4] = [Question::Whole, Question::Odd, Question::Failed, Question::Pending];

/// A call that reached the exam.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReceivedCall {
    /// When it arrived.
    pub(crate) at: Duration,
    /// Its query as it came.
    pub(crate) query: String,
    pub(crate) event: Event,
}

/// What happened at a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Login,
    /// The call at which the token died.
    TokenDied,
    /// A call with a token that does not work.
    WrongToken,
    /// The call at which the quota was used up by somebody else.
    Throttled,
    /// A call for which the quota had no place.
    OverQuota,
    Page(Question),
    /// Refused for another reason.
    Refused,
    Redirected,
    /// It arrived at the other address, with these headers that it should have kept.
    Elsewhere {
        leaked: Vec<String>,
    },
    /// A request whose URL held the secret or a token.
    SecretInUrl,
}

/// How often something was wrong, and what was seen; an error for a mark that the client did not come to.
type Judged = Result<(usize, String), String>;

/// Everything that marks follow from.
pub(crate) struct Evidence<'a> {
    pub(crate) tasks: &'a ExamTasks,
    pub(crate) allowed: ExamRequest,
    pub(crate) calls: &'a [ReceivedCall],
    pub(crate) answers: &'a BTreeMap<Question, Answer>,
}

impl Evidence<'_> {
    pub(crate) fn marks(&self) -> Vec<Mark> {
        let judged = [
            ("quota", self.quota()),
            ("throttle", self.throttle()),
            ("logins", self.logins()),
            ("token", self.token()),
            ("lost", self.lost()),
            ("doubled", self.doubled()),
            ("invented", self.invented()),
            ("odd", self.odd()),
            ("redirect", self.redirect()),
            ("headers", self.headers()),
            ("urls", self.urls()),
        ];
        let judged = judged.into_iter().map(|(mark, judged)| match judged {
            Ok((wrong, seen)) => Mark { mark, passed: wrong == 0, wrong, seen },
            Err(seen) => Mark { mark, passed: false, wrong: 0, seen },
        });
        judged.collect()
    }

    fn count(&self, of: impl Fn(&Event) -> bool) -> usize {
        self.calls.iter().filter(|call| of(&call.event)).count()
    }

    /// The calls from the first one at which this happened on, if it did.
    fn since(&self, event: &Event) -> Option<&[ReceivedCall]> {
        self.calls.iter().position(|call| call.event == *event).map(|place| &self.calls[place..])
    }

    /// The calls after the throttle that arrived while its window lasted and were refused for it.
    fn throttled_after(&self) -> &[ReceivedCall] {
        let Some(after) = self.since(&Event::Throttled) else { return &[] };
        let over = after[0].at.saturating_add(self.allowed.window());
        let end = after.iter().position(|call| call.at >= over).unwrap_or(after.len());
        &after[..end]
    }

    fn quota(&self) -> Judged {
        let calls = self.count(|event| matches!(event, Event::Login | Event::Page(_) | Event::OverQuota));
        let allowed = self.allowed.calls as usize;
        let of_throttle = self.throttled_after().iter().filter(|call| call.event == Event::OverQuota).count();
        let over = self.count(|event| *event == Event::OverQuota) - of_throttle;
        if over == 0 && calls <= allowed {
            return Err(format!("{calls} calls, of which the quota takes {allowed} at once"));
        }
        Ok((over, format!("{over} of {calls} calls arrived when the quota had no place for them")))
    }

    fn throttle(&self) -> Judged {
        let after = self
            .since(&Event::Throttled)
            .ok_or("the task of 'whole' was not read far enough to be throttled")?;
        if !after.iter().any(|call| matches!(call.event, Event::Page(_))) {
            return Err("no page was read after the throttle".to_owned());
        }
        let (again, others) = repeats(self.throttled_after(), &Event::Throttled, &Event::OverQuota);
        let wrong = again + others.saturating_sub(UNDER_WAY);
        Ok((wrong, format!("{again} calls were repeated before the window had passed")))
    }

    fn logins(&self) -> Judged {
        let (logins, needed) = (self.count(|event| *event == Event::Login), 2);
        self.since(&Event::TokenDied)
            .ok_or_else(|| format!("{logins} logins; no token died, for 'whole' was not read far enough"))?;
        Ok((logins.abs_diff(needed), format!("{logins} logins; {needed} are needed")))
    }

    fn token(&self) -> Judged {
        let after =
            self.since(&Event::TokenDied).ok_or("no token died, for 'whole' was not read far enough")?;
        let login = after.iter().position(|call| call.event == Event::Login);
        let login = login.ok_or("no login after the token died")?;
        // Calls that were under way during the login may arrive behind it, but not behind a call with the new token.
        let is_page = |call: &ReceivedCall| matches!(call.event, Event::Page(_));
        let renewed = after[login..].iter().position(is_page).map_or(after.len(), |place| login + place);
        let (before, after) = after.split_at(renewed);
        let (again, others) = repeats(before, &Event::TokenDied, &Event::WrongToken);
        let late = after.iter().filter(|call| call.event == Event::WrongToken).count();
        let wrong = again + others.saturating_sub(UNDER_WAY) + late;
        Ok((wrong, format!("{wrong} calls with a token that was known not to work")))
    }

    fn lost(&self) -> Judged {
        let lost = |question| {
            let (first, last) = (0, self.last_call(question));
            let wanted = |row, calls| is_wanted(question, row, calls);
            let stayed = |row: &u32| wanted(*row, first) && wanted(*row, last);
            let plain = |row: &u32| question != Question::Odd || !ExamTasks::ODD_ROWS.contains(row);
            let read = self.read(question);
            let rows = (0..ExamTasks::rows(question)).filter(stayed).filter(plain);
            rows.filter(|row| !read.contains_key(&Some(*row))).count()
        };
        Ok(self.of_rows("rows that the client did not hand out", lost))
    }

    fn doubled(&self) -> Judged {
        let doubled = |question| {
            let known = self.read(question).into_iter().filter(|(row, _)| row.is_some());
            known.map(|(_, read)| read.len() - 1).sum()
        };
        self.if_any_row(self.of_rows("rows that the client handed out again", doubled))
    }

    fn invented(&self) -> Judged {
        let invented = |question| {
            let shown = |row: Option<u32>, read: &ReadRow| {
                let Some(row) = row else { return false };
                // What becomes of an odd row is another mark.
                let odd = question == Question::Odd && ExamTasks::ODD_ROWS.contains(&row);
                let mut calls = 0..=self.last_call(question);
                odd || calls.any(|calls| {
                    is_wanted(question, row, calls)
                        && read.status.as_deref() == Some(ExamTasks::status_text(question, row, calls))
                })
            };
            let read = self.read(question).into_iter();
            read.map(|(row, read)| read.into_iter().filter(|read| !shown(row, read)).count()).sum()
        };
        self.if_any_row(self.of_rows("rows that the client was never shown like this", invented))
    }

    fn odd(&self) -> Judged {
        let read = self.read(Question::Odd);
        let kept = |row: &u32| {
            let status = Some(ExamTasks::status_text(Question::Odd, *row, 0));
            read.get(&Some(*row)).is_some_and(|read| read.iter().all(|read| read.status.as_deref() == status))
        };
        let (all, rows) = (ExamTasks::ODD_ROWS.len(), ExamTasks::ODD_ROWS.iter());
        let kept = rows.filter(|row| kept(row)).count();
        Ok((all - kept, format!("{kept} of {all} odd rows were handed out, each with its status")))
    }

    fn redirect(&self) -> Judged {
        self.since(&Event::Redirected).ok_or("the task of 'redirect' was not asked for")?;
        let answer =
            self.answers.get(&Question::Redirect).ok_or("the question 'redirect' is not answered")?;
        let (rows, said) = (answer.rows.len(), if answer.failed { "said" } else { "did not say" });
        let seen = format!("{rows} rows of another address; the client {said} that it failed");
        Ok((rows + usize::from(!answer.failed), seen))
    }

    fn headers(&self) -> Judged {
        self.since(&Event::Redirected).ok_or("the task of 'redirect' was not asked for")?;
        let leaks = self.calls.iter().filter_map(|call| match &call.event {
            Event::Elsewhere { leaked } if !leaked.is_empty() => Some(leaked.join(", ")),
            _ => None,
        });
        let leaks: Vec<String> = leaks.collect();
        let seen = match leaks.first() {
            None => "no secret reached the other address".to_owned(),
            Some(first) => format!("{} calls reached another address with {first}", leaks.len()),
        };
        Ok((leaks.len(), seen))
    }

    fn urls(&self) -> Judged {
        if self.count(|event| matches!(event, Event::Page(_))) == 0 {
            return Err("no page was read".to_owned());
        }
        let secrets = self.count(|event| *event == Event::SecretInUrl);
        Ok((secrets, format!("{secrets} URLs with the secret or a token in them")))
    }

    /// How far a task had moved at its last page call.
    fn last_call(&self, question: Question) -> u32 {
        let calls = self.count(|event| *event == Event::Page(question));
        u32::try_from(calls).unwrap_or(u32::MAX).saturating_sub(1)
    }

    /// What was handed out for a question, by the number of the row; none for what is no row of the task.
    fn read(&self, question: Question) -> HashMap<Option<u32>, Vec<&ReadRow>> {
        let mut read: HashMap<_, Vec<_>> = HashMap::new();
        for row in self.answers.get(&question).map(|answer| answer.rows.as_slice()).unwrap_or_default() {
            let number = match &row.command {
                Some(command) => self.tasks.row(question, command),
                None => ExamTasks::row_without_param(question),
            };
            read.entry(number).or_default().push(row);
        }
        read
    }

    fn of_rows(&self, what: &str, wrong: impl Fn(Question) -> usize) -> (usize, String) {
        let of = OF_ROWS.map(|question| (question, wrong(question)));
        let numbers = of.map(|(question, wrong)| format!("{wrong} of '{}'", question.name()));
        (of.iter().map(|(_, wrong)| wrong).sum(), format!("{what}: {}", numbers.join(", ")))
    }

    fn if_any_row(&self, judged: (usize, String)) -> Judged {
        let handed_out = |question| self.answers.get(question).is_some_and(|answer| !answer.rows.is_empty());
        if OF_ROWS.iter().any(handed_out) { Ok(judged) } else { Err("no row was handed out".to_owned()) }
    }
}

fn is_wanted(question: Question, row: u32, calls: u32) -> bool {
    let wanted = ExamTasks::wanted(question);
    wanted.is_empty()
        || ExamTasks::status(question, row, calls).is_some_and(|status| wanted.contains(&status))
}

/// Of the refused calls, how many were made again, and how many others there were: those may have been under way when
/// the first was refused.
fn repeats(calls: &[ReceivedCall], first: &Event, then: &Event) -> (usize, usize) {
    let mut refused: Vec<&str> = Vec::new();
    let (mut again, mut others) = (0, 0);
    for ReceivedCall { query, event, .. } in calls {
        if *event == *first || *event == *then {
            if refused.contains(&query.as_str()) {
                again += 1;
            } else {
                others += usize::from(*event == *then);
                refused.push(query);
            }
        }
    }
    (again, others)
}
