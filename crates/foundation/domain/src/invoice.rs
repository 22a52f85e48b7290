//! Invoices.

use crate::customer::named_enum;
use serde::{Deserialize, Serialize};

named_enum!(
    /// Where an invoice stands.
    InvoiceStatus {
        /// Being written.
        Draft = "draft",
        /// With the customer, and not due yet.
        Sent = "sent",
        /// Paid.
        Paid = "paid",
        /// With the customer, and past its due date.
        Overdue = "overdue",
        /// Void.
        Canceled = "canceled",
    }
);
