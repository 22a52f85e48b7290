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

    /// A proxy in front, which shares a connection among its callers, and the server must see the same requests in the same
    /// bytes: or else one caller's body is another's request.
    #[tokio::test]
    async fn bytes_that_could_be_read_as_one_request_or_two_are_never_read_as_two() {
        const NEXT: &str = "GET /admin HTTP/1.1\r\nhost: a\r\n\r\n";
        let (address, _go, _stop, _served) = server(ServerLimits::default()).await;
        let heard = async |bytes: String| {
            let mut connection = TcpStream::connect(address).await.unwrap();
            connection.write_all(bytes.as_bytes()).await.unwrap();
            let mut answers = Vec::new();
            // Ends when the server hangs up: whatever else is sent over it is nobody's request.
            let read = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut answers)).await;
            assert!(read.is_ok(), "the connection is kept after {bytes:?}");
            String::from_utf8(answers).unwrap()
        };
        let chunks = "0\r\n\r\n";
        for head in [
            // Both say how long the body is.
            format!("content-length: {}\r\ntransfer-encoding: chunked", chunks.len() + NEXT.len()),
            format!("transfer-encoding: chunked\r\ncontent-length: {}", chunks.len() + NEXT.len()),
            "content-length: 0\r\ncontent-length: 5".to_owned(),
            "content-length: 0, 5".to_owned(),
            "content-length: +5".to_owned(),
            "content-length: 0x5".to_owned(),
            "content-length: -1".to_owned(),
            "content-length: 99999999999999999999999".to_owned(),
            // A coding that one of them doesn't know.
            "transfer-encoding: chunked, identity".to_owned(),
            "transfer-encoding: xchunked".to_owned(),
            "transfer-encoding: chunked\r\ntransfer-encoding: identity".to_owned(),
            // A line that one of them takes for the end of the one before, or of all of them.
            "transfer-encoding : chunked".to_owned(),
            "x: a\r\n transfer-encoding: chunked".to_owned(),
            "x: a\0\r\ntransfer-encoding: chunked".to_owned(),
            "x: a\rtransfer-encoding: chunked".to_owned(),
        ] {
            let told = heard(format!("POST / HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\n{chunks}{NEXT}")).await;
            assert!(told.matches("HTTP/1.1 ").count() <= 1, "{head:?}: {told}");
            assert!(!told.contains("404"), "{head:?}: {told}");
        }
        // Chunks whose lengths could be read in two ways.
        for chunks in ["0x5\r\nhello\r\n0\r\n\r\n", "-1\r\n\r\n0\r\n\r\n", "ffffffffffffffff1\r\n\r\n"] {
            let head = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
            let told = heard(format!("{head}{chunks}{NEXT}")).await;
            assert!(told.matches("HTTP/1.1 ").count() <= 1 && !told.contains("404"), "{chunks:?}: {told}");
        }
    }
}
