//! Background jobs of the worker.

use crate::customer::named_enum;
use serde::{Deserialize, Serialize};

named_enum!(
    /// Where a job stands.
    JobStatus {
        /// Waiting for its time and a worker.
        Queued = "queued",
        /// A worker runs it.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// Given up: it failed too often, or killed too many workers. An operator may retry it.
        Dead = "dead",
        /// An operator wants it done no more: it waited, or it was dead and is dismissed.
        Canceled = "canceled",
    }
);
