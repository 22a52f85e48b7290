//! Who asks, on whose behalf, and from where: what every handler needs of a request's head.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use domain::OrganizationId;
use domain::principal::{Permit, Principal};
use http::HeaderMap;
use http::header::USER_AGENT;
use http::request::Parts;
use problem::Problem;

/// The header that names the organization.
pub(crate) const ORGANIZATION_HEADER: &str = "X-Organization-Id";

/// The longest user agent that the log keeps, in characters.
const LONGEST_USER_AGENT: usize = 500;

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Arc<Principal>,
    /// The organization that the request names; the customer's first one otherwise.
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) user_agent: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Only the gateway's guard gives a permit: a route that stands outside it answers nothing.
        let permit = parts.extensions.get::<Permit>().ok_or_else(unauthenticated)?;
        let principal = Arc::clone(permit.principal());
        let address = permit.address();
        let user_agent = parts
            .headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.chars().take(LONGEST_USER_AGENT).collect());
        Ok(Self { principal, organization: organization(&parts.headers)?, address, user_agent })
    }
}

fn unauthenticated() -> Problem {
    Problem::unauthenticated("Send an API key in the header: Authorization: Bearer sk_...")
}

fn organization(headers: &HeaderMap) -> Result<Option<OrganizationId>, Problem> {
    let mut values = headers.get_all(ORGANIZATION_HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::field(ORGANIZATION_HEADER, "is given twice"));
    }
    value
        .to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .map(Some)
        .ok_or_else(|| Problem::field(ORGANIZATION_HEADER, "must be an organization's id (a UUID)"))
}
