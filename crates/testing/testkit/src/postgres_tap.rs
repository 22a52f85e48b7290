//! A proxy in front of PostgreSQL that notes what clients ask, and can hold back the answers: what is asked meanwhile needed
//! none of them, so all of it is one round trip. It can also keep what nobody asked for, as poolers in transaction mode do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Stands between clients that don't encrypt and a PostgreSQL on this machine. Gone when it is dropped.
#[derive(Debug)]
pub struct PostgresTap {
    port: u16,
    asked: Asked,
    holds: watch::Sender<bool>,
    mutes: Arc<AtomicBool>,
    accepting: JoinHandle<()>,
}

type Asked = Arc<Mutex<Vec<Message>>>;

/// A message of a client, after those with which it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its kind, as the protocol names it: `P`arse, `B`ind, `E`xecute, `S`ync, `Q`uery.
    pub kind: char,
    /// What stands in it.
    pub body: Vec<u8>,
}

impl Message {
    /// Whether these bytes stand in it.
    #[must_use]
    pub fn holds(&self, bytes: &[u8]) -> bool {
        self.body.windows(bytes.len()).any(|window| window == bytes)
    }
}

/// A tap in front of `upstream`, a port of this machine.
///
/// # Panics
/// When no port can be had.
pub async fn postgres_tap(upstream: u16) -> PostgresTap {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port can be had");
    let port = listener.local_addr().expect("a listener has an address").port();
    let (holds, watched) = watch::channel(false);
    let asked = Asked::default();
    let mutes = Arc::new(AtomicBool::new(false));
    let (noted, muted) = (Arc::clone(&asked), Arc::clone(&mutes));
    let accepting = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, upstream, Arc::clone(&noted), watched.clone(), Arc::clone(&muted)));
        }
    });
    PostgresTap { port, asked, holds, mutes, accepting }
}

impl PostgresTap {
    /// The port that clients connect to, on `127.0.0.1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Holds the answers back from now on, and forgets what was asked so far.
    pub fn hold(&self) {
        self.holds.send_replace(true);
        lock(&self.asked).clear();
    }

    /// Lets the answers through.
    pub fn release(&self) {
        self.holds.send_replace(false);
    }

    /// Passes no notifications on from now on.
    pub fn mute(&self) {
        self.mutes.store(true, Ordering::SeqCst);
    }

    /// What was asked since answers were held back.
    #[must_use]
    pub fn asked(&self) -> Vec<Message> {
        lock(&self.asked).clone()
    }

    /// The kinds of these messages in their order, such as `BES`.
    #[must_use]
    pub fn kinds(&self) -> String {
        lock(&self.asked).iter().map(|message| message.kind).collect()
    }
}

impl Drop for PostgresTap {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn lock(asked: &Asked) -> MutexGuard<'_, Vec<Message>> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(
    client: TcpStream,
    upstream: u16,
    asked: Asked,
    holds: watch::Receiver<bool>,
    mutes: Arc<AtomicBool>,
) {
    let Ok(server) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], upstream))).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Either end going ends both.
    tokio::select! {
        _ = pass_questions(from_client, to_server, &asked) => {}
        _ = pass_answers(from_server, to_client, holds, &mutes) => {}
    }
}

async fn pass_questions(
    mut client: impl AsyncRead + Unpin,
    mut server: impl AsyncWrite + Unpin,
    asked: &Asked,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut is_in = false;
    while client.read_buf(&mut bytes).await? > 0 {
        while let Some(length) = whole_message(&bytes, is_in) {
            let message: Vec<u8> = bytes.drain(..length).collect();
            if is_in {
                lock(asked).push(Message { kind: char::from(message[0]), body: message[5..].to_vec() });
            }
            // Not after the question whether the server encrypts, which isn't how one comes in.
            is_in |= message.get(4..8) != Some(&80_877_103_u32.to_be_bytes());
            server.write_all(&message).await?;
        }
    }
    Ok(())
}

/// The length of the first message, if all of it is there. The first ones have no kind.
fn whole_message(bytes: &[u8], has_kind: bool) -> Option<usize> {
    let kind = usize::from(has_kind);
    let length: [u8; 4] = bytes.get(kind..kind + 4)?.try_into().ok()?;
    let length = kind + usize::try_from(u32::from_be_bytes(length)).ok()?;
    (bytes.len() >= length).then_some(length)
}

async fn pass_answers(
    mut server: impl AsyncRead + Unpin,
    mut client: impl AsyncWrite + Unpin,
    mut holds: watch::Receiver<bool>,
    mutes: &AtomicBool,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut is_in = false;
    while server.read_buf(&mut bytes).await? > 0 {
        // Whether the server encrypts is said in one byte.
        if !is_in && matches!(bytes[..], [b'N' | b'S']) {
            client.write_all(&std::mem::take(&mut bytes)).await?;
            continue;
        }
        is_in = true;
        let mut answers = Vec::new();
        while let Some(length) = whole_message(&bytes, true) {
            let message = bytes.drain(..length);
            if message.as_slice()[0] != b'A' || !mutes.load(Ordering::SeqCst) {
                answers.extend(message);
            }
        }
        if holds.wait_for(|holds| !holds).await.is_err() {
            return Ok(());
        }
        client.write_all(&answers).await?;
    }
    Ok(())
}
