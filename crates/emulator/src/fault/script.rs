//! A body that is sent by a script: pieces, pauses, and a break.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};

use crate::clock::Clock;

/// One thing that a [`Script`] does.
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

/// A body that carries out its steps in their order.
pub(crate) struct Script {
    steps: VecDeque<Step>,
    clock: Clock,
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Script {
    pub(crate) fn new(clock: &Clock, steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: steps.into_iter().collect(), clock: clock.clone(), waiting: None }
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                std::task::ready!(waiting.as_mut().poll(context));
                self.waiting = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Send(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Wait(duration)) => {
                    let clock = self.clock.clone();
                    self.waiting = Some(Box::pin(async move { clock.sleep(duration).await }));
                }
                Some(Step::Flush) => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Break) => {
                    return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
                }
            }
        }
    }
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
        let body = Script::new(&clock, steps).collect().await.unwrap().to_bytes();
        assert_eq!(body, "ab");
        assert!(clock.now() >= Duration::from_secs(9));
    }

    #[tokio::test]
    async fn a_break_is_an_error() {
        let script = Script::new(&Clock::new(ClockKind::Manual), [Step::Send("a".into()), Step::Break]);
        assert!(script.collect().await.is_err());
    }
}
