//! `sixty usage`: how many requests were made, by whom, and how fast they were answered.

use serde_json::Value;

use super::exit::Failure;
use super::listing::filters;
use super::time::Moment;
use super::{EXIT_CODES, Globals, Session};

/// `sixty usage`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct UsageArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    /// Only of this customer: the customerId or UUID, also of one who is gone [default: everybody]
    customer: Option<String>,
    /// Only of this key: its id
    #[arg(long, value_name = "ID")]
    key: Option<String>,
    /// Only of this route, by its pattern such as /api/v1/deals/{id}
    #[arg(long, value_name = "PATTERN")]
    route: Option<String>,
    /// Only answers with this status
    #[arg(long, value_parser = clap::value_parser!(u16).range(100..600))]
    status: Option<u16>,
    /// Only with this outcome: ok, or the last part of a problem's type, such as rate-limited
    #[arg(long)]
    outcome: Option<String>,
    /// From this day or time on, in UTC [default: 30 days ago]
    #[arg(long, value_name = "TIME")]
    from: Option<Moment>,
    /// Before this day or time, in UTC [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// A row for each of these
    #[arg(long, value_enum, default_value_t = Group::Day)]
    by: Group,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Group {
    Day,
    Key,
    Route,
    Status,
    Outcome,
}

impl Group {
    /// The member of the answer, and its columns that name a row.
    fn names(self) -> (&'static str, &'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Day => ("by_day", &["DAY"], &["date"]),
            Self::Key => ("by_key", &["KEY"], &["api_key_id"]),
            Self::Route => ("by_route", &["METHOD", "ROUTE"], &["method", "endpoint"]),
            Self::Status => ("by_status", &["STATUS"], &["status_code"]),
            Self::Outcome => ("by_outcome", &["OUTCOME"], &["outcome"]),
        }
    }
}

/// What is told of each row, after what names it.
const NUMBERS: [(&str, &str); 7] = [
    ("REQUESTS", "requests"),
    ("FAILED", "failed"),
    ("AVG MS", "avg_response_time_ms"),
    ("P50 MS", "p50_response_time_ms"),
    ("P95 MS", "p95_response_time_ms"),
    ("P99 MS", "p99_response_time_ms"),
    ("MAX MS", "max_response_time_ms"),
];

pub(super) async fn run(session: &mut Session, args: UsageArgs) -> Result<(), Failure> {
    let query = filters(&[
        ("customer", &args.customer),
        ("api_key_id", &args.key),
        ("endpoint", &args.route),
        ("status_code", &args.status.map(|status| status.to_string())),
        ("outcome", &args.outcome),
        ("created_at[gte]", &args.from.map(Moment::to_text)),
        ("created_at[lt]", &args.until.map(Moment::to_text)),
    ]);
    let answer = session.client.get(&["usage"], &query).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let (group, headings, names) = args.by.names();
    let rows = answer.get(group).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if rows.is_empty() {
        return Ok(session.output.note("no requests")?);
    }
    let headings: Vec<_> =
        headings.iter().copied().chain(NUMBERS.iter().map(|(heading, _)| *heading)).collect();
    let fields: Vec<_> = names.iter().copied().chain(NUMBERS.iter().map(|(_, field)| *field)).collect();
    let row = |row: &Value| fields.iter().map(|field| cell(row.get(*field))).collect();
    session.output.table(&headings, rows.iter().map(row).collect())?;
    let total = |field: &str| cell(answer.pointer(&format!("/total/{field}")));
    let summary = format!(
        "{} requests, {} of them failed; p50 {} ms, p95 {} ms, p99 {} ms",
        total("requests"),
        total("failed"),
        total("p50_response_time_ms"),
        total("p95_response_time_ms"),
        total("p99_response_time_ms"),
    );
    Ok(session.output.note(&summary)?)
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        // The mean is the only number with a fraction, and nobody needs all of it.
        Some(Value::Number(number)) if number.is_f64() => {
            number.as_f64().map_or_else(|| "-".to_owned(), |number| format!("{number:.1}"))
        }
        Some(other) => other.to_string(),
    }
}
