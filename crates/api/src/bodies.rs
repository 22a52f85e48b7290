//! Bodies that are still arriving are held in memory, and their senders may take their time: all together they may hold so
//! much, and no more. Who comes when there is no room is told to come back.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::{Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use pin_project_lite::pin_project;
use problem::NoRoomForBody;

/// The largest body of somebody who isn't known yet: a password and a code are short.
pub(crate) const STRANGERS_BODY: usize = 16 * 1024;
/// The largest message of another service; it can be believed only when all of it is there.
pub(crate) const MESSAGE_BODY: usize = 256 * 1024;

/// What all bodies of this process may hold, in bytes: a hundred of the largest, and many thousands of usual ones.
pub(crate) static ROOM: Room = Room::of(128 * 1024 * 1024);

/// Room for bytes.
#[derive(Debug)]
pub(crate) struct Room {
    left: AtomicUsize,
}

impl Room {
    pub(crate) const fn of(bytes: usize) -> Self {
        Self { left: AtomicUsize::new(bytes) }
    }

    fn take(&self, bytes: usize) -> Result<(), NoRoomForBody> {
        let taken =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes));
        taken.map(drop).map_err(|_| NoRoomForBody)
    }

    fn give_back(&self, bytes: usize) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

pin_project! {
    /// A body that takes its bytes' room, until it is dropped: whoever reads it has all of it then, or has gone.
    pub(crate) struct Bounded<B> {
        #[pin]
        body: B,
        held: Held,
    }
}

struct Held {
    room: &'static Room,
    bytes: usize,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.give_back(self.bytes);
    }
}

impl<B> Bounded<B> {
    pub(crate) fn new(body: B, room: &'static Room) -> Self {
        Self { body, held: Held { room, bytes: 0 } }
    }
}

impl<B> HttpBody for Bounded<B>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.project();
        let Some(frame) = ready!(this.body.poll_frame(context)) else { return Poll::Ready(None) };
        let frame = frame.map_err(Into::into).and_then(|frame| {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            this.held.room.take(bytes)?;
            this.held.bytes += bytes;
            Ok(frame)
        });
        Poll::Ready(Some(frame))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::{FromRequest as _, Request};
    use futures_util::stream;
    use problem::RawBody;

    use super::*;

    /// A request whose body has come so far, and takes its time from there on.
    fn slow(room: &'static Room, bytes: usize) -> Request {
        let begun = stream::iter([Ok::<_, BoxError>(Bytes::from(vec![b'x'; bytes]))]);
        let body = Body::from_stream(futures_util::StreamExt::chain(begun, stream::pending()));
        Request::new(Body::new(Bounded::new(body, room)))
    }

    #[tokio::test]
    async fn bodies_that_still_arrive_hold_no_more_than_there_is_room_for() {
        let room: &Room = Box::leak(Box::new(Room::of(2_500)));
        let read =
            |request| async move { RawBody::from_request(request, &()).await.map(|body| body.0.len()) };
        let mut held: Vec<_> = (0..2).map(|_| Box::pin(read(slow(room, 1_000)))).collect();
        for reading in &mut held {
            assert!(futures_util::FutureExt::now_or_never(reading).is_none());
        }
        let refused = read(slow(room, 1_000)).await.unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.kind()), (503, "unavailable"));
        let short = Request::new(Body::new(Bounded::new(Body::from("short"), room)));
        assert_eq!(read(short).await.unwrap(), 5, "there is room for it");
        // Who goes makes room.
        drop(held);
        let whole = Request::new(Body::new(Bounded::new(Body::from(vec![b'x'; 2_500]), room)));
        assert_eq!(read(whole).await.unwrap(), 2_500);
        assert_eq!(room.left.load(Ordering::Relaxed), 2_500);
    }
}
