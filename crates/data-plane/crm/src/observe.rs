//! Numbers about requests with an Idempotency-Key, for Prometheus. Among the requests of their route a repetition looks like
//! what it repeats.

/// What a request with a key turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// The first with its key: it had its effect, and its answer is kept.
    New,
    /// It was given the answer of the first.
    Replayed,
    /// It came while the first was still running.
    InProgress,
    /// It is another request than the first with its key.
    Reused,
}

impl Repeat {
    pub(crate) fn describe() {
        metrics::describe_counter!(
            "sixty_idempotent_requests_total",
            "Requests of customers with an Idempotency-Key, by what they turned out to be"
        );
    }

    pub(crate) fn count(self) {
        metrics::counter!("sixty_idempotent_requests_total", "outcome" => self.name()).increment(1);
    }

    fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Replayed => "replayed",
            Self::InProgress => "in_progress",
            Self::Reused => "reused",
        }
    }
}
