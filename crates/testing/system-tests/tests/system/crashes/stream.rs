//! Sign-ups without end, a few at a time, whatever happens to the server meanwhile.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use system_tests::{Answer, Api, Stack};
use tokio::task::JoinSet;

/// The sign-ups that were begun, and those who do them.
pub(super) struct SignUps {
    shared: Arc<Shared>,
    clients: JoinSet<()>,
}

struct Shared {
    operator: Api,
    next: AtomicUsize,
    succeeded: AtomicUsize,
    has_ended: AtomicBool,
    /// Every name that was asked for, and what came back.
    outcomes: Mutex<Vec<(String, Outcome)>>,
}

/// What a client learned of its sign-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It succeeded, with this key.
    Ready(String),
    /// It didn't: nothing of it is there, or is going to be.
    Refused,
    /// The server was gone before it could tell. Either may be true.
    Unanswered,
}

impl Outcome {
    pub(super) fn key(&self) -> Option<String> {
        if let Self::Ready(key) = self { Some(key.clone()) } else { None }
    }
}

impl SignUps {
    /// Begins, with so many clients at once.
    pub(super) fn begin(stack: &Stack, clients: usize) -> Self {
        let shared = Arc::new(Shared {
            operator: stack.operator.clone(),
            next: AtomicUsize::new(0),
            succeeded: AtomicUsize::new(0),
            has_ended: AtomicBool::new(false),
            outcomes: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            tasks.spawn(Arc::clone(&shared).sign_up_until_the_end());
        }
        Self { shared, clients: tasks }
    }

    /// How many have succeeded so far.
    pub(super) fn succeeded(&self) -> usize {
        self.shared.succeeded.load(Ordering::SeqCst)
    }

    /// Begins no more, waits for the answers that are still to come, and tells what came of each.
    pub(super) async fn end(mut self) -> Vec<(String, Outcome)> {
        self.shared.has_ended.store(true, Ordering::SeqCst);
        while let Some(ended) = self.clients.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut *self.shared.outcomes.lock().unwrap())
    }
}

impl Shared {
    async fn sign_up_until_the_end(self: Arc<Self>) {
        while !self.has_ended.load(Ordering::SeqCst) {
            let id = format!("crash-{}", self.next.fetch_add(1, Ordering::SeqCst));
            let answer = self.operator.try_provision(&id).await;
            let outcome = answer.map_or(Outcome::Unanswered, |answer| outcome(&answer));
            let is_ready = matches!(outcome, Outcome::Ready(_));
            self.outcomes.lock().unwrap().push((id, outcome));
            if is_ready {
                self.succeeded.fetch_add(1, Ordering::SeqCst);
            } else {
                // Not a wait for something: a client that is refused doesn't ask a thousand times a second.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// An answer that isn't the customer's must be a problem that tells of an outage.
fn outcome(answer: &Answer) -> Outcome {
    if answer.status == 201 {
        return Outcome::Ready(answer.body["apiKey"]["key"].as_str().unwrap().to_owned());
    }
    let kind = answer.body["type"].as_str().unwrap();
    assert!(["/problems/unavailable", "/problems/provisioning-failed"].contains(&kind), "{answer}");
    Outcome::Refused
}
