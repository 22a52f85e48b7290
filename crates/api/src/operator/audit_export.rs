//! The audit log as a file, of any length: read and sent in pages, so that memory doesn't grow with it.

use std::collections::VecDeque;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use catalog::audit::{self as rows, AuditFilter, AuditRecord};
use catalog::{Cursor, PageRequest};
use chrono::{DateTime, SecondsFormat, Utc};
use customers::{Actor, Right};
use futures_util::stream::{self, Stream};
use http::{HeaderValue, header};
use problem::{Problem, QueryParams};
use serde::Deserialize;
use utoipa::IntoParams;

use super::audit_logs::{AuditLogView, AuditQuery, filter_of};
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
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "audit-log.csv"),
        Format::Jsonl => ("application/jsonl", "audit-log.jsonl"),
    };
    let mut export = Export { state, actor, filter, cursor: None, format, is_over: false };
    // The first page is read before the answer begins: what is wrong is still told by its status.
    let first = export.page().await?;
    let mut ready = VecDeque::from([first]);
    if format == Format::Csv {
        ready.push_front(header_line().map_err(|error| Problem::from_unexpected(&error))?.into());
    }
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let mut response = Body::from_stream(pages(export, ready)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(disposition) = disposition {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

impl From<ExportQuery> for AuditQuery {
    fn from(query: ExportQuery) -> Self {
        Self {
            customer: query.customer,
            action: query.action,
            resource_type: query.resource_type,
            resource_id: query.resource_id,
            admin_user_id: query.admin_user_id,
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

impl Export {
    /// The next page, written down.
    async fn page(&mut self) -> Result<Bytes, Problem> {
        let request = PageRequest { limit: ROWS_AT_ONCE, cursor: self.cursor.take() };
        // A connection for each page: whoever reads slowly holds none.
        let client = self.state.client(&self.actor, Right::AuditRead).await?;
        let page = rows::list(&client, &self.filter, &request).await.map_err(problem_of_catalog)?;
        drop(client);
        self.cursor = page.next_cursor;
        self.is_over = self.cursor.is_none();
        let written = match self.format {
            Format::Csv => csv_of(page.data).map_err(|error| Problem::from_unexpected(&error)),
            Format::Jsonl => jsonl_of(page.data).map_err(|error| Problem::from_unexpected(&error)),
        };
        written.map(Bytes::from)
    }
}

fn pages(export: Export, ready: VecDeque<Bytes>) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    stream::try_unfold((export, ready), async |(mut export, mut ready)| {
        if let Some(page) = ready.pop_front() {
            return Ok(Some((page, (export, ready))));
        }
        if export.is_over {
            return Ok(None);
        }
        let page = export.page().await.map_err(|problem| {
            tracing::warn!(problem = problem.detail(), "an export of the audit log breaks off");
            std::io::Error::other("the export breaks off")
        })?;
        Ok(Some((page, (export, ready))))
    })
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

fn jsonl_of(rows: Vec<AuditRecord>) -> Result<Vec<u8>, serde_json::Error> {
    let mut lines = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut lines, &AuditLogView::from(row))?;
        lines.push(b'\n');
    }
    Ok(lines)
}

fn csv_of(rows: Vec<AuditRecord>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv_writer();
    for row in rows {
        let json =
            |value: Option<serde_json::Value>| value.map(|value| value.to_string()).unwrap_or_default();
        let cells = [
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
        ];
        writer.write_record(cells.map(defused))?;
    }
    finished(writer)
}

/// The first line, with the names.
fn header_line() -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv_writer();
    writer.write_record(COLUMNS)?;
    finished(writer)
}

fn csv_writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new())
}

fn finished(writer: csv::Writer<Vec<u8>>) -> Result<Vec<u8>, csv::Error> {
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// What a spreadsheet would take for a formula, made a text: names of things come from customers.
fn defused(mut cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        cell.insert(0, '\'');
    }
    cell
}
