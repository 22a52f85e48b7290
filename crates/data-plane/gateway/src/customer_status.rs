//! Whether the customer is served at all: each way of not being served has its own problem type.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::SubscriptionStatus;
use domain::principal::Principal;
use problem::Problem;

pub(crate) async fn customer_status(
    Extension(principal): Extension<Arc<Principal>>,
    request: Request,
    next: Next,
) -> Response {
    match refusal(principal.subscription_status) {
        None => next.run(request).await,
        Some(problem) => problem.into_response(),
    }
}

fn refusal(status: SubscriptionStatus) -> Option<Problem> {
    match status {
        SubscriptionStatus::Active | SubscriptionStatus::Trial => None,
        SubscriptionStatus::Suspended => Some(Problem::customer_suspended(
            "This customer is suspended. The data is kept; ask the operator to resume it.",
        )),
        SubscriptionStatus::Canceled => Some(Problem::subscription_canceled(
            "This subscription was canceled. Ask the operator to start it again.",
        )),
        SubscriptionStatus::Expired => Some(Problem::subscription_expired(
            "The trial or subscription has run out. Choose a plan to go on.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_served_statuses_pass() {
        for status in SubscriptionStatus::ALL {
            assert_eq!(refusal(*status).is_none(), status.is_served(), "{status}");
        }
    }
}
