//! A quota in Redis.

use std::sync::{Arc, Once};
use std::time::Duration;

use northbound::{Grant, QuotaFuture, QuotaStore, SlotId, TokenError, Turn};
use redis::Script;

use super::server::{Server, unique};
use crate::slots::{LEASE, ROUNDING, SOON, millis};

/// The script, with the numbers of the rules.
pub(super) fn rules() -> String {
    let numbers = format!("local LEASE, SOON, ROUNDING = {LEASE}, {SOON}, {ROUNDING}\n");
    numbers + include_str!("quota.lua")
}

/// The quota of an application in Redis: see [`RedisShare::quota`](crate::RedisShare::quota).
pub struct RedisQuota {
    server: Arc<Server>,
    script: Script,
    key: String,
    process: String,
    /// One warning a process is enough.
    warning: Once,
}

impl RedisQuota {
    pub(super) fn new(server: Arc<Server>, keys: &str) -> Self {
        Self {
            server,
            script: Script::new(&rules()),
            key: format!("{keys}quota"),
            process: unique(),
            warning: Once::new(),
        }
    }

    async fn step(
        &self,
        step: &str,
        slot: &str,
        turn: Option<Turn>,
        pause: Duration,
    ) -> Result<Vec<String>, TokenError> {
        let turn = turn.unwrap_or_else(|| Turn::new(0, Duration::ZERO, Duration::ZERO));
        let mut script = self.script.key(&self.key);
        script.arg(step).arg(&self.process).arg(slot).arg(turn.calls);
        for time in [turn.window, turn.hold, turn.waited] {
            script.arg(millis(time));
        }
        self.server.run(script.arg(turn.waiting).arg(millis(pause))).await
    }

    async fn ask(&self, turn: Turn) -> Result<Grant, TokenError> {
        let slot = unique();
        let reply = self.step("acquire", &slot, Some(turn), Duration::ZERO).await?;
        let number = |at: usize| reply.get(at).and_then(|text| text.parse().ok()).unwrap_or(0_u64);
        if reply.first().is_some_and(|decided| decided == "taken") {
            return Ok(Grant::Taken(SlotId::new(slot)));
        }
        let ready = Duration::from_millis(number(2));
        if number(4) == 1 {
            let (name, seconds) = (self.server.name(), ready.as_secs());
            self.warning.call_once(|| {
                tracing::warn!(
                    "Redis at {name} does not know this application: it is new there, or what was known is lost; calls wait for {seconds} s"
                );
            });
        }
        Ok(Grant::Wait { again: Duration::from_millis(number(1)), ready, is_paused: number(3) == 1 })
    }
}

impl QuotaStore for RedisQuota {
    fn acquire(&self, turn: Turn) -> QuotaFuture<'_, Grant> {
        Box::pin(self.ask(turn))
    }

    fn replied(&self, slot: SlotId, turn: Turn) -> QuotaFuture<'_, ()> {
        Box::pin(
            async move { self.step("replied", slot.as_str(), Some(turn), Duration::ZERO).await.map(drop) },
        )
    }

    fn leave(&self) -> QuotaFuture<'_, ()> {
        Box::pin(async { self.step("leave", "", None, Duration::ZERO).await.map(drop) })
    }

    fn pause(&self, pause: Duration) -> QuotaFuture<'_, ()> {
        Box::pin(async move { self.step("pause", "", None, pause).await.map(drop) })
    }
}
