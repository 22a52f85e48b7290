//! The proof that nobody touched a chain of the audit log, while somebody waits for it.

use std::time::Duration;

use audit::{Finding, VerifyError, verify_chain};
use axum::extract::State;
use axum::{Extension, Json};
use catalog::names;
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use domain::CustomerId;
use problem::{JsonBody, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::customer_name::CustomerName;
use crate::ApiState;
use crate::problem_document::ProblemDocument;
use crate::problems::problem_of_catalog;

/// How long a chain may take.
const LONGEST: Duration = Duration::from_secs(30);

/// Which chain.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerificationBody {
    /// Whose chain: the UUID or the customerId, also of one who is gone. The platform's own without it.
    customer: Option<String>,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub(crate) struct VerificationView {
    /// The chain: the customer's id; all zeroes for the platform's.
    chain: Uuid,
    /// Whose it is; null for the platform's.
    #[schema(required)]
    customer_uuid: Option<Uuid>,
    /// What the customer is called; null for the platform's, and of one who left nothing but the log.
    #[schema(required)]
    customer_name: Option<String>,
    /// How many rows were read.
    rows: u64,
    /// The place of the last row; retention may have removed those at the beginning.
    last_sequence: i64,
    verified_at: DateTime<Utc>,
    /// Whether every row is as it was written.
    intact: bool,
    /// The first row that isn't; the rows after it prove nothing. Null when all are.
    #[schema(required)]
    first_bad: Option<BadRowView>,
}

/// A place in a chain at which something is wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct BadRowView {
    /// The row that is there; null when it is missing.
    #[schema(required)]
    id: Option<Uuid>,
    /// The place in the chain.
    sequence: i64,
    /// What is wrong, in words.
    reason: String,
}

impl From<Finding> for BadRowView {
    fn from(finding: Finding) -> Self {
        Self { id: finding.row, sequence: finding.sequence, reason: finding.fault.to_string() }
    }
}

/// Recomputes one chain of audit rows from what is stored, as `sixty audit verify` does for all, and names the first bad
/// row. The anchors outside the database, which show that a whole chain wasn't written anew, are compared by that command
/// only. A server verifies one chain at a time, for at most 30 seconds.
#[utoipa::path(post, path = "/api/admin/audit-logs/verifications", tag = "audit", request_body = VerificationBody,
    responses((status = 200, body = VerificationView),
        (status = 503, description = "Another chain is being verified, or this one is too long for it", body = ProblemDocument)))]
pub(crate) async fn verify(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<VerificationBody>,
) -> Result<Json<VerificationView>, Problem> {
    let mut client = state.client(&actor, Right::AuditRead).await?;
    let customer = match body.customer.as_deref() {
        None => None,
        Some(name) => {
            let found = CustomerName::from(name).id(&client).await?;
            Some(found.ok_or_else(|| Problem::field("/customer", "is not a customer's UUID or customerId"))?)
        }
    };
    let Ok(_turn) = state.verifying.try_acquire() else {
        return Err(
            Problem::unavailable("Another chain is being verified. Try again in a moment.").retry_after(5)
        );
    };
    let chain = customer.map_or_else(Uuid::nil, CustomerId::uuid);
    let report = verify_chain(&mut client, chain, LONGEST).await.map_err(|error| refusal(&error))?;
    let mut names = names::of_customers(&client, &[chain]).await.map_err(problem_of_catalog)?;
    Ok(Json(VerificationView {
        chain,
        customer_uuid: customer.map(CustomerId::uuid),
        customer_name: names.remove(&chain),
        rows: report.rows,
        last_sequence: report.last,
        verified_at: Utc::now(),
        intact: report.finding.is_none(),
        first_bad: report.finding.map(BadRowView::from),
    }))
}

fn refusal(error: &VerifyError) -> Problem {
    if error.is_too_slow() {
        return Problem::unavailable(format!(
            "The chain is too long to be verified in {} seconds. `sixty audit verify` takes the time that it needs.",
            LONGEST.as_secs()
        ));
    }
    tracing::warn!(%error, "a chain of the audit log can't be verified");
    problem_of_catalog(catalog::CatalogError::Unavailable(error.to_string().into()))
}
