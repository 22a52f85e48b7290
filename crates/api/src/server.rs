//! The listening server: how many connections, how long a caller may take to say what it wants, graceful shutdown.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::future::RouteFuture;
use http::{Request, Response};
use hyper::body::{Body as _, Incoming};
use hyper::service::Service as HyperService;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service as _;

use crate::connection::Ending;
use crate::every_request::{Answer, Answering};
use crate::joined::Joined;
use crate::patience::Patience;
use crate::silence::MustSpeak;
use crate::tls::ServerCertificate;
use crate::unread::{LONGEST_STALL, MustBeRead};

/// Where callers come in.
#[derive(Debug)]
pub struct Door {
    /// The port.
    pub listener: TcpListener,
    /// What the server shows of itself; plain HTTP without it.
    pub certificate: Option<Arc<ServerCertificate>>,
}

/// What the server takes from its callers.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Connections at once; a further one waits to be accepted.
    pub connections: usize,
    /// How long a request's head may take to arrive, and an idle connection may stay; also one that never said anything.
    pub head_timeout: Duration,
    /// The largest head of a request, in bytes. A larger one is answered 431.
    pub head_bytes: usize,
    /// How long requests under way may take when the server stops.
    pub shutdown: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            // Longer than proxies and clients keep a connection: otherwise one is closed in the moment of its next request.
            head_timeout: Duration::from_secs(100),
            head_bytes: 64 * 1024,
            shutdown: Duration::from_secs(30),
        }
    }
}

/// The pause after a failed accept: out of file descriptors, most likely, which is over when connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How long a caller may take to agree on the encryption.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Serves until `stop` is done, then lets the requests under way end.
pub async fn serve(
    door: Door,
    routes: impl Routes,
    limits: ServerLimits,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let Door { listener, certificate } = door;
    let mut stop = std::pin::pin!(stop);
    let room = Arc::new(Semaphore::new(limits.connections));
    let (stopping, connections) = (CancellationToken::new(), TaskTracker::new());
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &room) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let (server, stopping) = (builder(limits), stopping.clone());
        let service = Caller { routes: routes.clone(), peer };
        let certificate = certificate.clone();
        connections.spawn(async move {
            // A caller that hangs up or talks nonsense is its own affair.
            match encrypted(certificate, stream).await {
                Ok(Stream::Plain(stream)) => {
                    let stream = watched(Joined(stream), limits);
                    let connection = server.serve_connection(TokioIo::new(stream), service);
                    if let Err(error) = Ending::new(connection.into_owned(), stopping).await {
                        tracing::debug!(%error, %peer, "a connection ended badly");
                    }
                }
                // An authority asked whose this server is, and has its answer.
                Ok(Stream::Over) => {}
                Ok(Stream::Encrypted(stream)) => {
                    let connection = server.serve_connection(TokioIo::new(watched(*stream, limits)), service);
                    if let Err(error) = Ending::new(connection.into_owned(), stopping).await {
                        tracing::debug!(%error, %peer, "a connection ended badly");
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, %peer, "a caller and the server agree on no encryption");
                }
            }
            drop(place);
        });
    }
    // Nobody comes in any more.
    drop(listener);
    stopping.cancel();
    connections.close();
    if tokio::time::timeout(limits.shutdown, connections.wait()).await.is_err() {
        tracing::warn!("requests were cut off: they took too long to end");
    }
}

/// What answers requests, and is ready for one at any time: asking whether it is would move each request once more.
pub trait Routes: Clone + Send + 'static {
    /// An answer on its way.
    type Answer: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static;

    /// Answers a request.
    fn answer(&self, request: Request<Body>) -> Self::Answer;
}

impl Routes for Router {
    type Answer = RouteFuture<Infallible>;

    fn answer(&self, request: Request<Body>) -> Self::Answer {
        self.clone().call(request)
    }
}

impl Routes for Answering<Router> {
    type Answer = Answer<Router>;

    fn answer(&self, request: Request<Body>) -> Self::Answer {
        self.clone().answer(request)
    }
}

/// The routes, as whoever is connected asks them.
struct Caller<S> {
    routes: S,
    peer: SocketAddr,
}

impl<S: Routes> HyperService<Request<Incoming>> for Caller<S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = S::Answer;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        // Most requests have no body, and an empty one needs no box.
        let mut request =
            request.map(|body| if body.is_end_stream() { Body::empty() } else { Body::new(body) });
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.routes.answer(request)
    }
}

enum Stream {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
    Over,
}

/// The stream of a caller who neither keeps silent nor leaves answers lying.
fn watched<S>(stream: S, limits: ServerLimits) -> MustSpeak<MustBeRead<S>> {
    MustSpeak::within(MustBeRead::within(stream, LONGEST_STALL), limits.head_timeout)
}

async fn encrypted(
    certificate: Option<Arc<ServerCertificate>>,
    stream: TcpStream,
) -> std::io::Result<Stream> {
    let Some(certificate) = certificate else { return Ok(Stream::Plain(stream)) };
    let agreed = tokio::time::timeout(HANDSHAKE_LIMIT, certificate.accept(stream)).await??;
    Ok(agreed.map_or(Stream::Over, |stream| Stream::Encrypted(Box::new(stream))))
}

/// For one connection.
fn builder(limits: ServerLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(Patience::default())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(limits.head_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.head_timeout)
        .keep_alive_timeout(limits.head_timeout);
    builder
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are written at once; waiting for more would only delay them.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection can't be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
