//! How many requests pass: the key's own limit, those that the configuration sets for each customer and route or the operator
//! for one customer, and those of modules.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::customer_limit::WithoutRedis;
use domain::entitlement::Grant;
use domain::principal::Principal;
use domain::route::RouteNeeds;
use limits::{DeclaredRate, OnRedisLoss, Period, Policy, Rate, RouteRate, Subject, Verdict};
use problem::Problem;
use smallvec::SmallVec;

/// The names of the policies, as the `RateLimit` headers show them.
const KEY: &str = "key";
const USER: &str = "user";
const CUSTOMER: &str = "customer";
const ROUTE: &str = "route";
const MODULE: &str = "module";

/// The limits that the configuration sets.
#[derive(Clone, Debug, Default)]
pub struct LimitsConfig {
    /// Of every customer, over all their keys.
    pub customer: Option<DeclaredRate>,
    /// Of every customer on a route.
    pub routes: Vec<RouteRate>,
    /// What holds while Redis is away, unless a limit says otherwise.
    pub on_redis_loss: OnRedisLoss,
}

/// The limits that the configuration sets for one route.
#[derive(Clone, Debug)]
pub(crate) struct RouteLimits {
    customer: Option<DeclaredRate>,
    route: Option<DeclaredRate>,
    /// The route's name: method and path. None for what is no route.
    name: Option<Arc<str>>,
    on_redis_loss: OnRedisLoss,
}

impl LimitsConfig {
    pub(crate) fn of_route(&self, needs: Option<&RouteNeeds>) -> RouteLimits {
        let name = needs.map(|needs| format!("{} {}", needs.method, needs.path));
        let route = self.routes.iter().find(|route| name.as_deref() == Some(&route.route));
        RouteLimits {
            customer: self.customer,
            route: route.map(|route| route.limit),
            name: name.map(Arc::from),
            on_redis_loss: self.on_redis_loss,
        }
    }

    /// The configured routes that aren't among the known ones (method and path), so that a typing error isn't a limit that
    /// nobody notices to be missing.
    pub fn unknown_routes<'a>(
        &'a self,
        known: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Vec<&'a str> {
        let is_known = |name: &str| {
            let name = name.split_once(' ');
            known.clone().any(|route| Some(route) == name)
        };
        self.routes.iter().map(|route| &*route.route).filter(|route| !is_known(route)).collect()
    }
}

/// What a request must pass, in this order: what concerns the fewest stands first, because its refusal says the most.
pub(crate) fn policies(
    principal: &Principal,
    needs: Option<&RouteNeeds>,
    grant: Option<Grant>,
    limits: &RouteLimits,
) -> SmallVec<[Policy; 1]> {
    let customer = principal.customer.id;
    let policy = |name, subject, (quota, period), declared: Option<OnRedisLoss>| Policy {
        name,
        subject,
        quota,
        period,
        on_redis_loss: declared.unwrap_or(limits.on_redis_loss),
    };
    let named = |rate: Rate| Period::named(rate.period, principal.customer.time_zone);
    let mut policies = SmallVec::new();
    let of_key = Rate { quota: principal.rate_limit_requests, period: principal.rate_limit_period };
    let name = if principal.caller.user().is_some() { USER } else { KEY };
    let of_key = DeclaredRate { rate: of_key, on_redis_loss: principal.without_redis.map(on_loss) };
    let declared = |name, subject, limit: DeclaredRate| {
        policy(name, subject, (limit.rate.quota, named(limit.rate)), limit.on_redis_loss)
    };
    policies.push(declared(name, Subject::key(customer, principal.caller.quota_id()), of_key));
    if let Some(route) = &limits.name
        && let Some(limit) = own_or(principal, Some(route), limits.route)
    {
        policies.push(declared(ROUTE, Subject::route(customer, Arc::clone(route)), limit));
    }
    if let Some(limit) = own_or(principal, None, limits.customer) {
        policies.push(declared(CUSTOMER, Subject::customer(customer), limit));
    }
    if let (Some(needs), Some(limit)) = (needs, grant.and_then(|grant| grant.limit)) {
        let until = Period::Until(limit.resets_at.unwrap_or(NEVER));
        policies.push(policy(
            MODULE,
            Subject::module(customer, needs.module, limit.set_at),
            (limit.quota, until),
            limit.without_redis.map(on_loss),
        ));
    }
    policies
}

/// The customer's own limit on a route, or over all of them, in place of the configured one.
fn own_or(
    principal: &Principal,
    route: Option<&str>,
    configured: Option<DeclaredRate>,
) -> Option<DeclaredRate> {
    let Some(own) = principal.customer.limits.iter().find(|own| own.route.as_deref() == route) else {
        return configured;
    };
    let declared = own.without_redis.map(on_loss);
    let on_redis_loss = declared.or_else(|| configured.and_then(|configured| configured.on_redis_loss));
    own.rate.map(|(quota, period)| DeclaredRate { rate: Rate { quota, period }, on_redis_loss })
}

/// What a limit's row declares, as the limiter names it.
fn on_loss(declared: WithoutRedis) -> OnRedisLoss {
    match declared {
        WithoutRedis::Local => OnRedisLoss::NodeLocal,
        WithoutRedis::Open => OnRedisLoss::Open,
        WithoutRedis::Closed => OnRedisLoss::Closed,
    }
}

/// The reset of a count that is never reset.
const NEVER: DateTime<Utc> = match DateTime::from_timestamp(7_258_118_400, 0) {
    Some(year_2200) => year_2200,
    None => DateTime::<Utc>::MAX_UTC,
};

/// What a refused request is told.
pub(crate) fn refusal(verdict: &Verdict, policies: &[Policy], needs: Option<&RouteNeeds>) -> Problem {
    let Some(policy) = verdict.violated.and_then(|index| policies.get(index)) else {
        return Problem::rate_limited("Too many requests. Try again in a moment.").retry_after(1);
    };
    let whose = match policy.name {
        KEY => "this API key",
        USER => "this user",
        ROUTE => "this customer on this route",
        CUSTOMER => "this customer",
        _ => "this feature module",
    };
    let wait = verdict.retry_after;
    let problem = match (policy.name, policy.period) {
        _ if verdict.is_undecided => Problem::rate_limited(format!(
            "What is left of the limit of {} requests for {whose} can't be told at the moment. Try again in {wait} seconds.",
            policy.quota
        )),
        (MODULE, _) => {
            let module = needs.map_or("", |needs| needs.module);
            Problem::module_limit_reached(format!(
                "The {} requests to the feature module {module} that this customer may make are used up. Ask the operator \
                 for a higher limit, or wait until the count begins anew.",
                policy.quota
            ))
            .with("module", module)
            .with("reason", "limit_reached")
            .with("limit", policy.quota)
        }
        (_, Period::Sliding(_)) => Problem::rate_limited(format!(
            "The limit of {} requests for {whose} is reached for now. Try again in {wait} seconds.",
            policy.quota
        )),
        _ => Problem::quota_exceeded(format!(
            "The quota of {} requests for {whose} is used up. It begins anew in {wait} seconds; ask the operator for more.",
            policy.quota
        )),
    };
    problem.with("violated-policies", vec![policy.name.to_owned()]).retry_after(wait)
}
