//! Requests that run all the time, and what became of them.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use system_tests::{Answer, Api, Customer, Program, Stack};
use tokio::task::JoinHandle;

/// How long a server may take to begin.
const START: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Counted {
    stop: AtomicBool,
    requests: AtomicU64,
    reveals: AtomicU64,
    servers: AtomicU64,
    failures: Mutex<Vec<String>>,
}

/// What became of all requests.
pub(crate) struct Outcome {
    pub(crate) requests: u64,
    pub(crate) reveals: u64,
    pub(crate) servers: u64,
    pub(crate) failures: Vec<String>,
}

/// Callers at work.
pub(crate) struct Load {
    counted: Arc<Counted>,
    callers: Vec<JoinHandle<()>>,
}

impl Counted {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::SeqCst)
    }

    fn answered(&self, counter: &AtomicU64, asked: &str, answer: &Answer) {
        counter.fetch_add(1, Ordering::SeqCst);
        if answer.status != 200 {
            self.failed(format!("{asked}: {answer:?}"));
        }
    }

    fn failed(&self, what: String) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }
}

impl Load {
    /// Two callers who read as customers, one who has passwords opened, and servers that start one after the other.
    pub(crate) fn start(stack: &Stack, served: &[Customer]) -> Self {
        let counted = Arc::<Counted>::default();
        let mut callers = Vec::new();
        for offset in 0..2 {
            callers.push(tokio::spawn(read(Arc::clone(&counted), served.to_vec(), offset)));
        }
        let names = served.iter().map(|customer| customer.id.clone()).collect();
        callers.push(tokio::spawn(reveal(Arc::clone(&counted), stack.operator.clone(), names)));
        callers.push(tokio::spawn(begin_anew(Arc::clone(&counted), stack.program.clone(), served.to_vec())));
        Self { counted, callers }
    }

    /// How many answers customers have got so far.
    pub(crate) fn requests(&self) -> u64 {
        self.counted.requests.load(Ordering::SeqCst)
    }

    pub(crate) async fn stop(self) -> Outcome {
        self.counted.stop.store(true, Ordering::SeqCst);
        for caller in self.callers {
            if let Err(error) = caller.await {
                self.counted.failed(format!("a caller ended badly: {error}"));
            }
        }
        let failures =
            std::mem::take(&mut *self.counted.failures.lock().unwrap_or_else(PoisonError::into_inner));
        let of = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        Outcome {
            requests: of(&self.counted.requests),
            reveals: of(&self.counted.reveals),
            servers: of(&self.counted.servers),
            failures,
        }
    }
}

async fn read(counted: Arc<Counted>, served: Vec<Customer>, offset: usize) {
    for customer in served.iter().cycle().skip(offset) {
        if !counted.goes_on() {
            return;
        }
        let answer = customer.api.get("/api/v1/contacts?limit=1").await;
        counted.answered(&counted.requests, &customer.id, &answer);
    }
}

async fn reveal(counted: Arc<Counted>, operator: Api, customers: Vec<String>) {
    for customer in customers.iter().cycle() {
        if !counted.goes_on() {
            return;
        }
        let path = format!("/api/admin/customers/{customer}/connection-urls");
        let answer = operator.post(&path, &json!({ "role": "app" })).await;
        counted.answered(&counted.reveals, &path, &answer);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A server that starts knows nothing: its first request of each customer opens the data key and the password anew.
async fn begin_anew(counted: Arc<Counted>, program: Program, served: Vec<Customer>) {
    while counted.goes_on() {
        let port = testkit::free_port();
        let mut command = program.clone().in_the_clear().with("PORT", port.to_string()).command(&["serve"]);
        let server = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn();
        let Ok(server) = server else { return counted.failed("a server can't be started".to_owned()) };
        testkit::wait_for("the server", START, async || {
            let api = Api::new(port);
            let request = api.request("GET".parse().unwrap_or_default(), "/api/health");
            api.try_send(request).await.is_ok_and(|answer| answer.status == 200)
        })
        .await;
        for customer in &served {
            let answer = customer.api.on_port(port).get("/api/v1/contacts?limit=1").await;
            counted.answered(&counted.requests, &customer.id, &answer);
        }
        counted.servers.fetch_add(1, Ordering::SeqCst);
        drop(server);
    }
}
