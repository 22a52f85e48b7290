//! The audit log as a file, of any length.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use catalog::audit::{AuditFilter, AuditRecord};
use catalog::{Cursor, PageRequest};
use chrono::{DateTime, SecondsFormat, Utc};
use customers::{Actor, Right};
use problem::{Problem, QueryParams};
use serde::Deserialize;
use utoipa::IntoParams;

use super::audit_logs::{AuditLogView, AuditQuery, filter_of};
use super::audit_words::page_of;
use super::download::{File, Pages, csv_lines, download};
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// How many rows are read at once.
const ROWS_AT_ONCE: u32 = 1000;

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Default, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// A table, with names in the first line.
    Csv,
    /// A JSON document a line.
    #[default]
    Jsonl,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// `csv` or `jsonl`, which it is when not given.
    #[param(inline)]
    #[serde(default)]
    format: Format,
    /// Only about this customer: the UUID or the customerId, also of one who is gone.
    customer: Option<String>,
    /// Only this action, such as `module_enabled`.
    action: Option<String>,
    /// Only about resources of this type, such as `api_key`.
    resource_type: Option<String>,
    /// Only about this resource.
    resource_id: Option<String>,
    /// Only by this operator.
    admin_user_id: Option<String>,
    /// Words, each of which is somewhere in the action, the thing's type or id, the reason or the old and new values. Without a
    /// customer, in the last 92 days unless told otherwise, and in 366 at most.
    #[param(min_length = 1, max_length = 200)]
    q: Option<String>,
    /// At this time or later.
    #[serde(rename = "created_at[gte]")]
    from: Option<DateTime<Utc>>,
    /// Before this time.
    #[serde(rename = "created_at[lt]")]
    until: Option<DateTime<Utc>>,
}

/// Everything that was done, the newest first, as a file. An answer that breaks off isn't whole.
#[utoipa::path(get, path = "/api/admin/audit-logs/export", tag = "audit", params(ExportQuery),
    responses((status = 200, description = "The rows", content(
        (String = "text/csv"), (String = "application/jsonl")))))]
pub(crate) async fn export(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<ExportQuery>,
) -> Result<Response, Problem> {
    let format = query.format;
    let client = state.client(&actor, Right::AuditRead).await?;
    let filter = filter_of(&client, query.into()).await?;
    drop(client);
    let file = match format {
        Format::Csv => File { kind: "text/csv; charset=utf-8", name: "audit-log.csv", head: Some(&COLUMNS) },
        Format::Jsonl => File { kind: "application/jsonl", name: "audit-log.jsonl", head: None },
    };
    download(file, Export { state, actor, filter, cursor: None, format, is_over: false }).await
}

impl From<ExportQuery> for AuditQuery {
    fn from(query: ExportQuery) -> Self {
        Self {
            customer: query.customer,
            action: query.action,
            resource_type: query.resource_type,
            resource_id: query.resource_id,
            admin_user_id: query.admin_user_id,
            q: query.q,
            from: query.from,
            until: query.until,
            limit: None,
            cursor: None,
        }
    }
}

/// An export under way.
struct Export {
    state: ApiState,
    actor: Actor,
    filter: AuditFilter,
    cursor: Option<Cursor>,
    format: Format,
    is_over: bool,
}

impl Pages for Export {
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        if self.is_over {
            return Ok(None);
        }
        let request = PageRequest { limit: ROWS_AT_ONCE, cursor: self.cursor.take() };
        // A connection for each page: whoever reads slowly holds none.
        let mut client = self.state.client(&self.actor, Right::AuditRead).await?;
        let page = page_of(&mut client, &self.filter, &request).await?;
        self.cursor = page.next_cursor;
        self.is_over = self.cursor.is_none();
        let written = match self.format {
            Format::Csv => {
                drop(client);
                csv_lines(page.data.into_iter().map(cells)).map_err(|error| Problem::from_unexpected(&error))
            }
            Format::Jsonl => {
                let named = AuditLogView::named(&client, page.data).await.map_err(problem_of_catalog)?;
                drop(client);
                jsonl_of(&named).map_err(|error| Problem::from_unexpected(&error))
            }
        };
        written.map(|written| Some(written.into()))
    }
}

const COLUMNS: [&str; 11] = [
    "created_at",
    "id",
    "customer_uuid",
    "admin_user_id",
    "action",
    "resource_type",
    "resource_id",
    "old_values",
    "new_values",
    "ip_address",
    "user_agent",
];

fn jsonl_of(rows: &[AuditLogView]) -> Result<Vec<u8>, serde_json::Error> {
    let mut lines = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut lines, row)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

fn cells(row: AuditRecord) -> [String; COLUMNS.len()] {
    let json = |value: Option<serde_json::Value>| value.map(|value| value.to_string()).unwrap_or_default();
    [
        row.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        row.id.to_string(),
        row.customer_id.map(|id| id.to_string()).unwrap_or_default(),
        row.admin_user_id.unwrap_or_default(),
        row.action.to_string(),
        row.resource_type.unwrap_or_default(),
        row.resource_id.unwrap_or_default(),
        json(row.old_values),
        json(row.new_values),
        row.ip_address.map(|address| address.to_string()).unwrap_or_default(),
        row.user_agent.unwrap_or_default(),
    ]
}
