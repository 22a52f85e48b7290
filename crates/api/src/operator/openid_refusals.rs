//! A sign-in by OpenID Connect that came to nothing, told where the person is: in front of a browser, which nobody's script has sent.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use problem::Problem;

/// The member of a problem that tells apart what has the same type.
pub(super) const REASON: &str = "reason";

/// The sign-in page, which says why, to whoever asks for a page. The address has no more than a word for it: what stands in an
/// address, anybody may have written.
///
/// # Errors
/// The problem itself, to whoever doesn't ask for a page.
pub(super) fn shown(headers: &HeaderMap, problem: Problem) -> Result<Response, Problem> {
    if !asks_for_a_page(headers) {
        return Err(problem);
    }
    // The page has a word, and whoever looks after the server the rest.
    tracing::warn!(detail = problem.detail(), "a sign-in by OpenID Connect came to nothing");
    let word = problem.member(REASON).and_then(|reason| reason.as_str()).unwrap_or(problem.kind());
    let Ok(location) = HeaderValue::try_from(format!("/admin?refused={word}")) else { return Err(problem) };
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

fn asks_for_a_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepts.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("text/html"))
}
