//! What runs of a stack.

use std::path::{Path, PathBuf};

use tokio::process::Child;

use crate::Stack;
use crate::processes::{self, Process};

impl Stack {
    /// The process of `sixty dev`.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn dev(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("sixty dev runs")
    }

    /// The server's process; none while it is being started again.
    #[must_use]
    pub fn server(&self) -> Option<u32> {
        self.child_called("serve")
    }

    /// The worker's process; none while it is being started again.
    #[must_use]
    pub fn worker(&self) -> Option<u32> {
        self.child_called("worker")
    }

    fn child_called(&self, name: &str) -> Option<u32> {
        let beginning = format!("{} {name}", self.program.path().display());
        let found = self.processes().into_iter().find(|process| process.command.starts_with(&beginning));
        found.map(|process| process.id)
    }

    /// The admin database's process.
    #[must_use]
    pub fn admin_database(&self) -> Option<u32> {
        processes::id_in(&self.path().join("admin-database/data/postmaster.pid"))
    }

    /// Redis's process.
    #[must_use]
    pub fn redis(&self) -> Option<u32> {
        processes::id_in(&self.path().join("redis/redis.pid"))
    }

    /// The folder of an instance.
    #[must_use]
    pub fn instance(&self, id: &str) -> PathBuf {
        self.path().join("instances").join(id)
    }

    /// An instance's process.
    #[must_use]
    pub fn instance_process(&self, id: &str) -> Option<u32> {
        processes::id_in(&self.instance(id).join("data/postmaster.pid"))
    }

    /// Everything that runs for this stack.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        processes::of_folder(self.home.path())
    }
}

/// Kills what runs of our program, until nothing is left of it.
pub(crate) fn kill_programs(program: &Path) {
    loop {
        let name = program.to_string_lossy();
        let ours: Vec<_> = processes::of_folder(program.parent().unwrap_or(program))
            .into_iter()
            .filter(|process| process.command.starts_with(&*name))
            .collect();
        if ours.is_empty() {
            return;
        }
        for process in ours {
            processes::kill(process.id);
        }
    }
}
