//! A body that is sent by a script: pieces, pauses, and a break.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream::{StreamExt as _, iter};

use crate::clock::Clock;

/// One thing that a script does.
#[derive(Debug)]
pub(crate) enum Step {
    Send(Bytes),
    /// Waits by the emulator's clock.
    Wait(Duration),
    /// Lets the server write out what it was given, which it would otherwise keep until there is more.
    Flush,
    /// Fails, upon which the server closes the connection.
    Break,
}

/// A body that carries out these steps in their order.
pub(crate) fn script(clock: &Clock, steps: impl IntoIterator<Item = Step, IntoIter: Send> + 'static) -> Body {
    let clock = clock.clone();
    Body::from_stream(iter(steps).filter_map(move |step| {
        let clock = clock.clone();
        async move {
            match step {
                Step::Send(bytes) => return Some(Ok(bytes)),
                Step::Wait(duration) => clock.sleep(duration).await,
                Step::Flush => tokio::task::yield_now().await,
                Step::Break => return Some(Err(io::Error::from(io::ErrorKind::ConnectionAborted))),
            }
            None
        }
    }))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::clock::ClockKind;

    #[tokio::test(start_paused = true)]
    async fn steps_are_carried_out_in_their_order_and_time() {
        let clock = Clock::new(ClockKind::Real);
        let steps =
            [Step::Send("a".into()), Step::Wait(Duration::from_secs(9)), Step::Flush, Step::Send("b".into())];
        let body = script(&clock, steps).collect().await.unwrap().to_bytes();
        assert_eq!(body, "ab");
        assert!(clock.now() >= Duration::from_secs(9));
    }

    #[tokio::test]
    async fn a_break_is_an_error() {
        let body = script(&Clock::new(ClockKind::Manual), [Step::Send("a".into()), Step::Break]);
        assert!(body.collect().await.is_err());
    }
}
