//! Which failures a second try can mend.

use postgres_server::ServerError;
use provisioning::BackendError;

/// What a server's failure means for the operation.
pub(crate) fn backend_error(error: ServerError) -> BackendError {
    if error.is_disk_full() {
        return BackendError::Permanent("the disk is full: free some space, then try again".to_owned());
    }
    match error {
        ServerError::PortTaken(port) => BackendError::PortTaken(port),
        ServerError::NotTraversable { .. } => BackendError::Permanent(error.to_string()),
        ServerError::File { .. }
        | ServerError::Program { .. }
        | ServerError::TimedOut { .. }
        | ServerError::Database(_)
        | ServerError::Certificate(_) => BackendError::Temporary(error.to_string()),
    }
}

/// For work in a blocking thread: a panic in there is ours, and worth another try.
pub(crate) fn joined<T>(
    outcome: Result<Result<T, ServerError>, tokio::task::JoinError>,
) -> Result<T, BackendError> {
    match outcome {
        Ok(result) => result.map_err(backend_error),
        Err(error) => Err(BackendError::Temporary(format!("a thread ended early: {error}"))),
    }
}
