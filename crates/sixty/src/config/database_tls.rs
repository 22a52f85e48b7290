//! Whether the way to a database is encrypted: on this machine as it is asked for, beyond it always, unless the network is said to
//! be nobody else's.

use std::net::IpAddr;
use std::path::Path;

use anyhow::Context as _;
use secrets::{ExposeSecret, SecretString};
use tokio_postgres::config::Host;

/// How the way to a database is protected.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatabaseTls {
    /// Encrypted, and the certificate is checked: its authority and the host's name.
    VerifyFull,
    /// In the clear, on this machine only.
    Plain,
    /// In the clear to another machine: for containers of one host, on a network of their own.
    PlainOnNetwork,
}

/// Whether the connection must be encrypted. `of` is what the database's variables begin with, such as `ADMIN_DB`.
///
/// # Errors
/// When the password and everything else would go in the clear to another machine.
pub(super) fn needs_tls(of: &str, asked: Option<DatabaseTls>, is_local: bool) -> anyhow::Result<bool> {
    match asked {
        Some(DatabaseTls::VerifyFull) => Ok(true),
        None => Ok(!is_local),
        Some(DatabaseTls::PlainOnNetwork) => Ok(false),
        Some(DatabaseTls::Plain) if is_local => Ok(false),
        Some(DatabaseTls::Plain) => anyhow::bail!(
            "{of}_TLS=plain would send the password and everything else in the clear to another machine: it is only for \
             a database on this one. Set {of}_TLS=verify-full, and {of}_CA_FILE if its authority is your own"
        ),
    }
}

/// What a URL says.
///
/// # Errors
/// When it can't be understood, or sends the connection to another address than its host's.
pub(super) fn parsed(variable: &str, url: &SecretString) -> anyhow::Result<tokio_postgres::Config> {
    // The parser's error repeats parts of the URL, and with them perhaps the password: it is not kept.
    let config: tokio_postgres::Config = url.expose_secret().parse().map_err(|_| {
        anyhow::anyhow!("{variable} is not of the form postgresql://user:password@host:port/database")
    })?;
    anyhow::ensure!(
        config.get_hostaddrs().iter().all(IpAddr::is_loopback),
        "{variable}: hostaddr is only for this machine; write the host's name, which its certificate has"
    );
    Ok(config)
}

/// The authority that must have signed the database's certificate, PEM.
///
/// # Errors
/// When the file can't be read.
pub(super) fn read_authority(of: &str, path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{of}_CA_FILE: {} can't be read", path.display()))
}

/// By its name alone: what a name is resolved to may change between the look and the connection.
pub(super) fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    }
}
