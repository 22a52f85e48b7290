//! `/api/webhooks/...`: what other services tell us. Each message is signed by its sender.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use clerk::{BadSignature, NotReceived, SignedHead};
use http::{HeaderMap, StatusCode};
use problem::{Problem, RawBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ApiState;
use crate::bodies::MESSAGE_BODY;
use crate::problems::problem_of_catalog;

/// The routes with their documentation.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(clerk_message))
}

pub(crate) fn router(state: &ApiState) -> Router {
    let (router, _) = routes().split_for_parts();
    router.layer(DefaultBodyLimit::max(MESSAGE_BODY)).with_state(state.clone())
}

/// Takes a message of Clerk: a change of an organization, a membership or a user.
///
/// It is written down before the answer, and done afterwards. Sent again, it changes nothing.
#[utoipa::path(post, path = "/api/webhooks/clerk", tag = "webhooks",
    request_body(content = Object, description = "A message as Clerk sends it", content_type = "application/json"),
    params(
        ("svix-id" = String, Header, description = "The message's id"),
        ("svix-timestamp" = String, Header, description = "When it was signed, in seconds since 1970; five minutes ago at most"),
        ("svix-signature" = String, Header, description = "v1, and HMAC-SHA256 in base64; several with spaces between them"),
    ),
    responses(
        (status = 204, description = "It is written down"),
        (status = 401, description = "It isn't signed by Clerk, or not now", body = crate::problem_document::ProblemDocument),
        (status = 404, description = "No webhook is set up", body = crate::problem_document::ProblemDocument),
    ))]
async fn clerk_message(
    State(state): State<ApiState>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Problem> {
    let head = SignedHead {
        id: header(&headers, "svix-id")?,
        timestamp: header(&headers, "svix-timestamp")?,
        signatures: header(&headers, "svix-signature")?,
    };
    let webhook = state.clerk_webhook.as_ref().ok_or_else(|| {
        Problem::not_found(
            "No webhook of Clerk is set up here: the operator sets SIXTY_CLERK_WEBHOOK_SECRETS.",
        )
    })?;
    clerk::receive(webhook, &head, &body).await.map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Problem> {
    let mut given = headers.get_all(name).iter();
    match (given.next().and_then(|value| value.to_str().ok()), given.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(refusal(NotReceived::BadSignature(BadSignature::Malformed))),
    }
}

fn refusal(error: NotReceived) -> Problem {
    match error {
        NotReceived::BadSignature(error) => {
            tracing::warn!(%error, "a message of Clerk is refused");
            Problem::webhook_refused(format!("The message is refused: {error}."))
        }
        NotReceived::Malformed => Problem::bad_request(format!("{error}.", error = NotReceived::Malformed)),
        NotReceived::Catalog(error) => problem_of_catalog(error),
    }
}
