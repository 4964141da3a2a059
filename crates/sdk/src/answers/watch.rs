//! A batch task until it is settled: summary after summary, within a share of the quota.

mod counters;
mod outlook;
mod pace;
mod rounds;
#[cfg(test)]
mod simulation;
mod watching;

use std::future::IntoFuture as _;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use futures_util::stream::{self, StreamExt as _, TryStreamExt};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::answers::summary::task::{Task, TaskRead};
use crate::call::after;
use crate::call::run::in_tokio;
use crate::call::waiting::Wait;
use crate::reads::stream::Items;
use crate::{BatchTaskQuery, Client, Error, Summary, WaitReason};
use counters::{Counters, is_without_counters};
use pace::Pace;
use rounds::Rounds;
use watching::{WatchStep, Watching};

/// Half of the quota: whoever watches may still ask for something else.
const SHARE: f64 = 0.5;
/// A round of five calls can be kept up at this interval with half of the quota.
const FASTEST: Duration = Duration::from_secs(6);
/// Nobody who waits for a device that sleeps for hours minds half a minute.
const SLOWEST: Duration = Duration::from_secs(30);

impl Client {
    /// Watches a batch task until it is settled.
    ///
    /// ```no_run
    /// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
    /// use std::time::Duration;
    ///
    /// let mut watch = client.watch("5c8ba99030344005c02316ad").deadline(Duration::from_secs(3600)).stream();
    /// while let Some(summary) = watch.try_next().await? {
    ///     println!("{summary}, {:?} to go", watch.time_left());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch(&self, task_id: impl Into<String>) -> Watch {
        let task_id = task_id.into();
        Watch {
            batch_task: self.batch_task(task_id.clone()),
            task: Task::new(self, task_id),
            client: self.clone(),
            share: SHARE,
            fastest: FASTEST,
            slowest: SLOWEST,
            deadline: None,
            allow_empty: false,
            split_open: false,
        }
    }
}

/// How to watch a batch task. Set options, then call [`stream`](Self::stream) or [`settled`](Self::settled). Made by
/// [`Client::watch`].
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// use std::time::Duration;
///
/// let watch = client.watch("5c8ba99030344005c02316ad").deadline(Duration::from_secs(3600)).share(0.2);
/// let mut summaries = watch.stream();
/// while let Some(summary) = summaries.try_next().await? {
///     println!("{summary}, time left: {:?}", summaries.time_left());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Watch {
    task: Task,
    batch_task: BatchTaskQuery,
    client: Client,
    share: f64,
    fastest: Duration,
    slowest: Duration,
    deadline: Option<Duration>,
    allow_empty: bool,
    split_open: bool,
}

impl Watch {
    /// Sends the optional parameter `appId`: see [`SubtaskQuery::app_id`](crate::SubtaskQuery::app_id).
    pub fn app_id(self, app_id: impl Into<String>) -> Self {
        let app_id = app_id.into();
        Self { batch_task: self.batch_task.app_id(app_id.clone()), task: self.task.app_id(app_id), ..self }
    }

    /// Whether each poll counts `Pending` and `WaitResult` separately; `false` unless set. This takes up to two more calls.
    ///
    /// Otherwise a poll is one call, for the task's own counters ([`Client::batch_task`]). They say how many subtasks there are
    /// and how many are in each final status; [`Summary::unsplit`] is the number of all others. When the counters say that the
    /// task is settled, the watch checks them against the totals that [`summary`](Client::summary) uses. If the platform does
    /// not have this call, or the counters contradict themselves, each poll counts by status, in up to five calls.
    /// [`Summary::method`] says how a summary was counted.
    pub fn split_open(self, split: bool) -> Self {
        Self { split_open: split, ..self }
    }

    /// Uses at most this share of the client's [quota](Client::quota): above 0, at most 1; a half unless set. At least one call
    /// is allowed in each window. It has no effect with [`Quota::unlimited`](crate::Quota::unlimited).
    ///
    /// If a check of the platform's totals fails, each poll reads the whole task within the same share. For 30,000 subtasks
    /// that is 120 calls, which take more than two minutes with half of the platform's default quota.
    pub fn share(self, share: f64) -> Self {
        Self { share, ..self }
    }

    /// The time between two polls: `fastest` while statuses change, and up to `slowest` while they do not; 6 and 30 seconds
    /// unless set. The share of the quota may make it longer. If `slowest` is less than `fastest`, `fastest` is used for both.
    pub fn interval(self, fastest: Duration, slowest: Duration) -> Self {
        Self { fastest, slowest, ..self }
    }

    /// Ends with an error if the task has not settled within this time. The time starts when the stream is first polled.
    /// Without a deadline, the watch continues as long as it is polled.
    pub fn deadline(self, within: Duration) -> Self {
        Self { deadline: Some(within), ..self }
    }

    /// Whether a task without subtasks counts as settled; `false` unless set, because a task that was just created may not have
    /// its subtasks yet.
    pub fn allow_empty(self, allow: bool) -> Self {
        Self { allow_empty: allow, ..self }
    }

    /// A summary now, and after each poll, until the task [is settled](Summary::is_settled); the last one is of the settled
    /// task.
    ///
    /// The stream ends in the first poll after the last subtask has settled: after at most one interval, plus the time that the
    /// poll waits for its share of the quota. **Set a [deadline](Self::deadline).** A task that has fewer subtasks than before
    /// never counts as settled, and neither does one with a subtask in an undocumented status.
    ///
    /// The first item is an error if the task id or the share is not allowed. Nothing is asked while the stream is not polled.
    pub fn stream(self) -> WatchStream {
        let missed = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&missed);
        let summaries = stream::once(async { self.start(counter) })
            .map_ok(|state| stream::try_unfold(state, State::next))
            .try_flatten();
        WatchStream { summaries: Items(summaries.boxed()), progress: (None, None), calls: 0, missed }
    }

    /// Waits until the task is settled, and returns its summary.
    ///
    /// ```no_run
    /// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
    /// use std::time::Duration;
    ///
    /// let summary = client.watch("5c8ba99030344005c02316ad").deadline(Duration::from_secs(3600)).settled().await?;
    /// println!("{} of {} devices failed", summary.failed(), summary.total());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`stream`](Self::stream): when the task id or the share is not allowed, when a call fails with a permanent error, when the
    /// deadline is over.
    pub async fn settled(self) -> Result<Summary, Error> {
        let last = self.stream().try_fold(None, |_, summary| std::future::ready(Ok(Some(summary)))).await?;
        // A watch ends with the summary of the settled task, or in an error.
        last.ok_or_else(|| Error::refused("the watch ended without a summary", "report this"))
    }

    /// The clock starts here.
    fn start(self, missed: Arc<AtomicU32>) -> Result<State, Error> {
        in_tokio()?;
        // The comparison is false for what is no number at all.
        if !(self.share > 0.0 && self.share <= 1.0) {
            let found = format!("the share of the quota is {}", self.share);
            return Err(Error::refused(found, "it must be above 0 and at most 1"));
        }
        let quota = (self.client.quota().calls(), self.client.quota().window());
        let pace = Pace::new(quota, self.share, self.fastest, self.slowest);
        let rounds = Rounds::new(self.task.id.clone(), self.allow_empty, self.split_open);
        let watching = Watching::new(rounds, pace, self.deadline, Instant::now());
        let wait = self.client.shared.waits.call();
        Ok(State {
            task: self.task,
            batch_task: self.batch_task,
            client: self.client,
            read: None,
            watching,
            missed,
            wait,
        })
    }
}

/// A watch that goes on.
struct State {
    task: Task,
    batch_task: BatchTaskQuery,
    client: Client,
    read: Option<TaskRead>,
    watching: Watching,
    /// How many polls have failed since the last summary.
    missed: Arc<AtomicU32>,
    wait: Wait,
}

/// How many subtasks settle in a second, and how long the others take at that rate.
type Progress = (Option<f64>, Option<Duration>);

impl State {
    /// Carries out what the machine decides, until it has a summary to deliver.
    async fn next(mut self) -> Result<Option<((Summary, Progress), Self)>, Error> {
        loop {
            let began = Instant::now();
            match self.watching.step(began) {
                WatchStep::Wait(until) => sleep_until(until).await,
                WatchStep::Counters => {
                    match until(self.watching.end, &self.client, self.batch_task.clone().into_future()).await
                    {
                        Ok(Ok(task)) => {
                            self.watching.counters(Counters::of(&task, &self.task.id), Instant::now());
                        }
                        Ok(Err(error))
                            if is_without_counters(&error)
                                && !(self.watching.has_counters() && error.is_strange()) =>
                        {
                            self.watching.counters(None, Instant::now());
                        }
                        Ok(Err(error)) => self.missed(error, began)?,
                        Err(waiting) => self.watching.cut_off(waiting),
                    }
                }
                WatchStep::Ask(ask) => {
                    match until(self.watching.end, &self.client, self.task.ask(&ask)).await {
                        Ok(Ok(sample)) => self.watching.counted(&sample, Instant::now()),
                        Ok(Err(error)) => self.missed(error, began)?,
                        Err(waiting) => self.watching.cut_off(waiting),
                    }
                }
                WatchStep::Read(doubt) => {
                    let read = self.read.get_or_insert_with(|| self.task.begin_read());
                    match until(self.watching.end, &self.client, read.call()).await {
                        Ok(Ok(found)) => {
                            self.read.take_if(|_| found.is_some());
                            self.watching.read(found, doubt, Instant::now());
                        }
                        Ok(Err(error)) => self.missed(error, began)?,
                        Err(waiting) => self.watching.cut_off(waiting),
                    }
                }
                WatchStep::Deliver(summary) => {
                    self.missed.store(0, Ordering::Relaxed);
                    self.wait.is_over();
                    let outlook = &self.watching.outlook;
                    let progress = (outlook.rate(), outlook.left());
                    return Ok(Some(((summary, progress), self)));
                }
                WatchStep::Late(error) => {
                    return Err(error.asking(format!("watch of batch task {}", self.task.id)));
                }
                WatchStep::End => return Ok(None),
            }
        }
    }

    /// A call of a poll, which began then, has failed: the watch has a budget of its own, and goes on if that may help.
    fn missed(&mut self, error: Error, began: Instant) -> Result<(), Error> {
        let (shared, now) = (&self.client.shared, Instant::now());
        let reason = match WaitReason::after(&error) {
            WaitReason::Quota if shared.quota.is_paused() => WaitReason::QuotaUsedElsewhere,
            reason => reason,
        };
        let login = error.retry_after().filter(|_| error.is_invalid_token());
        let is_temporary = shared.may_succeed_later(&error);
        let next = self.watching.missed(error, is_temporary, now)?;
        self.read = None;
        self.missed.fetch_add(1, Ordering::Relaxed);
        let room = after(now, self.client.shared.quota.ready_in());
        self.wait.is_since(began, reason, login.map(|wait| after(now, wait)).max(Some(next.max(room))));
        Ok(())
    }
}

/// Waits for a call, at most until the end of the watch; then it says what the call waits for.
async fn until<T>(
    end: Instant,
    client: &Client,
    call: impl Future<Output = T>,
) -> Result<T, Option<WaitReason>> {
    let mut call = pin!(call);
    timeout_at(end, call.as_mut()).await.map_err(|_late| client.waiting().map(|waiting| waiting.reason))
}

/// Summaries of a batch task until it is settled. Made by [`Watch::stream`].
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let mut summaries = client.watch("5c8ba99030344005c02316ad").stream();
/// while let Some(summary) = summaries.try_next().await? {
///     println!("{summary}; {:?} subtasks a second, {} polls missed", summaries.rate(), summaries.missed());
/// }
/// # Ok(())
/// # }
/// ```
///
/// It ends after the summary of the settled task. It ends with an error when a call fails with a permanent error, and when the
/// deadline is over: then [`is_timeout`](Error::is_timeout) is true, and the error says how far the task came.
///
/// An outage does not end it. If a connection fails, no reply comes, or the platform fails (a 5xx without a permanent code),
/// throttles or refuses tokens, the poll counts as [missed](Self::missed), and the next one starts from scratch. There is one
/// exception: if the client has never received a reply, such an error ends the watch, because the address may be wrong. After
/// one successful poll, up to three replies in a row that are not the platform's (cut off, compressed, too long, a redirect, a
/// page of a proxy) count as missed polls too.
///
/// Cancel safe, as a [`SubtaskStream`](crate::SubtaskStream) is.
#[derive(Debug)]
#[must_use = "a stream asks for nothing until it is polled"]
pub struct WatchStream {
    summaries: Items<(Summary, Progress)>,
    progress: Progress,
    calls: u64,
    missed: Arc<AtomicU32>,
}

impl WatchStream {
    /// The next summary, as soon as it is due; `None` after that of the settled task.
    ///
    /// # Errors
    /// When a call fails with a permanent error, or the deadline is over.
    pub async fn try_next(&mut self) -> Result<Option<Summary>, Error> {
        TryStreamExt::try_next(self).await
    }

    /// How many subtasks have settled in a second over the last five minutes; `None` before the second summary.
    pub fn rate(&self) -> Option<f64> {
        self.progress.0
    }

    /// How long the task still takes if it goes on at this rate; `None` before the second summary and while nothing settles.
    ///
    /// This is often too short, because devices that are asleep or out of reach settle late.
    pub fn time_left(&self) -> Option<Duration> {
        self.progress.1
    }

    /// The number of failed polls since the last summary. [`Client::waiting`] says why they failed, since when, and when the
    /// next poll begins.
    pub fn missed(&self) -> u32 {
        self.missed.load(Ordering::Relaxed)
    }

    /// How many calls the watch has made so far, counted as in [`Summary::calls`].
    pub fn calls(&self) -> u64 {
        self.calls
    }
}

impl Stream for WatchStream {
    type Item = Result<Summary, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.summaries.poll_next_unpin(context)?);
        Poll::Ready(next.map(|(summary, progress)| {
            self.progress = progress;
            self.calls += summary.calls();
            Ok(summary)
        }))
    }
}
