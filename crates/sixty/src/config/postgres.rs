//! Which PostgreSQL runs the instances on this machine, and as whom.

use std::path::PathBuf;

use clap::Args;

use super::PortRange;
use super::instance_network::InstanceNetworkArgs;

/// SIXTY_PG_BIN, SIXTY_PG_USER and SIXTY_CUSTOMER_PORTS.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "PostgreSQL on this machine")]
pub(crate) struct PostgresArgs {
    /// The folder with `postgres` and `initdb`. Default: the newest installed PostgreSQL from 15 to 18, else one that
    /// is downloaded.
    #[arg(long, env = "SIXTY_PG_BIN")]
    pub(crate) pg_bin: Option<PathBuf>,
    /// As root: the operating system's user that runs PostgreSQL, which refuses to run as root.
    #[arg(long, env = "SIXTY_PG_USER")]
    pub(crate) pg_user: Option<String>,
    /// The ports for customers' instances; the lowest free one is taken.
    #[arg(long, env = "SIXTY_CUSTOMER_PORTS", default_value = "5434-5999")]
    pub(crate) customer_ports: PortRange,
    #[command(flatten)]
    pub(crate) network: InstanceNetworkArgs,
    /// Where programs are looked for.
    #[arg(long, env = "PATH", hide = true, default_value = "")]
    path: std::ffi::OsString,
}

impl PostgresArgs {
    /// The folders in which programs are looked for.
    pub(crate) fn search_path(&self) -> Vec<PathBuf> {
        std::env::split_paths(&self.path).collect()
    }

    /// A program by name, in the folders where programs are looked for.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        self.search_path().into_iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    }
}
