//! Reads several pages: while a stream is polled, it makes the calls that the state machines in [`crate::reads::pages`]
//! request.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream::{self, BoxStream, FuturesOrdered, StreamExt as _, TryStreamExt as _};
use northbound_client::{SubtaskStatus, Turn};

use crate::reads::pages::{self, Arrived, Deliver, Fingerprints, Next, Read, Start};
use crate::reads::plan::FilterPass;
use crate::reads::request::PageRequest;
use crate::{Client, Direction, Error, Page, Plan, Remedy, Subtask};

/// The subtasks that were asked for, one after another. Made by [`SubtaskQuery::stream`](crate::SubtaskQuery::stream).
///
/// *Every subtask that had the requested status during the whole read is delivered, and none is delivered twice, if the
/// platform keeps the relative order of a task's subtasks and statuses follow the lifecycle.* If the stream notices that this
/// does not hold, it delivers every row that came. The last item is then an error that [is incomplete](Error::is_incomplete)
/// and has the numbers. A stream that ends without an error is complete. After an error it ends.
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let mut subtasks = client.subtasks("5c8ba99030344005c02316ad").stream();
/// while let Some(subtask) = subtasks.try_next().await? {
///     println!("{:?} {:?}", subtask.device_id(), subtask.status());
/// }
/// # Ok(())
/// # }
/// ```
///
/// Rows come in the platform's order, except those that are read [backward](Direction::Backward): their pages come in
/// descending order.
///
/// # Cancel safety
/// A pending [`try_next`](Self::try_next) can be dropped, for instance by `tokio::select!` or a timeout: the stream keeps the
/// call that is under way, and the next `try_next` continues with it. No subtask is lost and none comes twice. A stream that is
/// not polled makes no progress, but the time limits of its calls still apply.
#[derive(Debug)]
#[must_use = "a stream asks for nothing until it is polled"]
pub struct SubtaskStream(Items<Subtask>);

/// The same as [`SubtaskStream`], page by page. Made by [`SubtaskQuery::pages`](crate::SubtaskQuery::pages).
///
/// It delivers a page for every call that returned new rows, even if none of them has the requested status. Then
/// [`Page::resume_from`] still says how far the read has come. It is cancel safe in the same way.
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let mut pages = client.subtasks("5c8ba99030344005c02316ad").pages();
/// while let Some(page) = pages.try_next().await? {
///     println!("{} rows; a later read can resume from {:?}", page.subtasks().len(), page.resume_from());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a stream asks for nothing until it is polled"]
pub struct PageStream(Items<Page>);

/// The items of a stream, of whatever kind.
pub(crate) struct Items<T>(pub(crate) BoxStream<'static, Result<T, Error>>);

type PageFuture = Pin<Box<dyn Future<Output = Result<Page, Error>> + Send>>;

impl PageStream {
    pub(crate) fn new(client: Client, read: Result<(PageRequest, Plan), Error>, check_repeats: bool) -> Self {
        let reader = read.map(|(request, plan)| Reader::new(client, request, plan, check_repeats));
        let pages = stream::once(std::future::ready(reader))
            .map_ok(|reader| stream::try_unfold(reader, Reader::next))
            .try_flatten();
        Self(Items(pages.boxed()))
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// When a call fails, or the read is incomplete.
    pub async fn try_next(&mut self) -> Result<Option<Page>, Error> {
        self.0.try_next().await
    }
}

impl SubtaskStream {
    pub(crate) fn new(pages: PageStream) -> Self {
        let rows = pages.map_ok(|page| stream::iter(page.into_subtasks().into_iter().map(Ok))).try_flatten();
        Self(Items(rows.boxed()))
    }

    /// The next subtask; `None` after the last.
    ///
    /// # Errors
    /// When a call fails, or the read is incomplete.
    pub async fn try_next(&mut self) -> Result<Option<Subtask>, Error> {
        self.0.try_next().await
    }
}

/// The total length of the replies whose pages a read may hold, in bytes. It is more than the 18 pages of a search for the end
/// have, unless the platform sends nonsense as rows.
const HELD: usize = 8 * 1024 * 1024;

/// A read under way.
struct Reader {
    client: Client,
    /// What every request of the read has.
    request: PageRequest,
    plan: Plan,
    /// Remembers rows and makes their fingerprints; `None` if the check for repeats is off.
    check_repeats: bool,
    fingerprints: Fingerprints,
    passes: VecDeque<FilterPass>,
    pass: Option<(FilterPass, Box<dyn Read>)>,
    calls: FuturesOrdered<PageFuture>,
    /// Whose turn it is to read a long reply: that of the call whose page is delivered next.
    turns: VecDeque<Turn>,
    /// Pages of this pass that will be asked for again; they are delivered if the read ends before that.
    held: VecDeque<Page>,
    /// How much more may be held, in bytes.
    room: usize,
    /// Why pages became smaller, if they did.
    too_large: Option<Error>,
    /// What the read ends with, once the pages that are held have been delivered.
    end: Option<Error>,
}

impl Reader {
    fn new(client: Client, request: PageRequest, plan: Plan, check_repeats: bool) -> Self {
        Self {
            client,
            request,
            passes: plan.passes(),
            plan,
            check_repeats,
            fingerprints: Fingerprints::default(),
            pass: None,
            calls: FuturesOrdered::new(),
            turns: VecDeque::new(),
            held: VecDeque::new(),
            room: HELD,
            too_large: None,
            end: None,
        }
    }

    /// The next page that brings rows, and the reader after it.
    async fn next(mut self) -> Result<Option<(Page, Self)>, Error> {
        loop {
            if let Some(end) = self.end.take() {
                let Some(page) = self.held.pop_front() else { return Err(end) };
                self.end = Some(end);
                return Ok(Some((page, self)));
            }
            if self.pass.is_none() {
                let Some(pass) = self.passes.pop_front() else { return Ok(None) };
                let start = Start { size: self.request.page_size, from: self.plan.from_page };
                self.pass = Some((pass, pages::begin(self.plan.direction, start)));
            }
            self.ask();
            self.turns.front().into_iter().for_each(Turn::comes);
            let page = self.calls.next().await;
            let length = self.turns.pop_front().map_or(0, |turn| turn.length());
            match page {
                Some(Ok(page)) => {
                    let asked = self.request.page_size.get() as usize;
                    if let Some(error) = self.too_large.take_if(|_| page.rows().len() > asked) {
                        // The platform does not keep to page sizes, so the position of these rows is unknown.
                        return Err(error);
                    }
                    if let Some(page) = self.take(page, length) {
                        return Ok(Some((page, self)));
                    }
                }
                Some(Err(error)) => self.split(error)?,
                None => {
                    self.end = self.pass.as_ref().map(|(pass, read)| {
                        read.beyond().into_error(pass.as_ref()).asking(self.request.task())
                    })
                }
            }
        }
    }

    /// Makes as many calls as the plan allows and the read needs.
    fn ask(&mut self) {
        let Some((pass, read)) = &mut self.pass else { return };
        while self.calls.len() < self.plan.calls_at_a_time()
            && let Some(number) = read.ask()
        {
            let turn = Turn::default();
            self.turns.push_back(turn.clone());
            let status = pass.clone();
            let request = PageRequest { status, page_no: number, turn: Some(turn), ..self.request.clone() };
            let shared = Arc::clone(&self.client.shared);
            self.calls.push_back(Box::pin(async move { shared.call(&request).await }));
        }
    }

    /// Goes on with smaller pages if that is what an error asks for.
    fn split(&mut self, error: Error) -> Result<(), Error> {
        let pass = self.pass.as_mut().filter(|_| *error.remedy() == Remedy::RaiseBodyLimit);
        let Some(split) = pass.and_then(|(_, read)| read.split()) else { return Err(error) };
        let page_size = split.size;
        tracing::info!(page_size, "a page is too long for one reply, so the read goes on with smaller pages");
        self.request.page_size = page_size;
        self.too_large = Some(error);
        self.calls.clear();
        self.turns.clear();
        self.held.iter_mut().for_each(|page| page.is_first_of(split.parts));
        Ok(())
    }

    /// The part of a page that is delivered, if any.
    fn take(&mut self, mut page: Page, length: usize) -> Option<Page> {
        let (pass, read) = self.pass.as_mut()?;
        let rows = page.rows();
        let fingerprints = if self.check_repeats { self.fingerprints.of_rows(rows) } else { Vec::new() };
        let digest = if self.check_repeats {
            self.fingerprints.digest(rows, &fingerprints)
        } else {
            self.fingerprints.digest_of_ends(rows)
        };
        let arrived = Arrived {
            page: page.number(),
            len: rows.len(),
            rows: &fingerprints,
            digest: digest.map(|(digest, _)| digest),
            alike: digest.is_some_and(|(_, alike)| alike),
            total: page.total_count(),
            stated: page.page_size(),
        };
        let taken = read.take(&arrived);
        let has_rows = !rows.is_empty();
        let resume_from = resume_from(self.plan.direction, page.number(), taken.next);
        let Deliver::AllBut(repeats) = taken.deliver else {
            if has_rows && let Some(room) = self.room.checked_sub(length) {
                self.room = room;
                self.held.push_back(page);
            }
            return None;
        };
        self.held.retain(|held| held.number() != page.number());
        match taken.next {
            Next::GoOn => {}
            Next::Complete => {
                // Calls ahead of the end are dropped with what they would bring.
                self.calls.clear();
                self.turns.clear();
                self.held.clear();
                self.pass = None;
            }
            Next::Incomplete(mut shortfall) => {
                for held in &mut self.held {
                    let repeats = read.repeats(&self.fingerprints.of_rows(held.rows()));
                    pick(held, &repeats, &self.plan.kept);
                    shortfall.received += held.rows().len() as u64;
                }
                self.held.retain(|held| !held.rows().is_empty());
                self.end = Some(shortfall.into_error(pass.as_ref()).asking(self.request.task()));
            }
        }
        if !has_rows {
            return None;
        }
        pick(&mut page, &repeats, &self.plan.kept);
        Some(page.delivered(resume_from, repeats.len()))
    }
}

fn resume_from(direction: Direction, number: u32, next: Next) -> Option<u32> {
    let neighbour = match direction {
        Direction::Backward => number.checked_sub(1),
        Direction::Whole | Direction::Forward => number.checked_add(1),
    };
    neighbour.filter(|_| next != Next::Complete)
}

/// Removes from a page what is not delivered: repeats, and rows whose status was not requested.
fn pick(page: &mut Page, repeats: &[usize], kept: &[SubtaskStatus]) {
    page.retain(|place, row| {
        // The status of a row that cannot be read is unknown.
        let is_asked = kept.is_empty()
            || row.extra.unreadable().is_some()
            || row.status.as_ref().is_some_and(|status| kept.contains(status));
        is_asked && repeats.binary_search(&place).is_err()
    });
}

impl Stream for PageStream {
    type Item = Result<Page, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl Stream for SubtaskStream {
    type Item = Result<Subtask, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl<T> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}
