//! How long a connection is waited for: hyper's timer, made for one connection.
//!
//! hyper begins to wait when it has nothing to do for a connection and ends it with the next request's head, so for every
//! request. Each wait as a timer of its own would be put down among all timers of the server, under a lock that all threads
//! take, and struck out again at once. Here a connection has one timer, which is left standing: only when it rings is it
//! looked at whether somebody still waits, and until when.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};

/// The timer of one connection. Its waits must be polled by one task, one at a time, as hyper's HTTP/1 does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patience(Arc<Alarm>);

/// The timer that stands; none before the first wait.
type Alarm = Mutex<Option<Pin<Box<tokio::time::Sleep>>>>;

impl Timer for Patience {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Wait { alarm: Arc::clone(&self.0), deadline })
    }
}

/// One wait.
struct Wait {
    alarm: Arc<Alarm>,
    deadline: Instant,
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut alarm = self.alarm.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *alarm {
            // It rings before this wait ends, and wakes the task: then this is looked at again.
            Some(standing) if !standing.is_elapsed() && standing.deadline().into_std() <= self.deadline => {
                return Poll::Pending;
            }
            Some(standing) => standing.as_mut().reset(self.deadline.into()),
            None => *alarm = Some(Box::pin(tokio::time::sleep_until(self.deadline.into()))),
        }
        // Puts it down, or finds that the time is over.
        alarm.as_mut().map_or(Poll::Pending, |set| set.as_mut().poll(context))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// Polls a wait once, as hyper does before it reads on.
    async fn is_over(wait: &mut Pin<Box<dyn Sleep>>) -> bool {
        poll_fn(|context| Poll::Ready(wait.as_mut().poll(context).is_ready())).await
    }

    #[tokio::test]
    async fn a_wait_ends_when_it_should_however_many_were_given_up_before_it() {
        let patience = Patience::default();
        let begin = Instant::now();
        let until = |milliseconds: u64| patience.sleep_until(begin + Duration::from_millis(milliseconds));
        for given_up in 60..70 {
            assert!(!is_over(&mut until(given_up)).await);
        }
        // The timer rings for the first of those, and this one goes on waiting.
        until(120).await;
        assert!(begin.elapsed() >= Duration::from_millis(120));
        // One that ends before another that was given up.
        assert!(!is_over(&mut until(100_000)).await);
        until(180).await;
        assert!((180..50_000).contains(&begin.elapsed().as_millis()));
        assert!(is_over(&mut until(170)).await, "it was over before it began");
    }
}
