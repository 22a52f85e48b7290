//! Removing what was kept long enough, chain by chain, so that what is left still proves itself.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query};

/// How many rows of a chain go at once: its writers wait meanwhile.
const ROWS_AT_ONCE: i64 = 5_000;

/// Removes rows from before this time, and older than 30 days, from the beginning of each chain, a bounded number of each; how many. A row stays as
/// long as one before it in its chain has to, and until every active stream has told it. What was removed is recorded for
/// good in `admin_audit_removals`.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove_before(client: &impl GenericClient, cutoff: DateTime<Utc>) -> Result<u64, CatalogError> {
    // The database's own clock decides: what it finds too young, it refuses.
    let sql = "with cutoff as (select least($1, now() - interval '30 days') as at),
               due as (
                   select chain_id, least(
                              coalesce(
                                  min(chain_sequence) filter (where created_at >= cutoff.at) - 1, max(chain_sequence)
                              ),
                              min(chain_sequence) + $2 - 1
                          ) as through, min(chain_sequence) as first
                   from admin_audit_logs, cutoff group by chain_id, cutoff.at
                   having (array_agg(created_at order by chain_sequence))[1] < cutoff.at
               )
               select chain_id, least(through, (
                          select min(coalesce(cursor.sequence, 0))
                          from admin_audit_streams stream
                          left join admin_audit_stream_cursors cursor
                              on cursor.stream_id = stream.id and cursor.chain_id = due.chain_id
                          where stream.is_active
                      )) as through
               from due
               where not exists (
                   select from admin_audit_streams stream
                   left join admin_audit_stream_cursors cursor
                       on cursor.stream_id = stream.id and cursor.chain_id = due.chain_id
                   where stream.is_active and coalesce(cursor.sequence, 0) < due.first
               )";
    let mut removed = 0;
    for row in query::rows(client, sql, &[&cutoff, &ROWS_AT_ONCE]).await? {
        let (chain, through): (Uuid, i64) = (row.try_get(0)?, row.try_get(1)?);
        let gone = query::one(client, "select admin_audit_remove($1, $2)", &[&chain, &through]).await?;
        removed += u64::try_from(gone.try_get::<_, i64>(0)?).unwrap_or_default();
    }
    Ok(removed)
}
