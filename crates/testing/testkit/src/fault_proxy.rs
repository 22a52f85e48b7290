//! A TCP proxy that breaks what goes through it.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the proxy does with connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Passes everything on.
    Pass,
    /// Keeps connections open and passes nothing on.
    Pause,
    /// Closes connections as soon as they are made.
    Refuse,
}

#[derive(Debug, Clone, Copy)]
struct State {
    mode: Mode,
    /// Connections of an earlier generation are cut.
    generation: u64,
}

/// Stands between a client and a server on this machine. Gone when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    port: u16,
    state: watch::Sender<State>,
    accepting: JoinHandle<()>,
}

/// A proxy in front of `upstream`, a port of this machine.
///
/// # Panics
/// When no port can be had.
pub async fn fault_proxy(upstream: u16) -> FaultProxy {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port can be had");
    let port = listener.local_addr().expect("a listener has an address").port();
    let (state, watched) = watch::channel(State { mode: Mode::Pass, generation: 0 });
    let accepting = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, SocketAddr::from(([127, 0, 0, 1], upstream)), watched.clone()));
        }
    });
    FaultProxy { port, state, accepting }
}

impl FaultProxy {
    /// The port that clients connect to, on `127.0.0.1`.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection that is open; new ones pass.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.generation += 1);
    }

    /// Passes nothing on, on open and new connections: a server that hangs.
    pub fn pause(&self) {
        self.state.send_modify(|state| state.mode = Mode::Pause);
    }

    /// Cuts every connection and closes new ones at once: a server that is down.
    pub fn refuse(&self) {
        self.state.send_modify(|state| {
            state.mode = Mode::Refuse;
            state.generation += 1;
        });
    }

    /// Passes everything on again.
    pub fn resume(&self) {
        self.state.send_modify(|state| state.mode = Mode::Pass);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
        // The connections' tasks see that the sender is gone.
    }
}

async fn serve(mut client: TcpStream, upstream: SocketAddr, mut watched: watch::Receiver<State>) {
    let generation = watched.borrow().generation;
    if watched.borrow().mode == Mode::Refuse {
        return;
    }
    if watched.wait_for(|state| state.mode != Mode::Pause || state.generation != generation).await.is_err() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(upstream).await else { return };
    loop {
        let state = *watched.borrow();
        if state.generation != generation || state.mode == Mode::Refuse {
            return;
        }
        if state.mode == Mode::Pause {
            if watched.changed().await.is_err() {
                return;
            }
            continue;
        }
        tokio::select! {
            // Only forgets bytes that it has read and not written, which a fault may do.
            _ = copy_bidirectional(&mut client, &mut server) => return,
            changed = watched.changed() => if changed.is_err() { return },
        }
    }
}
