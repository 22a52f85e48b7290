//! Numbers about the pipeline, for Prometheus. Handles are made once, so that a request only adds to them.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::CustomerId;
use domain::principal::CustomerStanding;
use foldhash::fast::RandomState;
use metrics::{Counter, Histogram, counter, histogram};

/// Customers with a series of their own; what is used by further ones is counted together, as `other`.
const CUSTOMERS: usize = 1_000;
/// Every so many requests the steps are timed one by one.
const TIMED: u32 = 16;

/// The numbers of all routes.
pub(crate) struct Numbers {
    customers: RwLock<HashMap<CustomerId, Counter, RandomState>>,
    others: Counter,
    steps: [Histogram; Step::ALL.len()],
}

/// The steps of the pipeline that are timed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Authenticate,
    Decide,
    Limit,
    Handle,
    Meter,
}

impl Step {
    const ALL: [(Self, &str); 5] = [
        (Self::Authenticate, "authenticate"),
        (Self::Decide, "decide"),
        (Self::Limit, "limit"),
        (Self::Handle, "handle"),
        (Self::Meter, "meter"),
    ];
}

impl Numbers {
    pub(crate) fn new() -> Self {
        metrics::describe_counter!("sixty_requests_total", "Requests of customers, by route and outcome");
        metrics::describe_counter!("sixty_customer_requests_total", "Requests by customer");
        metrics::describe_histogram!("sixty_request_seconds", "Time to the answer, by route");
        metrics::describe_histogram!(
            "sixty_request_step_seconds",
            "Time of each step of the pipeline, of one request in sixteen"
        );
        Self {
            customers: RwLock::default(),
            others: counter!("sixty_customer_requests_total", "customer" => "other"),
            steps: Step::ALL.map(|(_, name)| histogram!("sixty_request_step_seconds", "step" => name)),
        }
    }

    pub(crate) fn count_customer(&self, customer: &CustomerStanding) {
        if let Some(counter) = self.customers.read().unwrap_or_else(PoisonError::into_inner).get(&customer.id)
        {
            return counter.increment(1);
        }
        let mut customers = self.customers.write().unwrap_or_else(PoisonError::into_inner);
        if customers.len() >= CUSTOMERS {
            return self.others.increment(1);
        }
        customers
            .entry(customer.id)
            .or_insert_with(|| counter!("sixty_customer_requests_total", "customer" => customer.slug.clone()))
            .increment(1);
    }
}

/// Times the steps of one request, one after the other.
pub(crate) struct StepWatch {
    since: Option<Instant>,
}

impl StepWatch {
    /// Begins to time the steps of a request, if it is its turn.
    pub(crate) fn begin() -> Self {
        std::thread_local!(static TURN: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
        let turn = TURN.replace(TURN.get().wrapping_add(1));
        Self { since: turn.is_multiple_of(TIMED).then(Instant::now) }
    }

    /// The step is over, and the next one begins.
    pub(crate) fn over(&mut self, step: Step, numbers: &Numbers) {
        if let Some(since) = &mut self.since {
            let now = Instant::now();
            if let Some(histogram) = numbers.steps.get(step as usize) {
                histogram.record(now.duration_since(*since));
            }
            *since = now;
        }
    }
}

/// The numbers of one route.
pub(crate) struct RouteNumbers {
    route: String,
    time: Histogram,
    ok: Counter,
}

impl RouteNumbers {
    pub(crate) fn new(route: String) -> Self {
        Self {
            time: histogram!("sixty_request_seconds", "route" => route.clone()),
            ok: counter!("sixty_requests_total", "route" => route.clone(), "outcome" => "ok"),
            route,
        }
    }

    /// A request was answered, and with what outcome.
    pub(crate) fn answered(&self, outcome: &'static str, after: Duration) {
        self.time.record(after);
        if outcome == "ok" {
            self.ok.increment(1);
        } else {
            counter!("sixty_requests_total", "route" => self.route.clone(), "outcome" => outcome)
                .increment(1);
        }
    }
}
