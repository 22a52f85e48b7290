//! Statements that were broken off: whoever asked has gone or has lost patience, and the server works on.
//!
//! The connection goes back into the pool all the same, on top, and would answer the next caller only after that statement.
//! So each broken-off statement is noted, and a connection that was in use at the time must show that it is free before
//! it is given out again. As long as nothing is broken off this costs nothing.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{ClientWrapper, HookError, Metrics};
use tokio_postgres_rustls::MakeRustlsConnect;

/// So soon a connection answers that has nothing else to do.
const FREE_WITHIN: Duration = Duration::from_millis(100);
/// How long the server may take to be told that nobody waits for the statement any more.
const CANCEL_WITHIN: Duration = Duration::from_secs(5);

/// When a statement was broken off last, by anybody in this process.
static LAST: Mutex<Option<Instant>> = Mutex::new(None);

fn last() -> Option<Instant> {
    *LAST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A statement under way. Dropped before it is over, it was broken off.
pub(crate) struct UnderWay(());

impl UnderWay {
    pub(crate) fn begin() -> Self {
        Self(())
    }

    /// It was answered, or refused.
    pub(crate) fn over(self) {
        std::mem::forget(self);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// Whether a connection of the pool may still work on a statement that was broken off.
pub(crate) fn is_suspect(metrics: &Metrics) -> bool {
    last().is_some_and(|last| metrics.recycled.unwrap_or(metrics.created) <= last)
}

/// Makes sure that a connection has nothing else to do. One that has is not given out, and the server is told to leave
/// what it does for nobody.
pub(crate) async fn is_free(client: &ClientWrapper, tls: &MakeRustlsConnect) -> Result<(), HookError> {
    match tokio::time::timeout(FREE_WITHIN, client.batch_execute("")).await {
        Ok(answer) => answer.map_err(HookError::Backend),
        Err(_) => {
            let (cancel, tls) = (client.cancel_token(), tls.clone());
            tokio::spawn(async move {
                match tokio::time::timeout(CANCEL_WITHIN, cancel.cancel_query(tls)).await {
                    Ok(Ok(())) => tracing::debug!("a statement for which nobody waited was canceled"),
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "a statement for which nobody waits can't be canceled");
                    }
                    Err(_) => tracing::debug!("a statement for which nobody waits can't be canceled in time"),
                }
            });
            Err(HookError::message("it works on a statement for which nobody waits any more"))
        }
    }
}
