//! Backups of databases.

use crate::customer::named_enum;
use serde::{Deserialize, Serialize};

named_enum!(
    /// Why a backup was made.
    BackupKind {
        /// By itself, once a night.
        Nightly = "nightly",
        /// Because somebody asked for it.
        Manual = "manual",
    }
);

named_enum!(
    /// Where a backup stands.
    BackupStatus {
        /// Under way, or its maker died and nobody has noticed yet.
        Running = "running",
        /// The file is whole.
        Succeeded = "succeeded",
        /// There is no file.
        Failed = "failed",
    }
);
