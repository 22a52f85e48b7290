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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use axum::Router;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::{Door, ServerLimits, serve};

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A server with a route that answers at once and one that waits until it is let go.
    async fn server(limits: ServerLimits) -> (SocketAddr, Arc<Notify>, CancellationToken, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let go = Arc::new(Notify::new());
        let waiting = Arc::clone(&go);
        let routes = Router::new()
            .route("/", get(async || "here"))
            .route("/slow", get(async move || waiting.notified().await));
        let stop = CancellationToken::new();
        let door = Door { listener, certificate: None };
        let served = tokio::spawn(serve(door, routes, limits, stop.clone().cancelled_owned()));
        (address, go, stop, served)
    }

    async fn ask(connection: &mut TcpStream, path: &str) {
        connection.write_all(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.unwrap();
    }

    async fn answer(connection: &mut TcpStream) -> String {
        let mut bytes = vec![0; 4_096];
        let read = tokio::time::timeout(PATIENCE, connection.read(&mut bytes)).await.unwrap().unwrap();
        String::from_utf8(bytes[..read].to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_server_that_stops_hangs_up_on_whoever_is_idle_and_answers_what_is_under_way() {
        let (address, go, stop, served) = server(ServerLimits::default()).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        for _ in 0..3 {
            ask(&mut idle, "/").await;
            assert!(answer(&mut idle).await.ends_with("here"));
        }
        let mut busy = TcpStream::connect(address).await.unwrap();
        ask(&mut busy, "/slow").await;
        let mut silent = TcpStream::connect(address).await.unwrap();
        // The slow request is under way when it waits to be let go; a connection answers in the order of its requests.
        tokio::time::timeout(PATIENCE, async {
            while Arc::strong_count(&go) < 3 {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        stop.cancel();
        assert_eq!(answer(&mut idle).await, "", "hung up");
        assert_eq!(answer(&mut silent).await, "", "hung up");
        assert!(!served.is_finished());
        go.notify_one();
        assert!(answer(&mut busy).await.starts_with("HTTP/1.1 200 OK"));
        assert_eq!(answer(&mut busy).await, "", "hung up behind the answer");
        tokio::time::timeout(PATIENCE, served).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_ends_no_head_is_closed_and_one_that_waits_for_an_answer_is_not() {
        let limits = ServerLimits { head_timeout: Duration::from_millis(300), ..ServerLimits::default() };
        let (address, go, _stop, _served) = server(limits).await;
        let mut busy = TcpStream::connect(address).await.unwrap();
        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(b"GET / HTTP/1.1\r\nhost").await.unwrap();
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut undecided = TcpStream::connect(address).await.unwrap();
        undecided.write_all(b"PRI * HTTP/2").await.unwrap();
        ask(&mut busy, "/").await;
        assert!(answer(&mut busy).await.ends_with("here"));
        ask(&mut busy, "/slow").await;
        assert_eq!(answer(&mut half).await, "", "hung up");
        assert_eq!(answer(&mut silent).await, "", "hung up");
        assert_eq!(answer(&mut undecided).await, "", "hung up");
        // Longer under way than a head may take: that doesn't count.
        tokio::time::sleep(Duration::from_millis(400)).await;
        go.notify_one();
        assert!(answer(&mut busy).await.starts_with("HTTP/1.1 200 OK"));
        assert_eq!(answer(&mut busy).await, "", "idle again for too long");
    }
}
