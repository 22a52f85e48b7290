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
        self.hold_when("no step to work on the instance", || true).await
    }

    /// Holds it when it is made, and doesn't run yet.
    pub(super) async fn hold_before_start(&self) -> File {
        let folder = self.folder.clone();
        let held = self.hold_when("the instance to be made", move || folder.exists()).await;
        assert!(!self.process_file().exists(), "it runs already");
        held
    }

    /// Holds it when it runs, and isn't configured yet.
    pub(super) async fn hold_before_configuration(&self) -> File {
        let file = self.process_file();
        self.hold_when("the instance to run", move || file.exists()).await
    }

    /// Holds it between two steps, as soon as this is so. It waits for the lock of the step that makes it so, and has it
    /// before the next step asks: who looks first and takes the lock then may come too late.
    async fn hold_when(&self, what: &'static str, is_so: impl Fn() -> bool) -> File {
        let path = self.lock.clone();
        let begun = Instant::now();
        loop {
            let path = path.clone();
            let locked = tokio::task::spawn_blocking(move || {
                let file = File::options().create(true).truncate(false).write(true).open(&path)?;
                file.lock().map(|()| file)
            });
            let file = locked.await.unwrap().unwrap();
            if is_so() {
                return file;
            }
            drop(file);
            assert!(begun.elapsed() < LIMIT, "{what}: nothing came of it");
        }
    }

    fn process_file(&self) -> PathBuf {
        self.folder.join("data/postmaster.pid")
    }
}
