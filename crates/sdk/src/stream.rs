//! All subtasks, one after another: asks for pages while it is polled.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream::{self, TryStreamExt as _};

use crate::pages::{Next, Pages};
use crate::subtasks::Query;
use crate::{Error, Subtask};

/// The subtasks that were asked for, in the platform's order. Made by [`Subtasks::stream`](crate::Subtasks::stream).
///
/// Every row that the platform sends is delivered. The stream ends when rows received reach the platform's total, or at an
/// empty page; if that comes before the total is reached, or if a page only repeats the one before it, it ends in an error.
/// After an error it ends.
#[must_use = "a stream asks for nothing until it is polled"]
pub struct SubtaskStream(Pin<Box<dyn Stream<Item = Result<Subtask, Error>> + Send>>);

impl SubtaskStream {
    pub(crate) fn new(query: Result<Query, Error>) -> Self {
        let start = query.map(|query| Some((query, Pages::default())));
        let pages =
            stream::once(std::future::ready(start)).map_ok(|start| stream::try_unfold(start, next_page));
        Self(Box::pin(
            pages.try_flatten().map_ok(|rows| stream::iter(rows.into_iter().map(Ok))).try_flatten(),
        ))
    }

    /// The next subtask; `None` after the last.
    ///
    /// # Errors
    /// When a call fails, or the read is incomplete.
    pub async fn try_next(&mut self) -> Result<Option<Subtask>, Error> {
        self.0.try_next().await
    }
}

type State = Option<(Query, Pages)>;

async fn next_page(state: State) -> Result<Option<(Vec<Subtask>, State)>, Error> {
    let Some((query, mut pages)) = state else {
        return Ok(None);
    };
    let page = query.page(pages.next()).await?;
    let next = pages.take(page.rows(), page.total_count()).map_err(|error| error.asking(query.what()))?;
    let state = (next == Next::GoOn).then_some((query, pages));
    Ok(Some((page.into_subtasks(), state)))
}

impl Stream for SubtaskStream {
    type Item = Result<Subtask, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl std::fmt::Debug for SubtaskStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubtaskStream").finish_non_exhaustive()
    }
}
