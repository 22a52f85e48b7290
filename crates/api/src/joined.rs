//! A connection to which the pieces of a short answer are written as one.
//!
//! An answer comes as its head and its body. The system call that takes several pieces (`writev`) takes longer for them than
//! the one for a single piece, by more than copying them together does: a twentieth of all that a small answer costs.

use std::cell::RefCell;
use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is longer than this is written as it is: copying it would cost more than it saves.
const SHORT: usize = 4096;

thread_local! {
    /// Where a thread puts pieces together. Not with each connection, of which most are idle.
    static TOGETHER: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(SHORT));
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Joined<S>(pub(crate) S);

impl<S: AsyncRead + Unpin> AsyncRead for Joined<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Joined<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let connection = Pin::new(&mut self.0);
        if pieces.iter().map(|piece| piece.len()).sum::<usize>() > SHORT {
            return connection.poll_write_vectored(context, pieces);
        }
        TOGETHER.with_borrow_mut(|together| {
            together.clear();
            for piece in pieces {
                together.extend_from_slice(piece);
            }
            connection.poll_write(context, together)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn pieces_arrive_in_their_order_however_long_they_are() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut reader = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut writer = Joined(listener.accept().await.unwrap().0);
        assert!(writer.is_write_vectored());
        let writing = tokio::spawn(async move {
            let mut sent = Vec::new();
            for length in [1, 17, 1_000, SHORT - 1, SHORT, SHORT + 1, 3_000_000] {
                let pieces = [vec![b'h'; 100], Vec::new(), vec![b'0' + (length % 10) as u8; length]];
                let slices = pieces.each_ref().map(|piece| IoSlice::new(piece));
                let taken = writer.write_vectored(&slices).await.unwrap();
                let all = pieces.concat();
                writer.write_all(&all[taken..]).await.unwrap();
                sent.extend(all);
            }
            writer.shutdown().await.unwrap();
            sent
        });
        let mut found = Vec::new();
        reader.read_to_end(&mut found).await.unwrap();
        assert!(found == writing.await.unwrap());
    }
}
