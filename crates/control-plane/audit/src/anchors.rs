//! Anchors: how far each chain had come at a moment, signed, and kept outside the database. Whoever writes a chain anew,
//! heads and all, can't write the anchors anew.
//!
//! An anchor is one line: a text, the key that signed it, and the signature over exactly that text. It names the chains that
//! have grown since the anchor before it, and the hash of that anchor's line, so that none in the middle can be left out.
//! They are lines of a file, or objects in a bucket.

mod bucket;
mod journal;
mod record;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog::{Client, GenericClient as _};
use chrono::{DateTime, Utc};
use tokio_postgres::Error;
use uuid::Uuid;

pub use bucket::BucketJournal;
pub use journal::{AnchorJournal, JournalError};
pub use record::{Anchor, AnchoredHead, BadAnchor, NoAnchor};

/// What the anchors say of the chains, and what is wrong with the anchors.
#[derive(Debug, Default)]
pub struct Anchors {
    /// Per chain: the hash that the row had, by its place.
    pub(crate) chains: BTreeMap<Uuid, BTreeMap<i64, Vec<u8>>>,
    /// Per chain: when it was first anchored at a place.
    since: BTreeMap<Uuid, BTreeMap<i64, DateTime<Utc>>>,
    /// When each journal began. Its first anchor names every chain that there was.
    beginnings: Vec<(DateTime<Utc>, BTreeSet<Uuid>)>,
    /// How many anchors were read.
    pub read: u64,
    /// How many lines are only half there, because a crash came between: nothing names them.
    pub torn: u64,
    /// Anchors that prove nothing, and why.
    pub bad: Vec<BadAnchor>,
}

impl Anchors {
    pub(crate) fn add(&mut self, anchor: Anchor) {
        self.read += 1;
        if anchor.previous.is_none() {
            let named = anchor.heads.iter().map(|head| head.chain).collect();
            self.beginnings.push((anchor.at, named));
        }
        for head in anchor.heads {
            let places = self.since.entry(head.chain).or_default();
            let since = places.entry(head.sequence).or_insert(anchor.at);
            *since = anchor.at.min(*since);
            self.chains.entry(head.chain).or_default().insert(head.sequence, head.hash);
        }
    }

    /// The first place at which the chain stood at this time or later: every row behind it was written after that. `None`
    /// when no anchor tells.
    pub(crate) fn kept_since(&self, chain: Uuid, time: DateTime<Utc>) -> Option<i64> {
        let not_there =
            self.beginnings.iter().any(|(at, named)| *at >= time && !named.contains(&chain)).then_some(0);
        let mut places = self.since.get(&chain).into_iter().flatten();
        not_there.or_else(|| places.find(|(_, at)| **at >= time).map(|(sequence, _)| *sequence))
    }
}

/// The heads of all chains, as they are committed.
///
/// # Errors
/// When the database can't be asked.
pub async fn heads(client: &Client) -> Result<Vec<AnchoredHead>, Error> {
    let sql = "select chain_id, sequence, hash from admin_audit_heads where sequence > 0 order by chain_id";
    let rows = client.query(sql, &[]).await?;
    rows.iter()
        .map(|row| {
            Ok(AnchoredHead { chain: row.try_get(0)?, sequence: row.try_get(1)?, hash: row.try_get(2)? })
        })
        .collect()
}

/// Those that have grown.
pub(crate) fn grown(heads: Vec<AnchoredHead>, known: &HashMap<Uuid, i64>) -> Vec<AnchoredHead> {
    heads
        .into_iter()
        .filter(|head| known.get(&head.chain).is_none_or(|sequence| *sequence != head.sequence))
        .collect()
}
