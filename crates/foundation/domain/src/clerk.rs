//! What is told of the identity provider of the customers' users.

use serde::{Deserialize, Serialize};

use crate::customer::named_enum;

named_enum!(
    /// What became of a message of the provider.
    MessageStatus {
        /// Nothing yet.
        Waiting = "waiting",
        /// What it says is done.
        Processed = "processed",
        /// It says nothing that concerns us.
        Ignored = "ignored",
        /// Nothing can be done about it.
        Failed = "failed",
    }
);
