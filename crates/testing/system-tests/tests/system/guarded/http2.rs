//! Callers who speak HTTP/2 and send a head that no honest program sends. What no client of ours can be made to send is
//! written by hand.

use std::time::Duration;

use futures_util::future::join_all;
use system_tests::{Customer, Stack};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::hostile::resident_kb;

/// How many callers at once, and how often.
const CALLERS: usize = 20;
const ROUNDS: usize = 5;
/// A thousand megabytes are sent in all.
const MAY_GROW_KB: u64 = 50 * 1024;
const LIMIT: Duration = Duration::from_secs(60);

/// Kinds of frames, and the mark of a head's last one.
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
/// The largest frame that a server must take.
const FRAME: usize = 16_384;
/// The error with which a server ends a connection of somebody who sends too much: `ENHANCE_YOUR_CALM`.
const CALM: u32 = 11;

pub(super) async fn story(stack: &Stack, customer: &Customer) {
    let head = huge_head();
    assert!(head.len() > 10 * 1024 * 1024);
    let port = stack.ports.server;
    let server = stack.server().unwrap();
    // What allocators keep for next time is there before anything is measured.
    join_all((0..CALLERS).map(|_| end_of(port, &head))).await;
    let before = resident_kb(server);
    let mut told = 0;
    for _ in 0..ROUNDS {
        let ends = join_all((0..CALLERS).map(|_| end_of(port, &head))).await;
        assert!(ends.iter().flatten().all(|error| *error == CALM), "{ends:?}");
        told += ends.iter().flatten().count();
    }
    // Whoever goes on sending may lose what they were told last.
    assert!(told > 0, "nobody is told why");
    let grown = resident_kb(server).saturating_sub(before);
    assert!(grown < MAY_GROW_KB, "heads of ten megabytes take {grown} kB");
    customer.api.get("/api/v1/contacts").await.expect(200);
}

/// A request with a header of ten megabytes, as HTTP/2 has it.
fn huge_head() -> Vec<u8> {
    let value = vec![b'x'; 10 * 1024 * 1024];
    // GET, http, /, and the host, from the table that both sides have.
    let mut block = vec![0x82, 0x86, 0x84, 0x41, 1, b'x'];
    // A header with a name of its own.
    block.extend([&[0, 7][..], b"x-large", &[0x7f]].concat());
    let mut left = value.len() - 0x7f;
    while left >= 0x80 {
        block.push((left % 0x80) as u8 | 0x80);
        left /= 0x80;
    }
    block.push(left as u8);
    block.extend(value);
    let mut head = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    head.extend(frame(SETTINGS, 0, 0, &[]));
    let last = block.chunks(FRAME).count() - 1;
    for (number, part) in block.chunks(FRAME).enumerate() {
        let kind = if number == 0 { HEADERS } else { CONTINUATION };
        let flags = if number == last { END_HEADERS } else { 0 };
        head.extend(frame(kind, flags, 1, part));
    }
    head
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len().to_be_bytes();
    [&length[length.len() - 3..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Sends this and hears until the server hangs up: with which error, if that arrived.
async fn end_of(port: u16, head: &[u8]) -> Option<u32> {
    let (mut hears, mut says) = TcpStream::connect(("127.0.0.1", port)).await.unwrap().into_split();
    let mut heard = Vec::new();
    let talk = async {
        tokio::join!(
            // The server hangs up before it has heard everything.
            async { drop(says.write_all(head).await) },
            async { while let Ok(1..) = hears.read_buf(&mut heard).await {} },
        )
    };
    timeout(LIMIT, talk).await.expect("the server hangs up");
    let mut rest = heard.as_slice();
    while let Some((head, after)) = rest.split_at_checked(9) {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let (payload, next) = after.split_at_checked(length)?;
        if head[3] == GO_AWAY {
            return payload.get(4..8).map(|error| u32::from_be_bytes(error.try_into().unwrap()));
        }
        assert_ne!(head[3], HEADERS, "it is answered as if it were a request");
        rest = next;
    }
    None
}
