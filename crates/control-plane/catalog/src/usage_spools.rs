//! `admin_usage_spools`: how far the servers' spools of usage have been handed over; and the counters of modules, which
//! move in the same transaction.

use std::collections::BTreeMap;

use domain::usage::{SpoolPosition, SpoolProgress, UsageRecord};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query};

/// A move of a spool.
pub(crate) struct Advance {
    pub(crate) spool: Uuid,
    pub(crate) from: SpoolPosition,
    pub(crate) to: SpoolPosition,
    /// How many records lie between the two.
    pub(crate) records: usize,
}

/// How far the spool has been handed over; one that isn't known becomes known.
pub(crate) async fn open(client: &impl GenericClient, spool: Uuid) -> Result<SpoolProgress, CatalogError> {
    const READ: &str = "select segment, byte_position, records from admin_usage_spools where id = $1";
    if let Some(row) = query::optional(client, READ, &[&spool]).await? {
        return progress(&row);
    }
    query::execute(
        client,
        "insert into admin_usage_spools (id) values ($1) on conflict (id) do nothing",
        &[&spool],
    )
    .await?;
    progress(&query::one(client, READ, &[&spool]).await?)
}

/// Moves the spool, if it stands where the caller thinks. Holds its row until the transaction ends.
pub(crate) async fn advance(client: &impl GenericClient, advance: &Advance) -> Result<bool, CatalogError> {
    let moved = query::execute(
        client,
        "update admin_usage_spools set segment = $4, byte_position = $5, records = records + $6
         where id = $1 and segment = $2 and byte_position = $3",
        &[
            &advance.spool,
            &number(advance.from.segment)?,
            &number(advance.from.byte)?,
            &number(advance.to.segment)?,
            &number(advance.to.byte)?,
            &number(advance.records as u64)?,
        ],
    )
    .await?;
    Ok(moved == 1)
}

/// Forgets the spool.
pub(crate) async fn forget(client: &impl GenericClient, spool: Uuid) -> Result<(), CatalogError> {
    query::execute(client, "delete from admin_usage_spools where id = $1", &[&spool]).await?;
    Ok(())
}

/// To be said in a transaction that moves `usage_count` or `reset_date` without anybody having decided so: servers that hear
/// of another change begin their counts anew, and the months are counted from another date.
pub(crate) const KEEPS_COUNTS: &str = "set local sixty.counts = 'kept'";

/// Adds the requests that drew on their customers' limits of modules to the use of these: the same that the limiter
/// counts. Call it in a transaction that has said [`KEEPS_COUNTS`].
pub(crate) async fn count_modules(
    client: &impl GenericClient,
    records: &[UsageRecord],
) -> Result<(), CatalogError> {
    let mut used = BTreeMap::<(Uuid, &str), i64>::new();
    for record in records.iter().filter(|record| record.drew_on_limits()) {
        if let Some(module) = &record.module {
            *used.entry((record.customer_id.uuid(), module)).or_default() += 1;
        }
    }
    if used.is_empty() {
        return Ok(());
    }
    let customers: Vec<_> = used.keys().map(|(customer, _)| *customer).collect();
    let modules: Vec<_> = used.keys().map(|(_, module)| *module).collect();
    let counts: Vec<_> = used.values().copied().collect();
    query::execute(
        client,
        "with used as (
             select * from unnest($1::uuid[], $2::text[], $3::bigint[]) as given (customer_id, module_key, requests)
         ), held as (
             -- In one order everywhere, so that two batches wait for each other instead of for ever.
             select chosen.id, used.requests from used
             join admin_feature_modules module using (module_key)
             join admin_customer_modules chosen
                 on chosen.customer_id = used.customer_id and chosen.module_id = module.id
             order by chosen.id for update of chosen
         )
         update admin_customer_modules chosen set usage_count = chosen.usage_count + held.requests
         from held where chosen.id = held.id",
        &[&customers, &modules, &counts],
    )
    .await?;
    Ok(())
}

fn progress(row: &Row) -> Result<SpoolProgress, CatalogError> {
    let unsigned = |column: &str| -> Result<u64, CatalogError> {
        let value: i64 = row.try_get(column)?;
        u64::try_from(value).map_err(|_| CatalogError::Unreadable(format!("{column} {value}")))
    };
    let position = SpoolPosition { segment: unsigned("segment")?, byte: unsigned("byte_position")? };
    Ok(SpoolProgress { position, records: unsigned("records")? })
}

fn number(value: u64) -> Result<i64, CatalogError> {
    i64::try_from(value).map_err(|_| CatalogError::Unreadable(format!("a position of {value} in a spool")))
}
