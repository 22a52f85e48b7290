//! Verifies one chain only, in a bounded time: what somebody who looks at a page waits for.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use tokio_postgres::{Client, IsolationLevel};
use uuid::Uuid;

use crate::canonical;
use crate::verify::{Finding, HEADS, Head, VerifyError, Walk, rows_where};

/// What the verification of a chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// How many rows were read.
    pub rows: u64,
    /// The place of the last row.
    pub last: i64,
    /// The first bad row; `None` when everything is as it was written.
    pub finding: Option<Finding>,
}

/// Verifies the chain of a customer (the platform's for nil), in one snapshot, without anchors: a chain that was wholly
/// written anew, head and all, isn't noticed. Needs no right but to read. A chain that is longer than can be read in the
/// given time fails with SQLSTATE 57014.
///
/// # Errors
/// When the database can't be asked, or not in time.
pub async fn verify_chain(
    client: &mut Client,
    chain: Uuid,
    longest: Duration,
) -> Result<ChainReport, VerifyError> {
    let snapshot = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    snapshot.batch_execute(&format!("set local statement_timeout = {}", longest.as_millis())).await?;
    let head = snapshot.query_opt(&format!("{HEADS} where chain_id = $1"), &[&chain]).await?;
    let mut walk = Walk::of(chain, BTreeMap::new());
    let mut finding = None;
    if let Some(row) = head {
        let removed: i64 = row.try_get(3)?;
        walk.sequence = removed;
        walk.hash = if removed == 0 { canonical::genesis(chain) } else { row.try_get(4)? };
        walk.head = Some(Head { sequence: row.try_get(1)?, hash: row.try_get(2)? });
        finding = walk.beginning(row.try_get(5)?, None);
    }
    let mut report = ChainReport { rows: 0, last: walk.sequence, finding };
    let mut rows = pin!(snapshot.query_raw(&rows_where("chain_id = $1"), [&chain]).await?);
    while let Some(row) = rows.try_next().await? {
        report.rows += 1;
        report.last = row.try_get(1)?;
        // The rows after the first bad one prove nothing, and are only counted.
        if report.finding.is_none() {
            report.finding = walk.step(&row)?;
            walk.bad = report.finding.is_some();
        }
    }
    if report.finding.is_none() {
        report.finding = walk.end();
    }
    Ok(report)
}
