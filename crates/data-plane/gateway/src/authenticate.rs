//! Who asks: from the bearer token to the [`Principal`], which later layers and handlers find in the request's
//! extensions.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use domain::customer::{ApiKeyStatus, Lifecycle};
use domain::principal::Principal;
use http::{HeaderMap, header};
use problem::Problem;
use secrets::ApiKey;

use crate::Gateway;
use crate::meter::Caller;

/// The bearer token of a request.
///
/// # Errors
/// 401 when there is none, when there are two, or when it isn't one.
pub fn bearer_token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(Problem::unauthenticated("Send exactly one header Authorization: Bearer <key>."));
    };
    let text = value.to_str().unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(Problem::unauthenticated("The Authorization header must read: Bearer <key>."));
    }
    Ok(token.trim())
}

pub(crate) async fn authenticate(
    State(gateway): State<Gateway>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = request.extensions().get::<Caller>().cloned().unwrap_or_default();
    let key = presented_key(request.headers());
    match principal(&gateway, key, &caller).await {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// The key that a request shows. Most wrong keys end here: the checksum needs no look-up.
fn presented_key(headers: &HeaderMap) -> Result<ApiKey, Problem> {
    let token = bearer_token(headers)?;
    ApiKey::parse(token).map_err(|error| Problem::unauthenticated(format!("The bearer token is {error}.")))
}

async fn principal(
    gateway: &Gateway,
    key: Result<ApiKey, Problem>,
    caller: &Caller,
) -> Result<Arc<Principal>, Problem> {
    let hash = key?.hash();
    let principal = gateway.directory.principal(&hash).await.map_err(|error| {
        tracing::warn!(%error, "a key can't be looked up");
        Problem::unavailable("Keys can't be checked right now. Try again in a moment.").retry_after(2)
    })?;
    let principal =
        principal.filter(|principal| principal.lifecycle == Lifecycle::Ready).ok_or_else(|| {
            Problem::unauthenticated("The API key is not known. Check it, or ask for a new one.")
        })?;
    caller.set(&principal);
    refuse_dead_key(&principal)?;
    Ok(principal)
}

fn refuse_dead_key(principal: &Principal) -> Result<(), Problem> {
    let expired = principal.key_expires_at.is_some_and(|expires_at| expires_at <= Utc::now());
    match principal.key_status {
        ApiKeyStatus::Revoked => {
            Err(Problem::api_key_revoked("This API key was revoked. Use another one, or ask for a new one."))
        }
        ApiKeyStatus::Active if !expired => Ok(()),
        ApiKeyStatus::Active | ApiKeyStatus::Expired => {
            Err(Problem::api_key_expired("This API key has expired. Use another one, or ask for a new one."))
        }
    }
}
