//! Whether a crash may write our memory, with the keys in it, to a disk.

use anyhow::Context as _;
use clap::Args;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// SIXTY_CORE_DUMPS.
#[derive(Args, Debug, Clone)]
pub(crate) struct CoreDumpArgs {
    /// Let a crash write a core dump. It has every key in it that the process holds.
    #[arg(long, env = "SIXTY_CORE_DUMPS", global = true, hide = true)]
    core_dumps: bool,
}

impl CoreDumpArgs {
    /// Forbids core dumps, and other processes of the same user to look into our memory. What we start inherits the limit.
    pub(crate) fn apply(&self) -> anyhow::Result<()> {
        if self.core_dumps {
            return Ok(());
        }
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
            .context("core dumps can't be forbidden")?;
        // Not everywhere can a process ask for this; the limit holds all the same.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        Ok(())
    }
}
