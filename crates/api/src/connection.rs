//! A connection until it ends, or is asked to because the server stops.
//!
//! That the server stops is told to each connection once. hyper-util's own way asks for it whenever something happens on a
//! connection, so for every request, under a lock that connections share; here nothing is asked before the bell has rung.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use hyper_util::server::graceful::GracefulConnection;
use pin_project_lite::pin_project;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

pin_project! {
    /// A connection that ends when it has nothing more to do, after the server was told to stop.
    pub(crate) struct Ending<C> {
        #[pin]
        connection: C,
        #[pin]
        stop: WaitForCancellationFutureOwned,
        state: State,
    }
}

enum State {
    /// The bell isn't hung up yet.
    New,
    Serving {
        bell: Arc<Bell>,
    },
    /// The connection knows that the server stops.
    Ending,
}

/// Wakes the connection's task, and tells it that this was why.
struct Bell {
    has_rung: AtomicBool,
    task: Waker,
}

impl Bell {
    /// Whether it has rung since it was asked. Set back before the question that follows: one that rings meanwhile leads to
    /// another.
    fn is_news(&self) -> bool {
        self.has_rung.load(Ordering::Relaxed) && self.has_rung.swap(false, Ordering::AcqRel)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.has_rung.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

impl<C> Ending<C> {
    /// A connection of a server that is told to stop by this token. To be polled by one task.
    pub(crate) fn new(connection: C, stop: CancellationToken) -> Self {
        Self { connection, stop: stop.cancelled_owned(), state: State::New }
    }
}

impl<C: GracefulConnection> Future for Ending<C> {
    type Output = C::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<C::Output> {
        let mut this = self.project();
        let asked = match this.state {
            State::New => {
                Some(Arc::new(Bell { has_rung: AtomicBool::new(false), task: context.waker().clone() }))
            }
            State::Serving { bell } => bell.is_news().then(|| Arc::clone(bell)),
            State::Ending => None,
        };
        if let Some(bell) = asked {
            let waker = Waker::from(Arc::clone(&bell));
            *this.state = match this.stop.poll(&mut Context::from_waker(&waker)) {
                Poll::Pending => State::Serving { bell },
                Poll::Ready(()) => {
                    this.connection.as_mut().graceful_shutdown();
                    State::Ending
                }
            };
        }
        this.connection.poll(context)
    }
}
