//! What processes share, by the rules of `northbound-shared`: kept in memory instead of a file, and on the simulated clock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use northbound::{
    Client, Grant, QuotaFuture, QuotaStore, Secret, SlotId, Token, TokenFuture, TokenSource, Turn,
};
use northbound_shared::slots::Slots;
use northbound_shared::token::KeptToken;
use tokio::time::{Instant, sleep};

use super::Rule;

/// The machine of the processes.
pub(super) struct Machine {
    pub(super) rule: Rule,
    /// How long a token lives, in seconds.
    pub(super) lifetime: u32,
    begun: Instant,
    /// How far the clock was set back, in milliseconds.
    set_back: AtomicU64,
    slots: Arc<Mutex<Slots>>,
    /// Held by a process that looks for a token, or logs in.
    login: tokio::sync::Mutex<()>,
    token: Mutex<Option<KeptToken>>,
    random: Mutex<fastrand::Rng>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Machine {
    pub(super) fn new(rule: Rule, lifetime: u32, random: fastrand::Rng) -> Self {
        Self {
            rule,
            lifetime,
            begun: Instant::now(),
            set_back: AtomicU64::new(0),
            slots: Arc::default(),
            login: tokio::sync::Mutex::default(),
            token: Mutex::default(),
            random: Mutex::new(random),
        }
    }

    /// In milliseconds since 1970.
    fn now(&self) -> u64 {
        1_800_000_000_000 + self.begun.elapsed().as_millis() as u64 - self.set_back.load(Relaxed)
    }

    pub(super) fn set_clock_back(&self, by: Duration) {
        self.set_back.fetch_add(by.as_millis() as u64, Relaxed);
    }

    /// The token that a process finds, as long as the clock can be relied on.
    pub(super) fn usable_token(&self) -> Option<Token> {
        let kept = lock(&self.token).clone().filter(|_| self.set_back.load(Relaxed) == 0);
        kept.and_then(|kept| kept.usable(self.now() / 1000, None))
    }
}

/// A process, as the others see it.
#[derive(Clone)]
pub(super) struct Process {
    machine: Arc<Machine>,
    /// Its name in the line.
    name: String,
    slots: Arc<Mutex<Slots>>,
    number: Arc<AtomicU64>,
    is_alive: Arc<AtomicBool>,
}

impl Process {
    pub(super) fn new(machine: &Arc<Machine>, name: String) -> Self {
        let alone = machine.rule == Rule::QuotaAlone;
        let slots = if alone { Arc::default() } else { Arc::clone(&machine.slots) };
        let is_alive = Arc::new(AtomicBool::new(true));
        Self { machine: Arc::clone(machine), name, slots, number: Arc::default(), is_alive }
    }

    /// From now on nobody hears of it.
    pub(super) fn kill(&self) {
        self.is_alive.store(false, Relaxed);
    }

    /// The file is slow, before a step and after it.
    async fn wait(&self) {
        let delay = {
            let mut random = lock(&self.machine.random);
            if random.u16(..) < 200 { random.u64(0..7000) } else { random.u64(0..3) }
        };
        sleep(Duration::from_millis(delay)).await;
        if !self.is_alive.load(Relaxed) {
            std::future::pending::<()>().await;
        }
    }

    fn step<'a, T: Send + 'a>(
        &'a self,
        step: impl FnOnce(&mut Slots, u64) -> T + Send + 'a,
    ) -> QuotaFuture<'a, T> {
        Box::pin(async move {
            self.wait().await;
            let outcome = step(&mut lock(&self.slots), self.machine.now());
            self.wait().await;
            Ok(outcome)
        })
    }
}

impl QuotaStore for Process {
    fn acquire(&self, turn: Turn) -> QuotaFuture<'_, Grant> {
        let slot = SlotId::new(format!("{}-{}", self.name, self.number.fetch_add(1, Relaxed)));
        self.step(move |slots, now| slots.acquire(now, &self.name, slot, turn))
    }

    fn replied(&self, slot: SlotId, turn: Turn) -> QuotaFuture<'_, ()> {
        self.step(move |slots, now| slots.replied(now, &slot, turn))
    }

    fn leave(&self) -> QuotaFuture<'_, ()> {
        self.step(|slots, _| slots.leave(&self.name))
    }

    fn pause(&self, pause: Duration) -> QuotaFuture<'_, ()> {
        self.step(move |slots, now| slots.pause(now, pause))
    }
}

/// The token that the processes share, and the client that logs in for it.
pub(super) struct SharedToken {
    pub(super) process: Process,
    pub(super) login: Client,
}

impl TokenSource for SharedToken {
    fn token(&self, rejected: Option<&Secret>) -> TokenFuture<'_> {
        let rejected = rejected.cloned();
        Box::pin(async move {
            let machine = &self.process.machine;
            let lock_of_file =
                if machine.rule == Rule::NoLock { None } else { Some(machine.login.lock().await) };
            self.process.wait().await;
            let kept = lock(&machine.token).clone().filter(|_| machine.rule != Rule::NoLook);
            if let Some(token) = kept.and_then(|kept| kept.usable(machine.now() / 1000, rejected.as_ref())) {
                return Ok(token);
            }
            let token = self.login.log_in().await?;
            self.process.wait().await;
            *lock(&machine.token) = Some(KeptToken::new(&token, machine.now() / 1000));
            drop(lock_of_file);
            Ok(token)
        })
    }
}
