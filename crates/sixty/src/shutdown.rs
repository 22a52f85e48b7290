//! When to stop: on Ctrl-C, on SIGTERM, or when the parent that asked for it is gone.

use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled when the process should stop.
///
/// With `with_parent`, the end of standard input counts too: `sixty dev` holds the other end of that pipe, so when
/// it dies, however it dies, what it started ends with it.
pub(crate) fn token(with_parent: bool) -> anyhow::Result<CancellationToken> {
    let token = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = end_of_input(), if with_parent => {}
        }
        stop.cancel();
    });
    Ok(token)
}

async fn end_of_input() {
    let mut input = tokio::io::stdin();
    let mut buffer = [0; 64];
    while let Ok(1..) = input.read(&mut buffer).await {}
}
