//! Finding words in the audit log.
//!
//! Rows are read and looked at, newest first, without an index of words. Such an index (trigrams of all values) would cost
//! every writer, who holds the lock of a chain while the row is written, many times the size of the row, for a question that is
//! asked a few times a day. So the question is bounded instead: by whom or by time, which have their indexes, and by how long
//! it may take.

use std::error::Error as _;
use std::time::Duration;

use tokio_postgres::error::SqlState;

use super::{AuditFilter, AuditRecord, list};
use crate::page::{Page, PageRequest};
use crate::{CatalogError, Client};

/// What words are looked for in.
pub(super) const HAS_WORDS: &str = "concat_ws(' ', action::text, resource_type, resource_id, old_values::text, new_values::text) ilike all (?)";

/// A page of audit rows that have the filter's words in them, the newest first; `None` when finding them takes longer.
///
/// # Errors
/// As [`list`].
pub async fn search(
    client: &mut Client,
    filter: &AuditFilter,
    page: &PageRequest,
    longest: Duration,
) -> Result<Option<Page<AuditRecord>>, CatalogError> {
    let transaction = client.transaction().await?;
    // PostgreSQL takes words for rare and would read and sort everything, with several processes; in the order of an index it
    // stops when the page is full.
    let bounds = format!(
        "set local statement_timeout = {}; set local enable_sort = off; set local max_parallel_workers_per_gather = 0",
        longest.as_millis()
    );
    transaction.batch_execute(&bounds).await?;
    let found = list(&transaction, filter, page).await;
    match found {
        Err(error) if is_given_up(&error) => Ok(None),
        found => found.map(Some),
    }
}

fn is_given_up(error: &CatalogError) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>());
    cause.and_then(tokio_postgres::Error::code) == Some(&SqlState::QUERY_CANCELED)
}
