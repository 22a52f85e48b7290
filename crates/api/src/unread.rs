//! A connection whose other end must read: who asks and never reads the answers would hold a place for good.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long not one byte may leave.
pub(crate) const LONGEST_STALL: Duration = Duration::from_secs(30);

/// A connection that fails when nothing that is to be written has left it for so long.
#[derive(Debug)]
pub(crate) struct MustBeRead<S> {
    connection: S,
    longest: Duration,
    /// Only while nothing leaves.
    stall: Option<Pin<Box<Sleep>>>,
}

impl<S> MustBeRead<S> {
    pub(crate) fn within(connection: S, longest: Duration) -> Self {
        Self { connection, longest, stall: None }
    }

    /// What became of an attempt to write.
    fn watched<T>(&mut self, context: &mut Context<'_>, attempt: Poll<Result<T>>) -> Poll<Result<T>> {
        if attempt.is_ready() {
            if self.stall.is_some() {
                self.stall = None;
            }
            return attempt;
        }
        let longest = self.longest;
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(longest)));
        stall
            .as_mut()
            .poll(context)
            .map(|()| Err(Error::new(ErrorKind::TimedOut, "nobody reads what is written")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for MustBeRead<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.connection).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for MustBeRead<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let attempt = Pin::new(&mut self.connection).poll_write(context, bytes);
        self.watched(context, attempt)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let attempt = Pin::new(&mut self.connection).poll_write_vectored(context, pieces);
        self.watched(context, attempt)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let attempt = Pin::new(&mut self.connection).poll_flush(context);
        self.watched(context, attempt)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let attempt = Pin::new(&mut self.connection).poll_shutdown(context);
        self.watched(context, attempt)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(400);

    #[tokio::test]
    async fn who_reads_nothing_is_let_go_and_who_reads_slowly_is_not() {
        let (near, far) = duplex(1_000);
        let mut connection = MustBeRead::within(near, SHORT);
        let written = timeout(SHORT * 20, connection.write_all(&[0; 5_000])).await.expect("it ends");
        assert_eq!(written.unwrap_err().kind(), ErrorKind::TimedOut);
        drop(far);

        let (near, mut far) = duplex(1_000);
        let mut connection = MustBeRead::within(near, SHORT);
        let begun = Instant::now();
        let reading = tokio::spawn(async move {
            let mut part = [0; 1_000];
            for _ in 0..10 {
                tokio::time::sleep(SHORT / 4).await;
                far.read_exact(&mut part).await.unwrap();
            }
        });
        connection.write_all(&[0; 10_000]).await.unwrap();
        reading.await.unwrap();
        assert!(begun.elapsed() > SHORT * 2, "it took longer than any stall may");
    }
}
