//! A row of the log as others are told it.

use std::net::IpAddr;

use catalog::audit_streams::StreamedRow;
use chrono::{DateTime, Utc};
use domain::CustomerId;
use domain::audit::AuditAction;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// How much is sent at once, in bytes; one row may be more.
const MOST_BYTES: usize = 1024 * 1024;

/// What a line says: what an export says of a row, and how to check that none is missing.
#[derive(Serialize)]
struct Line<'a> {
    id: Uuid,
    created_at: DateTime<Utc>,
    action: AuditAction,
    customer_uuid: Option<CustomerId>,
    admin_user_id: Option<&'a str>,
    resource_type: Option<&'a str>,
    resource_id: Option<&'a str>,
    old_values: Option<&'a Value>,
    new_values: Option<&'a Value>,
    ip_address: Option<IpAddr>,
    user_agent: Option<&'a str>,
    chain_id: Uuid,
    chain_sequence: i64,
    row_hash: &'a str,
}

/// A row as one line of JSON, without its end.
pub(crate) fn line(row: &StreamedRow) -> Result<String, serde_json::Error> {
    let record = &row.record;
    serde_json::to_string(&Line {
        id: record.id,
        created_at: record.created_at,
        action: record.action,
        customer_uuid: record.customer_id,
        admin_user_id: record.admin_user_id.as_deref(),
        resource_type: record.resource_type.as_deref(),
        resource_id: record.resource_id.as_deref(),
        old_values: record.old_values.as_ref(),
        new_values: record.new_values.as_ref(),
        ip_address: record.ip_address,
        user_agent: record.user_agent.as_deref(),
        chain_id: row.chain_id,
        chain_sequence: row.chain_sequence,
        row_hash: &row.row_hash,
    })
}

/// The first rows that fit into one delivery, with their lines.
pub(crate) fn fitting(rows: Vec<StreamedRow>) -> Result<(Vec<StreamedRow>, Vec<String>), serde_json::Error> {
    let (mut taken, mut lines, mut bytes) = (Vec::new(), Vec::new(), 0);
    for row in rows {
        let line = line(&row)?;
        bytes += line.len() + 1;
        if bytes > MOST_BYTES && !taken.is_empty() {
            break;
        }
        taken.push(row);
        lines.push(line);
    }
    Ok((taken, lines))
}
