//! A connection whose other end must begin: who connects and says nothing would hold a place for good.
//!
//! Before a request's head can be waited for it must be known which HTTP is spoken, and whoever finds that out (hyper-util)
//! waits for ever. It is known with the first byte that isn't the preface of HTTP/2, or with all of the preface. From then
//! on hyper watches the time, and nothing here does.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How a connection of HTTP/2 begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection that fails when it isn't known within a time which HTTP its other end speaks.
#[derive(Debug)]
pub(crate) struct MustSpeak<S> {
    connection: S,
    /// Until it is known.
    opening: Option<Opening>,
}

#[derive(Debug)]
struct Opening {
    longest: Duration,
    /// What is left of the preface. So far all was of it.
    left: &'static [u8],
    /// Begins when something is waited for.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Opening {
    /// Whether it is known after these bytes. Nothing is the end, which is no preface either.
    fn ends_with(&mut self, said: &[u8]) -> bool {
        match self.left.strip_prefix(said) {
            Some(left) if !said.is_empty() => self.left = left,
            _ => return true,
        }
        self.left.is_empty()
    }

    fn is_too_long(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let longest = self.longest;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(longest)));
        deadline.as_mut().poll(context).map(|()| Err(Error::new(ErrorKind::TimedOut, "nobody says anything")))
    }
}

impl<S> MustSpeak<S> {
    pub(crate) fn within(connection: S, longest: Duration) -> Self {
        Self { connection, opening: Some(Opening { longest, left: PREFACE, deadline: None }) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for MustSpeak<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let Self { connection, opening } = &mut *self;
        let connection = Pin::new(connection);
        let Some(begun) = opening else { return connection.poll_read(context, buffer) };
        let before = buffer.filled().len();
        let read = connection.poll_read(context, buffer);
        if read.is_pending() {
            return begun.is_too_long(context);
        }
        if begun.ends_with(&buffer.filled()[before..]) {
            *opening = None;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for MustSpeak<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.connection).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.connection).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(200);

    /// What is heard of somebody who says these pieces, a while apart, and then nothing; and whether they are let go.
    async fn heard(pieces: &'static [&'static [u8]]) -> (Vec<u8>, bool) {
        let (near, mut far) = duplex(1_000);
        let mut connection = MustSpeak::within(near, SHORT);
        let talking = tokio::spawn(async move {
            for piece in pieces {
                far.write_all(piece).await.unwrap();
                tokio::time::sleep(SHORT / 10).await;
            }
            far
        });
        let mut heard = Vec::new();
        let read = timeout(SHORT * 10, async {
            while connection.read_buf(&mut heard).await? > 0 {}
            Ok::<_, Error>(())
        });
        let is_let_go = matches!(read.await, Ok(Err(error)) if error.kind() == ErrorKind::TimedOut);
        drop(talking.await.unwrap());
        (heard, is_let_go)
    }

    #[tokio::test]
    async fn who_leaves_open_which_http_they_speak_is_let_go_and_nobody_else() {
        const CALLERS: [(&[&[u8]], bool); 7] = [
            (&[], true),
            (&[b"P"], true),
            (&[b"PRI * ", b"HTTP/2.0\r\n", b"\r\nSM\r\n\r"], true),
            (&[b"G"], false),
            (&[b"PR", b"OPFIND / HTTP/1.1\r\n"], false),
            (&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n", b"\r\n"], false),
            (&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04"], false),
        ];
        for (pieces, is_let_go) in CALLERS {
            assert_eq!(heard(pieces).await, (pieces.concat(), is_let_go), "{pieces:?}");
        }
    }
}
