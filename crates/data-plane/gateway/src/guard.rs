//! The guard round a route: the steps in order, and the count at the end.
//!
//! A request of which everything is known passes without waiting: the guard's future is then the handler's own. Only when
//! the directory or Redis must be asked does the check become a future of its own.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::{MatchedPath, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use domain::route::RouteNeeds;
use pin_project_lite::pin_project;
use telemetry::SPANS;
use tower::{Layer, Service};
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
    /// Puts the guard round a route: nobody reaches its handler without what it needs.
    pub fn guard(&self, routes: MethodRouter, needs: RouteNeeds) -> MethodRouter {
        self.layered(routes, Some(needs))
    }

    /// Puts the guard round what is no route (a wrong path or method): a caller is asked for all the same, so that
    /// strangers learn nothing, and the request is limited and counted.
    pub fn guard_the_rest(&self, routes: MethodRouter) -> MethodRouter {
        self.layered(routes, None)
    }

    fn layered(&self, routes: MethodRouter, needs: Option<RouteNeeds>) -> MethodRouter {
        let name = needs
            .as_ref()
            .map_or_else(|| "none".to_owned(), |needs| format!("{} {}", needs.method, needs.path));
        routes.layer(GuardLayer(Arc::new(RouteGuard {
            gateway: self.clone(),
            limits: self.0.config.limits.of_route(needs.as_ref()),
            numbers: self.0.numbers.route(name),
            path: needs.as_ref().map_or("", |needs| &needs.path).into(),
            needs,
        })))
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

#[derive(Clone)]
struct GuardLayer(Arc<RouteGuard>);

impl<S> Layer<S> for GuardLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, route: Arc::clone(&self.0) }
    }
}

/// A service behind the guard.
#[derive(Clone)]
struct Guarded<S> {
    inner: S,
    route: Arc<RouteGuard>,
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Passing<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let mut passage = Passage::begin(Arc::clone(&self.route), &request);
        let way = match passage.check_at_hand(&mut request) {
            Ok(()) => {
                let span = tracing::trace_span!(target: SPANS, "handle");
                let handler = span.in_scope(|| self.inner.call(request));
                Way::Handler { handler: handler.instrument(span) }
            }
            Err(Halt::Refused(problem)) => Way::Refused { answer: Some(problem.into_response()) },
            Err(Halt::Asking(question)) => {
                // The service that was made ready is the one that is called.
                let clone = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, clone);
                return Passing {
                    way: Way::Check {
                        check: Box::pin(async move {
                            let answer = match passage.check(question, &mut request).await {
                                // It can't fail.
                                Ok(()) => {
                                    let span = tracing::trace_span!(target: SPANS, "handle");
                                    let answer = inner.call(request).instrument(span).await;
                                    answer.unwrap_or_else(|never| match never {})
                                }
                                Err(problem) => problem.into_response(),
                            };
                            passage.end(answer)
                        }),
                    },
                    passage: None,
                };
            }
        };
        Passing { way, passage: Some(passage) }
    }
}

type Check = Pin<Box<dyn Future<Output = Response> + Send>>;

pin_project! {
    /// A request behind the guard, or on its way there.
    struct Passing<F> {
        #[pin]
        way: Way<F>,
        passage: Option<Passage>,
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

impl<F: Future<Output = Result<Response, Infallible>>> Future for Passing<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = match this.way.project() {
            WayProjection::Handler { handler } => ready!(handler.poll(context))?,
            // Polled once more than it should be, it has no answer any more.
            WayProjection::Refused { answer } => match answer.take() {
                Some(answer) => answer,
                None => return Poll::Pending,
            },
            WayProjection::Check { check } => ready!(check.as_mut().poll(context)),
        };
        Poll::Ready(Ok(match this.passage.take() {
            Some(passage) => passage.end(answer),
            None => answer,
        }))
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
