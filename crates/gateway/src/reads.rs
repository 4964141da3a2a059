//! Reads whose pages stay the same: pages of any size, in any order and any number of times, have the rows of one read of the
//! platform.
//!
//! A read belongs to a reader, a task and filters. The first request for any of its pages begins it. Its rows are then served
//! by their numbers. [`read`] decides which pages can be answered already, and [`registry`] decides which read serves a page.
//! Neither has a socket, and both get the time from their caller. This file reads with the SDK, in one tokio task for each
//! read.

#[cfg(test)]
mod model;
mod page;
mod read;
mod registry;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use northbound::Client;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use page::PageOutcome;
pub(crate) use page::{PageAsked, PageReply, ReadError, ReadKey, ReaderId};
use read::Chunk;
use registry::{Key, ReadId, Registry};

/// How often reads that nobody asks for are looked for.
const TICK: Duration = Duration::from_secs(10);

/// The reads of all readers. A clone shares them.
#[derive(Clone)]
pub(crate) struct Reads(Arc<Shared>);

struct Shared {
    client: Client,
    registry: Mutex<Registry<Task>>,
}

/// The task that reads, and who waits for it. It ends when its read is dropped.
struct Task {
    reading: AbortHandle,
    news: Arc<Notify>,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.reading.abort();
        self.news.notify_waiters();
    }
}

impl Reads {
    /// Reads with this client, whose rows together take at most `memory` bytes. A runtime must be there.
    pub(crate) fn new(client: Client, memory: usize) -> Self {
        let shared = Arc::new(Shared { client, registry: Mutex::new(Registry::new(memory, Instant::now())) });
        tokio::spawn(sweep(Arc::downgrade(&shared)));
        Self(shared)
    }

    /// A page of a read, which begins if it has to.
    ///
    /// Page 0 of size 1 is a count: where no read has the answer by now, it is passed on to the platform.
    ///
    /// # Errors
    /// When the read fails, is incomplete, is too large, or is gone.
    ///
    /// # Cancel safety
    /// The read goes on when this is dropped, and whoever asks for a page within a minute joins it.
    pub(crate) async fn page(&self, reader: ReaderId, asked: ReadKey, page: PageAsked) -> PageOutcome {
        let key = Arc::new((reader, asked));
        if page == PageAsked::COUNT
            && let Some(reply) = self.count(&key).await?
        {
            return Ok(reply);
        }
        let waiter = self.join(&key, page)?;
        loop {
            let news = waiter.news.notified();
            let answer = self.0.registry().answer(&waiter.key, waiter.id, page);
            match answer {
                Some(outcome) => return outcome,
                None => news.await,
            }
        }
    }

    /// Notes that a call for a page was refused, since its token does not work any more.
    pub(crate) fn interrupted(&self, reader: ReaderId, asked: ReadKey) {
        self.0.registry().interrupted(&Arc::new((reader, asked)));
    }

    /// How many bytes all reads take.
    pub(crate) fn bytes(&self) -> usize {
        self.0.registry().bytes
    }

    /// Stops all reads. Whoever waits for one, or asks from now on, gets an error.
    pub(crate) fn stop(&self) {
        self.0.registry().stop();
    }

    /// The answer to a count; `None` if the platform's reply is no such answer.
    async fn count(&self, key: &Key) -> Result<Option<PageReply>, ReadError> {
        if let Some(reply) = self.0.registry().count(key) {
            return Ok(Some(reply));
        }
        let read_at = SystemTime::now();
        let page = key.1.query(&self.0.client).page_size(1).page(0).await.map_err(ReadError::Sdk)?;
        let rows = Chunk::of(page);
        let Some(total) = rows.total.filter(|_| rows.len() <= 1) else { return Ok(None) };
        let (rows, changed) = rows.rows(0..rows.len());
        self.0.registry().counted(key, total, rows.first());
        Ok(Some(PageReply { rows, total, changed, read_at }))
    }

    /// Joins the read that serves a page, which begins if it has to.
    fn join(&self, key: &Key, page: PageAsked) -> Result<Waiter, ReadError> {
        // A read that serves other keys as well is there already, so one that begins is that of this key.
        let begin = |id| {
            let news = Arc::new(Notify::new());
            let read = Arc::clone(&self.0).read(Arc::clone(key), id, Arc::clone(&news));
            Task { reading: tokio::spawn(read).abort_handle(), news }
        };
        let mut registry = self.0.registry();
        let (key, id, task) = registry.ask(key, page, SystemTime::now(), begin)?;
        Ok(Waiter { shared: Arc::clone(&self.0), key, id, news: Arc::clone(&task.news) })
    }
}

/// Drops reads that nobody asks for.
async fn sweep(shared: Weak<Shared>) {
    loop {
        sleep(TICK).await;
        let Some(shared) = shared.upgrade() else { return };
        shared.registry().tick();
    }
}

impl Shared {
    /// It decides, and waits for nothing.
    fn registry(&self) -> MutexGuard<'_, Registry<Task>> {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        registry.now = Instant::now();
        registry
    }

    /// Reads to the end.
    async fn read(self: Arc<Self>, key: Key, id: ReadId, news: Arc<Notify>) {
        let mut pages = key.1.query(&self.client).pages();
        let outcome = loop {
            match pages.try_next().await {
                Ok(Some(page)) => {
                    let rows = Chunk::of(page);
                    if !self.registry().arrived(&key, id, rows) {
                        break Ok(());
                    }
                    news.notify_waiters();
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(ReadError::Sdk(error)),
            }
        };
        self.registry().ended(&key, id, outcome);
        news.notify_waiters();
    }
}

/// Somebody who waits for a page.
struct Waiter {
    shared: Arc<Shared>,
    key: Key,
    id: ReadId,
    news: Arc<Notify>,
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.shared.registry().leave(&self.key, self.id);
    }
}
