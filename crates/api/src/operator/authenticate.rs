//! Whether an operator asks. The handler finds them as an [`Actor`] in the request's extensions.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use customers::Actor;
use http::header;
use problem::Problem;

use crate::ApiState;

pub(crate) async fn authenticate(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    match actor(&state, &request) {
        Ok(actor) => {
            request.extensions_mut().insert(actor);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn actor(state: &ApiState, request: &Request) -> Result<Actor, Problem> {
    let token = gateway::bearer_token(request.headers())?;
    if !state.operator_token.matches(token) {
        let hint = if token.starts_with("sk_") {
            "This is a customer's API key; operators show a token that begins with op_."
        } else {
            "The operator token is not the right one."
        };
        return Err(Problem::unauthenticated(hint));
    }
    let ip_address = state.trusted_proxies.client_address(request.extensions(), request.headers()).0;
    let user_agent =
        request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(shortened);
    Ok(Actor::bootstrap().from(ip_address, user_agent))
}

fn shortened(user_agent: &str) -> String {
    user_agent.chars().take(500).collect()
}
