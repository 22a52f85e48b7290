//! Numbers about the pipeline, for Prometheus. Handles are made once, so that a request only adds to them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use metrics::{Histogram, histogram};

use crate::tally::{CustomerTally, RouteTally};

/// Every so many requests the steps are timed one by one.
const TIMED: u32 = 16;

/// The numbers of all routes.
pub(crate) struct Numbers {
    pub(crate) customers: CustomerTally,
    routes: Mutex<Vec<Arc<RouteTally>>>,
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
            customers: CustomerTally::default(),
            routes: Mutex::default(),
            steps: Step::ALL.map(|(_, name)| histogram!("sixty_request_step_seconds", "step" => name)),
        }
    }

    /// The numbers of a route.
    pub(crate) fn route(&self, name: String) -> Arc<RouteTally> {
        let tally = Arc::new(RouteTally::new(name));
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&tally));
        tally
    }

    /// Tells all that was counted.
    pub(crate) fn tell(&self) {
        self.customers.tell();
        for route in self.routes.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            route.tell();
        }
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
