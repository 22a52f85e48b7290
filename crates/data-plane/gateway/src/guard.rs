//! The guard round a route: the steps in order, and the count at the end.
//!
//! A request of which everything is known passes without waiting: the guard's future is then the handler's own. Only when
//! the directory or Redis must be asked does the check become a future of its own.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::{MatchedPath, Request};
use axum::handler::Handler;
use axum::response::{IntoResponse as _, Response};
use domain::route::RouteNeeds;
use pin_project_lite::pin_project;
use telemetry::SPANS;
use tracing::Instrument as _;
use tracing::instrument::Instrumented;

use crate::Gateway;
use crate::passage::{Halt, Passage};
use crate::rate_limit::RouteLimits;
use crate::tally::RouteTally;

/// What the guard of one route works with.
pub(crate) struct RouteGuard {
    pub(crate) gateway: Gateway,
    pub(crate) needs: Option<RouteNeeds>,
    /// The path of [`RouteNeeds`]; empty where nothing is needed.
    pub(crate) path: Arc<str>,
    pub(crate) limits: RouteLimits,
    pub(crate) numbers: Arc<RouteTally>,
}

impl Gateway {
    /// Puts the guard round a route's handler: nobody reaches it without what it needs.
    ///
    /// Round the handler, and not round its route: a layer round a route would put both into a box of their own for every
    /// request.
    pub fn guard<H>(&self, handler: H, needs: RouteNeeds) -> Guarded<H> {
        self.guarded(handler, Some(needs))
    }

    /// Puts the guard round what is no route (a wrong path or method): a caller is asked for all the same, so that
    /// strangers learn nothing, and the request is limited and counted.
    pub fn guard_the_rest<H>(&self, handler: H) -> Guarded<H> {
        self.guarded(handler, None)
    }

    fn guarded<H>(&self, handler: H, needs: Option<RouteNeeds>) -> Guarded<H> {
        let name = needs
            .as_ref()
            .map_or_else(|| "none".to_owned(), |needs| format!("{} {}", needs.method, needs.path));
        let route = Arc::new(RouteGuard {
            gateway: self.clone(),
            limits: self.0.config.limits.of_route(needs.as_ref()),
            numbers: self.0.numbers.route(name),
            path: needs.as_ref().map_or("", |needs| &needs.path).into(),
            needs,
        });
        Guarded { handler, route }
    }
}

impl RouteGuard {
    /// The path under which a request is counted.
    pub(crate) fn path_of(&self, request: &Request) -> Arc<str> {
        match (&self.needs, request.extensions().get::<MatchedPath>()) {
            (None, Some(matched)) => matched.as_str().into(),
            _ => Arc::clone(&self.path),
        }
    }
}

/// A handler behind the guard.
#[derive(Clone)]
pub struct Guarded<H> {
    handler: H,
    route: Arc<RouteGuard>,
}

impl<H> std::fmt::Debug for Guarded<H> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Guarded").field("path", &self.route.path).finish_non_exhaustive()
    }
}

impl<T, S, H> Handler<T, S> for Guarded<H>
where
    H: Handler<T, S>,
    S: Send + 'static,
{
    type Future = Passing<H::Future>;

    fn call(self, mut request: Request, state: S) -> Self::Future {
        let Self { handler, route } = self;
        let mut passage = Passage::begin(route, &request);
        let way = match passage.check_at_hand(&mut request) {
            Ok(()) => {
                let span = tracing::trace_span!(target: SPANS, "handle");
                let handler = span.in_scope(|| handler.call(request, state));
                Way::Handler { handler: handler.instrument(span) }
            }
            Err(Halt::Refused(problem)) => Way::Refused { answer: Some(problem.into_response()) },
            Err(Halt::Asking(question)) => {
                let check = Box::pin(async move {
                    let answer = match passage.check(question, &mut request).await {
                        Ok(()) => {
                            let span = tracing::trace_span!(target: SPANS, "handle");
                            handler.call(request, state).instrument(span).await
                        }
                        Err(problem) => problem.into_response(),
                    };
                    passage.end(answer)
                });
                return Passing { way: Way::Check { check }, passage: None };
            }
        };
        Passing { way, passage: Some(passage) }
    }
}

type Check = Pin<Box<dyn Future<Output = Response> + Send>>;

pin_project! {
    /// A request behind the guard, or on its way there.
    pub struct Passing<F> {
        #[pin]
        way: Way<F>,
        passage: Option<Passage>,
    }
}

impl<F> std::fmt::Debug for Passing<F> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Passing").finish_non_exhaustive()
    }
}

pin_project! {
    #[project = WayProjection]
    enum Way<F> {
        Handler { #[pin] handler: Instrumented<F> },
        Refused { answer: Option<Response> },
        Check { check: Check },
    }
}

impl<F: Future<Output = Response>> Future for Passing<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        let this = self.project();
        let answer = match this.way.project() {
            WayProjection::Handler { handler } => ready!(handler.poll(context)),
            // Polled once more than it should be, it has no answer any more.
            WayProjection::Refused { answer } => match answer.take() {
                Some(answer) => answer,
                None => return Poll::Pending,
            },
            WayProjection::Check { check } => ready!(check.as_mut().poll(context)),
        };
        Poll::Ready(match this.passage.take() {
            Some(passage) => passage.end(answer),
            None => answer,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::Utc;
    use domain::customer::{ApiKeyStatus, Lifecycle};
    use domain::principal::{Caller, CustomerStanding, KeyCaller, Principal};
    use domain::{ApiKeyId, CustomerId, Plan, RateLimitPeriod, SubscriptionStatus};

    /// A customer in good standing with a key that may do everything.
    pub(crate) fn principal() -> Principal {
        let key = ApiKeyId::generate();
        Principal {
            caller: Caller::Key(KeyCaller {
                id: key,
                quota_key_id: key,
                status: ApiKeyStatus::Active,
                expires_at: None,
                allowed_networks: Vec::new(),
                impersonator: None,
            }),
            permissions: domain::Permission::default_set(),
            rate_limit_requests: 1000,
            rate_limit_period: RateLimitPeriod::Month,
            without_redis: None,
            customer: CustomerStanding {
                id: CustomerId::generate(),
                slug: "acme".to_owned(),
                time_zone: chrono_tz::UTC,
                plan: Plan::Starter,
                subscription_status: SubscriptionStatus::Active,
                status_changed_at: Utc::now(),
                has_grace: false,
                trial_ends_at: None,
                paid_until: None,
                lifecycle: Lifecycle::Ready,
                limits: Vec::new(),
                modules: Vec::new(),
            },
        }
    }
}
