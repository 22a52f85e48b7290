//! Long work on a customer, and where it stands.

use crate::customer::named_enum;
use serde::{Deserialize, Serialize};

named_enum!(
    /// What an operation is for.
    OperationKind {
        /// Bring a new customer's database into being.
        CustomerCreate = "customer_create",
        /// Take a customer's database away.
        CustomerDelete = "customer_delete",
        /// Bring a new customer into being from another one's backup.
        CustomerRestore = "customer_restore",
    }
);

named_enum!(
    /// Where an operation stands.
    OperationStatus {
        /// Waiting for a worker.
        Queued = "queued",
        /// A worker holds its lease.
        Running = "running",
        /// What was intended is true.
        Succeeded = "succeeded",
        /// It could not be done, and everything it had begun was taken back.
        Failed = "failed",
        /// It could not be done and could not be taken back: an operator has to look.
        Dead = "dead",
        /// Taken back because somebody asked for it.
        Canceled = "canceled",
    }
);

named_enum!(
    /// Where a step of an operation stands.
    StepStatus {
        /// Not begun.
        Pending = "pending",
        /// Under way.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// Tried, and not done; it will be tried again or taken back.
        Failed = "failed",
    }
);

impl OperationStatus {
    /// Whether nothing more will happen to the operation by itself.
    #[must_use]
    pub fn is_finished(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}
