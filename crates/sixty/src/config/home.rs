//! Where the state on this machine is: instances, keys, logs.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use etcetera::base_strategy::{BaseStrategy as _, choose_native_strategy};

/// SIXTY_HOME.
#[derive(Args, Debug, Clone)]
pub(crate) struct HomeArgs {
    /// The folder for all state on this machine. Default: `sixty` in the user's data folder; for root /var/lib/sixty,
    /// because PostgreSQL runs as another user, who can't enter root's own folder.
    #[arg(long, env = "SIXTY_HOME", global = true)]
    sixty_home: Option<PathBuf>,
}

impl HomeArgs {
    pub(crate) fn path(&self) -> anyhow::Result<PathBuf> {
        let path = match &self.sixty_home {
            Some(path) => path.clone(),
            None if rustix::process::geteuid().is_root() => PathBuf::from("/var/lib/sixty"),
            None => choose_native_strategy()
                .context("no data folder is known for this user: set SIXTY_HOME")?
                .data_dir()
                .join("sixty"),
        };
        std::path::absolute(&path)
            .with_context(|| format!("SIXTY_HOME {} is not a usable path", path.display()))
    }
}
