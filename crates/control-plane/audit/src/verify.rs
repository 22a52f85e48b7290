//! Walks over every chain and names the first bad row of each.

use std::collections::BTreeMap;
use std::pin::pin;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, IsolationLevel, Row};
use uuid::Uuid;

use crate::anchors::Anchors;
use crate::canonical;

/// Verification couldn't be carried out; says nothing about the rows.
#[derive(Debug, thiserror::Error)]
#[error("the audit log can't be read: {0}")]
pub struct VerifyError(#[from] tokio_postgres::Error);

impl VerifyError {
    /// Whether there was no more time.
    #[must_use]
    pub fn is_too_slow(&self) -> bool {
        self.0.code() == Some(&SqlState::QUERY_CANCELED)
    }
}

/// What verification found.
#[derive(Debug, Default)]
pub struct Report {
    /// How many chains there are.
    pub chains: u64,
    /// How many rows were read.
    pub rows: u64,
    /// How many rows retention has removed before, by its own record.
    pub removed: u64,
    /// The first bad row of each bad chain; empty when everything is as it was written.
    pub findings: Vec<Finding>,
}

/// A chain is broken, and here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The customer's id; nil for the platform's chain.
    pub chain: Uuid,
    /// The place in the chain that is bad.
    pub sequence: i64,
    /// The row that is there; `None` when the row is missing.
    pub row: Option<Uuid>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a place in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no row.
    #[error("the row is missing")]
    Missing,
    /// A row is there twice, or before the beginning of the chain.
    #[error("a row is where none may be")]
    Unexpected,
    /// The row doesn't continue the one before it.
    #[error("the row doesn't continue the one before it")]
    Forked,
    /// The row isn't what was hashed.
    #[error("the row isn't what was written")]
    Changed,
    /// The last row isn't what the chain's head says.
    #[error("the last row isn't the one that the chain's head names")]
    NotTheHead,
    /// There are rows but no head.
    #[error("the chain has no head")]
    NoHead,
    /// Rows are gone from the beginning, and the record of removals doesn't say so.
    #[error("rows up to this one are gone, and the record of removals says otherwise")]
    NotOnRecord,
    /// Rows are gone from the beginning that were too young for retention.
    #[error(
        "rows after row {after} are gone that were written less than {days} days ago",
        days = LEAST_RETENTION_DAYS
    )]
    RemovedTooEarly {
        /// The last row that may have been old enough.
        after: i64,
    },
    /// The row isn't the one that was anchored outside the database.
    #[error("the row isn't the one that was anchored: the chain was written anew after row {after}")]
    Rewritten {
        /// The last row that is still as it was anchored.
        after: i64,
    },
    /// The chain was longer when it was anchored outside the database.
    #[error("the chain was anchored up to row {anchored}, and ends before it")]
    CutOff {
        /// The last row that was anchored.
        anchored: i64,
    },
}

pub(crate) struct Head {
    pub(crate) sequence: i64,
    pub(crate) hash: Vec<u8>,
}

/// Where a walk over a chain stands: after this row.
pub(crate) struct Walk {
    chain: Uuid,
    pub(crate) sequence: i64,
    pub(crate) hash: Vec<u8>,
    pub(crate) head: Option<Head>,
    /// The hashes that were anchored, by place: those that the walk hasn't come to.
    anchored: BTreeMap<i64, Vec<u8>>,
    /// The last place at which the chain was as it was anchored.
    kept: i64,
    pub(crate) bad: bool,
}

/// Retention keeps rows for this long at least, whatever it was set to.
const LEAST_RETENTION_DAYS: i64 = 30;

/// By how much the clocks of the worker that anchored, the database and whoever verifies may differ, and how long a row may
/// have waited for its transaction to end.
const TOLERANCE: TimeDelta = TimeDelta::days(1);

/// The heads, and whether the record of removals agrees with where each chain begins: chains have no gaps, so that the
/// numbers add up.
pub(crate) const HEADS: &str = "select chain_id, sequence, hash, removed_sequence, removed_hash,
        removed_sequence = (
            select coalesce(sum(removal.removed_rows), 0) from admin_audit_removals removal
            where removal.chain_id = head.chain_id
        ) and (removed_sequence = 0 or exists (
            select from admin_audit_removals removal
            where removal.chain_id = head.chain_id and removal.removed_sequence = head.removed_sequence
              and removal.removed_hash = head.removed_hash
        ))
    from admin_audit_heads head";

/// The hashed values from the fourth column on, as the text that PostgreSQL has for each.
const COLUMNS: &str = "chain_id, chain_sequence, id, previous_hash, row_hash,
        customer_id::text, admin_user_id, action::text, resource_type, resource_id, old_values::text, new_values::text,
        ip_address::text, user_agent, (extract(epoch from created_at) * 1000000)::bigint::text,
        (extract(epoch from updated_at) * 1000000)::bigint::text";

/// The rows for which this is so, chain by chain.
pub(crate) fn rows_where(condition: &str) -> String {
    format!("select {COLUMNS} from admin_audit_logs where {condition} order by chain_id, chain_sequence, id")
}

/// Verifies every chain, in one snapshot: writers go on meanwhile and aren't waited for. Needs no right but to read.
/// Memory doesn't grow with the number of rows, only with that of anchors.
///
/// # Errors
/// When the database can't be asked.
pub async fn verify(client: &mut Client, anchors: Anchors) -> Result<Report, VerifyError> {
    verify_at(client, anchors, Utc::now()).await
}

/// The same, as if it were this time: anchors tell what was too young to be removed then.
///
/// # Errors
/// When the database can't be asked.
pub async fn verify_at(
    client: &mut Client,
    mut anchors: Anchors,
    now: DateTime<Utc>,
) -> Result<Report, VerifyError> {
    let young = now - TimeDelta::days(LEAST_RETENTION_DAYS) + TOLERANCE;
    let snapshot = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let mut chains = BTreeMap::new();
    let mut report = Report::default();
    for row in snapshot.query(HEADS, &[]).await? {
        let chain: Uuid = row.try_get(0)?;
        let removed: i64 = row.try_get(3)?;
        report.removed += u64::try_from(removed).unwrap_or_default();
        let head = Some(Head { sequence: row.try_get(1)?, hash: row.try_get(2)? });
        // What retention removed is vouched for by the recorded hash; a whole chain by nothing but its own name.
        let hash = if removed == 0 { canonical::genesis(chain) } else { row.try_get(4)? };
        let kept_since = anchors.kept_since(chain, young);
        let mut anchored = anchors.chains.remove(&chain).unwrap_or_default();
        // What retention removed can't be looked at any more, but for its last row.
        let left = anchored.split_off(&removed);
        let kept = anchored.last_key_value().map_or(0, |(sequence, _)| *sequence);
        let mut walk = Walk { chain, sequence: removed, hash, head, anchored: left, kept, bad: false };
        report.findings.extend(walk.beginning(row.try_get(5)?, kept_since));
        chains.insert(chain, walk);
    }
    // A chain that was anchored and isn't there at all.
    for (chain, anchored) in std::mem::take(&mut anchors.chains) {
        let head = Some(Head { sequence: 0, hash: canonical::genesis(chain) });
        chains.insert(chain, Walk { head, ..Walk::of(chain, anchored) });
    }
    let nothing: [&(dyn ToSql + Sync); 0] = [];
    let mut rows = pin!(snapshot.query_raw(&rows_where("true"), nothing).await?);
    while let Some(row) = rows.try_next().await? {
        report.rows += 1;
        let chain: Uuid = row.try_get(0)?;
        let walk = chains.entry(chain).or_insert_with(|| Walk::of(chain, BTreeMap::new()));
        if !walk.bad
            && let Some(finding) = walk.step(&row)?
        {
            walk.bad = true;
            report.findings.push(finding);
        }
    }
    report.chains = chains.len() as u64;
    report.findings.extend(chains.values().filter_map(Walk::end));
    report.findings.sort_by_key(|finding| finding.chain);
    Ok(report)
}

impl Walk {
    /// Before the first row of a chain of which no head is known.
    pub(crate) fn of(chain: Uuid, anchored: BTreeMap<i64, Vec<u8>>) -> Self {
        Self {
            chain,
            sequence: 0,
            hash: canonical::genesis(chain),
            head: None,
            anchored,
            kept: 0,
            bad: false,
        }
    }

    /// Goes on to the next row, or says what is wrong with it.
    pub(crate) fn step(&mut self, row: &Row) -> Result<Option<Finding>, VerifyError> {
        let (sequence, id): (i64, Uuid) = (row.try_get(1)?, row.try_get(2)?);
        let (previous, stored): (&[u8], &[u8]) = (row.try_get(3)?, row.try_get(4)?);
        let expected = self.sequence + 1;
        let finding = |fault| Some(Finding { chain: self.chain, sequence, row: Some(id), fault });
        if self.head.is_none() {
            return Ok(finding(Fault::NoHead));
        }
        if sequence > expected {
            return Ok(Some(Finding {
                sequence: expected,
                row: None,
                fault: Fault::Missing,
                chain: self.chain,
            }));
        }
        if sequence < expected {
            return Ok(finding(Fault::Unexpected));
        }
        let computed = hash_of(self.chain, sequence, previous, id, row)?;
        if computed != stored {
            return Ok(finding(Fault::Changed));
        }
        if previous != self.hash {
            return Ok(finding(Fault::Forked));
        }
        (self.sequence, self.hash) = (sequence, computed);
        Ok(self.as_anchored(Some(id)))
    }

    /// Whether the rows that are gone from the beginning are gone by retention: they are on record, the last of them is the
    /// one that was anchored there, and none is one of those after `kept_since`, which are too young.
    pub(crate) fn beginning(&mut self, is_on_record: bool, kept_since: Option<i64>) -> Option<Finding> {
        let finding = |sequence, fault| Some(Finding { chain: self.chain, sequence, row: None, fault });
        let finding = if !is_on_record {
            finding(self.sequence, Fault::NotOnRecord)
        } else if let Some(after) = kept_since.filter(|after| *after < self.sequence) {
            finding(after + 1, Fault::RemovedTooEarly { after })
        } else {
            self.as_anchored(None)
        };
        self.bad = finding.is_some();
        finding
    }

    /// Whether the row at which the walk stands is the one that was anchored there.
    fn as_anchored(&mut self, row: Option<Uuid>) -> Option<Finding> {
        let anchored = self.anchored.remove(&self.sequence)?;
        if anchored == self.hash {
            self.kept = self.sequence;
            return None;
        }
        let fault = Fault::Rewritten { after: self.kept };
        Some(Finding { chain: self.chain, sequence: self.sequence, row, fault })
    }

    /// Whether the chain ends where its head says.
    pub(crate) fn end(&self) -> Option<Finding> {
        let head = self.head.as_ref()?;
        if !self.bad
            && let Some((anchored, _)) = self.anchored.last_key_value()
        {
            let fault = Fault::CutOff { anchored: *anchored };
            return Some(Finding { chain: self.chain, sequence: self.sequence + 1, row: None, fault });
        }
        let fault = if self.bad || (self.sequence == head.sequence && self.hash == head.hash) {
            return None;
        } else if self.sequence < head.sequence {
            return Some(Finding {
                chain: self.chain,
                sequence: self.sequence + 1,
                row: None,
                fault: Fault::Missing,
            });
        } else {
            Fault::NotTheHead
        };
        Some(Finding { chain: self.chain, sequence: self.sequence, row: None, fault })
    }
}

fn hash_of(chain: Uuid, sequence: i64, previous: &[u8], id: Uuid, row: &Row) -> Result<Vec<u8>, VerifyError> {
    let (chain, sequence, previous, id) =
        (chain.to_string(), sequence.to_string(), hex::encode(previous), id.to_string());
    let mut values = vec![Some(chain.as_str()), Some(&sequence), Some(&previous), Some(&id)];
    for column in 5..row.len() {
        values.push(row.try_get(column)?);
    }
    Ok(canonical::row_hash(values))
}
