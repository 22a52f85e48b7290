//! Whether the way to another program is encrypted. In the clear nothing goes unless somebody asked for it.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use tokio_postgres::config::{Host, SslMode};

/// How the way to another program is protected.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Encrypted, and the certificate is checked: its authority and the host's name.
    VerifyFull,
    /// In the clear, on this machine only.
    Plain,
    /// In the clear to another machine: for containers of one host, on a network of their own.
    PlainOnNetwork,
}

/// Where the other program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Behind a Unix socket, which nobody listens to.
    Socket,
    /// On this machine, over TCP.
    Here,
    /// On another machine, as far as the name says.
    Elsewhere,
}

/// What says how a way is protected.
pub(crate) struct Way<'a> {
    /// To whom it leads, for people.
    pub(crate) whom: &'static str,
    /// The variable that says so.
    pub(crate) variable: &'static str,
    /// The one with the file of an authority.
    pub(crate) ca_variable: &'static str,
    /// What the first one says.
    pub(crate) asked: Option<Encryption>,
    /// What the second one says.
    pub(crate) ca_file: Option<&'a PathBuf>,
}

impl Way<'_> {
    /// Whether the connection must be encrypted.
    ///
    /// # Errors
    /// When it would go in the clear to another machine, or nobody said what holds on this one.
    pub(crate) fn needs_tls(&self, place: Place) -> anyhow::Result<bool> {
        let Self { whom, variable, ca_variable, .. } = self;
        match self.asked.or(self.ca_file.is_some().then_some(Encryption::VerifyFull)) {
            Some(Encryption::VerifyFull) => Ok(true),
            Some(Encryption::PlainOnNetwork) => Ok(false),
            Some(Encryption::Plain) if place != Place::Elsewhere => Ok(false),
            Some(Encryption::Plain) => anyhow::bail!(
                "{variable}=plain would send the password and everything else in the clear to another machine: it is only for \
                 {whom} on this one. Set {variable}=verify-full, and {ca_variable} if its authority is your own"
            ),
            None => match place {
                Place::Socket => Ok(false),
                Place::Elsewhere => Ok(true),
                Place::Here => anyhow::bail!(
                    "{variable} doesn't say whether the way to {whom} on this machine is encrypted: set {variable}=plain to go \
                     in the clear, or {variable}=verify-full, with {ca_variable} if its authority is your own"
                ),
            },
        }
    }

    /// The authority, PEM, where one is named.
    ///
    /// # Errors
    /// When the file can't be read.
    pub(crate) fn authority(&self) -> anyhow::Result<Option<String>> {
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path)
                .with_context(|| format!("{}: {} can't be read", self.ca_variable, path.display()))
        };
        self.ca_file.map(read).transpose()
    }
}

impl Encryption {
    /// The variable's value.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::VerifyFull => "verify-full",
            Self::Plain => "plain",
            Self::PlainOnNetwork => "plain-on-network",
        }
    }
}

/// Where these hosts are: the farthest counts. By their names alone: what a name is resolved to may change between the look
/// and the connection.
pub(crate) fn place_of(hosts: &[Host]) -> Place {
    let place = |host: &Host| match host {
        Host::Unix(_) => Place::Socket,
        Host::Tcp(name) if is_this_machine(name) => Place::Here,
        Host::Tcp(_) => Place::Elsewhere,
    };
    let places: Vec<_> = hosts.iter().map(place).collect();
    [Place::Elsewhere, Place::Here].into_iter().find(|place| places.contains(place)).unwrap_or(Place::Socket)
}

/// What a URL of PostgreSQL asks for by itself: `sslmode=disable` is a word, and so is `sslmode=require`.
pub(crate) fn asked_by(mode: SslMode) -> Option<Encryption> {
    match mode {
        SslMode::Disable => Some(Encryption::Plain),
        SslMode::Require => Some(Encryption::VerifyFull),
        _ => None,
    }
}

/// By its name alone.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(asked: Option<Encryption>, ca_file: Option<&PathBuf>) -> Way<'_> {
        Way { whom: "the database", variable: "X_TLS", ca_variable: "X_CA_FILE", asked, ca_file }
    }

    #[test]
    fn nothing_goes_in_the_clear_unless_it_was_asked_for_and_stays_here() {
        use Encryption::{Plain, PlainOnNetwork, VerifyFull};
        for place in [Place::Socket, Place::Here, Place::Elsewhere] {
            assert!(way(Some(VerifyFull), None).needs_tls(place).unwrap());
            assert!(!way(Some(PlainOnNetwork), None).needs_tls(place).unwrap());
            let own = PathBuf::from("/ca.pem");
            assert!(way(None, Some(&own)).needs_tls(place).unwrap(), "an authority is for checking");
        }
        assert!(!way(Some(Plain), None).needs_tls(Place::Here).unwrap());
        assert!(!way(None, None).needs_tls(Place::Socket).unwrap());
        assert!(way(None, None).needs_tls(Place::Elsewhere).unwrap());
        let refused = way(Some(Plain), None).needs_tls(Place::Elsewhere).unwrap_err().to_string();
        assert!(refused.contains("X_TLS=verify-full"), "{refused}");
        let unsaid = way(None, None).needs_tls(Place::Here).unwrap_err().to_string();
        assert!(unsaid.contains("set X_TLS=plain") && unsaid.contains("X_CA_FILE"), "{unsaid}");
    }

    #[test]
    fn only_this_machine_is_here() {
        let place = |host: &str| {
            let config: tokio_postgres::Config = format!("postgresql://a:b@{host}/c").parse().unwrap();
            place_of(config.get_hosts())
        };
        for here in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "localhost,127.0.0.1"] {
            assert_eq!(place(here), Place::Here, "{here}");
        }
        assert_eq!(place("%2Frun%2Fpostgresql"), Place::Socket);
        for there in ["db.example", "10.0.0.1", "localhost.example", "0.0.0.0", "localhost,db.example"] {
            assert_eq!(place(there), Place::Elsewhere, "{there}");
        }
    }
}
