//! Keys, who holds them, stored secrets and rotations, as tables.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::super::client::read;
use super::super::exit::Failure;
use super::super::{Session, time};

#[derive(Debug, Deserialize)]
struct Secrets {
    master_keys: Vec<MasterKey>,
    providers: Vec<Provider>,
    rotations: Vec<Rotation>,
}

#[derive(Debug, Deserialize)]
struct MasterKey {
    id: String,
    provider: String,
    state: String,
    data_keys: i64,
    available: bool,
    age_days: Option<i64>,
}

impl MasterKey {
    fn cells(self) -> Vec<String> {
        let age = self.age_days.map_or_else(nothing, |days| format!("{days} days"));
        let available = if self.available { "yes" } else { "no" }.to_owned();
        vec![self.id, self.provider, self.state, self.data_keys.to_string(), age, available]
    }
}

#[derive(Debug, Deserialize)]
struct Provider {
    provider: String,
    status: String,
    keys: Option<u64>,
    error: Option<String>,
    answered_in_ms: u64,
}

impl Provider {
    fn cells(self) -> Vec<String> {
        let keys = self.keys.map_or_else(nothing, |keys| keys.to_string());
        vec![self.provider, self.status, keys, format!("{} ms", self.answered_in_ms)]
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct DataKey {
    customer_uuid: Option<String>,
    customer_id: Option<String>,
    version: i32,
    superseded_at: Option<DateTime<Utc>>,
    age_days: i64,
    master_key_id: String,
}

impl DataKey {
    pub(super) fn cells(self) -> Vec<String> {
        let whose = self.customer_id.or(self.customer_uuid).unwrap_or_else(platform);
        let state = if self.superseded_at.is_some() { "opens only" } else { "seals" };
        vec![whose, self.version.to_string(), state.to_owned(), self.age_days.to_string(), self.master_key_id]
    }
}

#[derive(Debug, Deserialize)]
struct Stored {
    data: Vec<StoredKind>,
}

#[derive(Debug, Deserialize)]
struct StoredKind {
    kind: String,
    count: i64,
    oldest_age_days: Option<i64>,
    customer_uuid: Option<String>,
    customer_id: Option<String>,
}

impl StoredKind {
    fn cells(self) -> Vec<String> {
        let (age, whose) = match self.oldest_age_days {
            Some(days) => {
                (format!("{days} days"), self.customer_id.or(self.customer_uuid).unwrap_or_else(platform))
            }
            None => (nothing(), nothing()),
        };
        vec![self.kind, self.count.to_string(), age, whose]
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Rotation {
    pub(super) id: String,
    kind: String,
    to_key_id: Option<String>,
    customer_uuid: Option<String>,
    pub(super) status: String,
    pub(super) total: i64,
    pub(super) done: i64,
    pub(super) error: Option<String>,
    created_at: DateTime<Utc>,
}

impl Rotation {
    fn cells(self) -> Vec<String> {
        vec![
            self.id,
            self.kind,
            self.to_key_id.or(self.customer_uuid).unwrap_or_else(platform),
            self.status,
            format!("{}/{}", self.done, self.total),
            time::short(Some(self.created_at)),
            self.error.unwrap_or_else(nothing),
        ]
    }
}

fn platform() -> String {
    "the platform".to_owned()
}

fn nothing() -> String {
    "-".to_owned()
}

/// Master keys, who holds them, and rotations.
pub(super) fn status(session: &mut Session, answer: &Value) -> Result<(), Failure> {
    if session.output.is_json() {
        return Ok(session.output.document(answer)?);
    }
    let secrets: Secrets = read(answer)?;
    let headings = ["MASTER KEY", "PROVIDER", "STATE", "DATA KEYS", "AGE", "ON THIS SERVER"];
    session.output.table(&headings, secrets.master_keys.into_iter().map(MasterKey::cells).collect())?;
    // Whole: a table on a screen shortens it.
    let wrong: Vec<_> = secrets.providers.iter().filter_map(|one| one.error.clone()).collect();
    let headings = ["HELD BY", "STATUS", "KEYS", "ANSWERED IN"];
    session.output.table(&headings, secrets.providers.into_iter().map(Provider::cells).collect())?;
    for error in wrong {
        session.output.line(&format!("Away: {error}"))?;
    }
    if !secrets.rotations.is_empty() {
        let headings = ["ROTATION", "KIND", "OF", "STATUS", "DONE", "BEGUN", "ERROR"];
        session.output.table(&headings, secrets.rotations.into_iter().map(Rotation::cells).collect())?;
    }
    Ok(())
}

/// Stored secrets by kind.
pub(super) fn stored(session: &mut Session, answer: &Value) -> Result<(), Failure> {
    if session.output.is_json() {
        return Ok(session.output.document(answer)?);
    }
    let stored: Stored = read(answer)?;
    let headings = ["STORED", "HOW MANY", "OLDEST", "OF"];
    Ok(session.output.table(&headings, stored.data.into_iter().map(StoredKind::cells).collect())?)
}
