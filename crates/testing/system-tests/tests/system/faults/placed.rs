//! An instance that is being made, held where it is: the backend takes a lock for each step, and so can we.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use system_tests::Stack;

/// How long a sign-up may take to get somewhere.
const LIMIT: Duration = Duration::from_secs(30);

/// The instance of a customer who is being signed up.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) id: String,
    pub(super) port: u16,
    pub(super) folder: PathBuf,
    lock: PathBuf,
}

/// Waits until the customer's instance has its place.
pub(super) async fn placed(stack: &Stack, customer: &str) -> Placed {
    let client = stack.admin().await;
    let begun = Instant::now();
    let database = format!("customer_{customer}");
    loop {
        let sql = "select id::text, port from admin_instances where database_name = $1";
        if let Some(row) = client.query_opt(sql, &[&database]).await.unwrap() {
            let (id, port): (String, i32) = (row.get(0), row.get(1));
            let (folder, lock) = (stack.instance(&id), stack.path().join("locks").join(&id));
            return Placed { id, port: u16::try_from(port).unwrap(), folder, lock };
        }
        assert!(begun.elapsed() < LIMIT, "{customer} gets no place");
    }
}

impl Placed {
    /// Waits until no step works on the instance, and keeps the next from beginning until the answer is dropped.
    pub(super) async fn hold(&self) -> File {
        let path = self.lock.clone();
        let file = File::options().create(true).truncate(false).write(true).open(path).unwrap();
        tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await.unwrap().unwrap()
    }

    /// Holds it when it is made, and doesn't run yet.
    pub(super) async fn hold_before_start(&self) -> File {
        // On a thread of its own that looks all the time: the making takes a moment only, and who comes after it is late.
        let folder = self.folder.clone();
        let seen = tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            while !folder.exists() && begun.elapsed() < LIMIT {
                std::thread::yield_now();
            }
            folder.exists()
        });
        assert!(seen.await.unwrap(), "the instance isn't made");
        let held = self.hold().await;
        assert!(!self.process_file().exists(), "it runs already");
        held
    }

    /// Holds it when it runs, and isn't configured yet.
    pub(super) async fn hold_before_configuration(&self) -> File {
        testkit::wait_for("the instance to run", LIMIT, || async { self.process_file().exists() }).await;
        self.hold().await
    }

    fn process_file(&self) -> PathBuf {
        self.folder.join("data/postmaster.pid")
    }
}
