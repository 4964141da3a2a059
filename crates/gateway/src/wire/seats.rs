//! How many connections there are, and which one makes room for a new one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// A seat for each connection.
#[derive(Debug)]
pub(crate) struct Seats {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    seats: HashMap<u64, Place>,
}

#[derive(Debug)]
struct Place {
    /// None while a call is answered.
    idle_since: Option<Instant>,
    close: Arc<Notify>,
}

/// The seat of a connection. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    close: Arc<Notify>,
}

/// A call over a connection, which is not idle as long as this exists.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Seat>);

impl Seats {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// A seat for a new connection. If all are taken, the connection that has been idle longest is told to close; none is free if
    /// calls are answered over all of them.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Seat> {
        if self.lock().seats.len() >= self.most && !self.free_one() {
            return None;
        }
        let mut taken = self.lock();
        taken.next += 1;
        let (number, close) = (taken.next, Arc::new(Notify::new()));
        taken.seats.insert(number, Place { idle_since: Some(Instant::now()), close: Arc::clone(&close) });
        drop(taken);
        Some(Seat { seats: Arc::clone(self), number, close })
    }

    /// Tells the connection that has been idle longest to close, if one is idle.
    pub(crate) fn free_one(&self) -> bool {
        let mut taken = self.lock();
        let idle = taken.seats.iter().filter_map(|(number, place)| Some((place.idle_since?, *number)));
        let longest = idle.min().and_then(|(_, number)| taken.seats.remove(&number));
        longest.inspect(|place| place.close.notify_one()).is_some()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.lock().seats.len()
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Waits until the connection has to make room.
    pub(crate) async fn closed(&self) {
        self.close.notified().await;
    }

    /// Marks that a call is answered.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        self.idle_since(None);
        Busy(Arc::clone(self))
    }

    fn idle_since(&self, since: Option<Instant>) {
        if let Some(place) = self.seats.lock().seats.get_mut(&self.number) {
            place.idle_since = since;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.lock().seats.remove(&self.number);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.idle_since(Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn is_closed(seat: &Seat) -> bool {
        tokio::time::timeout(Duration::ZERO, seat.closed()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn the_connection_that_has_been_idle_longest_makes_room() {
        let seats = Seats::new(3);
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(Arc::new(seats.take().unwrap()));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        // The first one answers a call just now, and the second one has answered one a moment ago.
        let busy = held[0].busy();
        drop(held[1].busy());
        let fourth = Arc::new(seats.take().unwrap());
        assert_eq!(seats.count(), 3);
        for (number, closed) in [(0, false), (1, false), (2, true)] {
            assert_eq!(is_closed(&held[number]).await, closed, "{number}");
        }
        let all_busy = [held[1].busy(), fourth.busy()];
        assert!(seats.take().is_none(), "calls are answered over all connections");
        drop(all_busy);
        drop((busy, held, fourth));
        assert_eq!(seats.count(), 0);
    }
}
