//! The guard round a route: the steps in order, and the count at the end.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use chrono::Utc;
use domain::principal::Permit;
use domain::route::RouteNeeds;
use limits::Verdict;
use problem::Problem;

use crate::meter::Counted;
use crate::observe::{RouteNumbers, Step, StepWatch};
use crate::rate_limit::RouteLimits;
use crate::{Gateway, authenticate, customer_status, module, permission, rate_limit};

/// What the guard of one route works with.
struct RouteGuard {
    needs: Option<RouteNeeds>,
    limits: RouteLimits,
    numbers: RouteNumbers,
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
        let gateway = self.clone();
        let name = needs
            .as_ref()
            .map_or_else(|| "none".to_owned(), |needs| format!("{} {}", needs.method, needs.path));
        let route = Arc::new(RouteGuard {
            limits: self.0.config.limits.of_route(needs.as_ref()),
            numbers: RouteNumbers::new(name),
            needs,
        });
        routes.layer(from_fn(move |request: Request, next: Next| {
            pass(gateway.clone(), Arc::clone(&route), request, next)
        }))
    }
}

async fn pass(gateway: Gateway, route: Arc<RouteGuard>, mut request: Request, next: Next) -> Response {
    let path = match (&route.needs, request.extensions().get::<MatchedPath>()) {
        (Some(needs), _) => needs.path.clone(),
        (None, Some(path)) => path.as_str().to_owned(),
        (None, None) => String::new(),
    };
    let mut passage = Passage {
        counted: Counted::begin(Arc::clone(&gateway.0.recorder), &request, path),
        verdict: None,
        watch: gateway.0.numbers.watch(),
    };
    let mut response = match passage.check(&gateway, &route, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    passage.watch.over(Step::Handle);
    if let Some(headers) = passage.verdict.as_ref().and_then(Verdict::headers) {
        response.headers_mut().extend(headers);
    }
    let (outcome, after) = passage.counted.end(&response);
    passage.watch.over(Step::Meter);
    route.numbers.answered(outcome, after);
    response
}

/// A request on its way through the steps, and what they leave behind.
struct Passage<'a> {
    counted: Counted,
    verdict: Option<Verdict>,
    watch: StepWatch<'a>,
}

impl Passage<'_> {
    /// Takes the steps in order. Who asks is noted as soon as it is known, so that a refusal is counted for them too.
    async fn check(
        &mut self,
        gateway: &Gateway,
        route: &RouteGuard,
        request: &mut Request,
    ) -> Result<(), Problem> {
        let config = &gateway.0.config;
        let needs = route.needs.as_ref();
        let now = Utc::now();
        let address = config.trusted_proxies.client_address(request.extensions(), request.headers());
        let key = authenticate::presented_key(request.headers(), request.uri())?;
        let principal = authenticate::principal(&gateway.0.directory, &key).await?;
        self.counted.caller_is(&principal);
        gateway.0.numbers.count_customer(&principal);
        authenticate::check_key(&principal, address.0, now)?;
        self.watch.over(Step::Authenticate);
        customer_status::check(&principal, needs.map(|needs| needs.action), config.grace_period, now)?;
        let mut grant = None;
        if let Some(needs) = needs {
            grant = Some(module::check(&principal, needs.module, now)?);
            permission::check(&principal, needs)?;
            self.counted.module_is(needs.module);
        }
        self.watch.over(Step::Decide);
        let policies = rate_limit::policies(&principal, needs, grant, &route.limits);
        let verdict = self.verdict.insert(gateway.0.limiter.check(&policies, now).await);
        self.watch.over(Step::Limit);
        if !verdict.accepted {
            return Err(rate_limit::refusal(verdict, &policies, needs));
        }
        let extensions = request.extensions_mut();
        extensions.insert(address);
        extensions.insert(Permit::after_checks(principal));
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use domain::customer::{ApiKeyStatus, Lifecycle};
    use domain::principal::Principal;
    use domain::{ApiKeyId, CustomerId, Plan, RateLimitPeriod, SubscriptionStatus};

    use super::*;

    /// A customer in good standing with a key that may do everything.
    pub(crate) fn principal() -> Principal {
        let key = ApiKeyId::generate();
        Principal {
            api_key_id: key,
            quota_key_id: key,
            key_status: ApiKeyStatus::Active,
            key_expires_at: None,
            permissions: domain::Permission::default_set(),
            allowed_networks: Vec::new(),
            rate_limit_requests: 1000,
            rate_limit_period: RateLimitPeriod::Month,
            customer_id: CustomerId::generate(),
            customer_slug: "acme".to_owned(),
            time_zone: chrono_tz::UTC,
            plan: Plan::Starter,
            subscription_status: SubscriptionStatus::Active,
            status_changed_at: Utc::now(),
            trial_ends_at: None,
            lifecycle: Lifecycle::Ready,
            modules: Vec::new(),
        }
    }
}
