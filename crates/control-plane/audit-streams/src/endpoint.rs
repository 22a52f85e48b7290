//! Where a stream goes.

use std::str::FromStr;

use object_storage::BucketAddress;
use url::{Host, Url};

/// The port of syslog over TLS.
const SYSLOG_TLS: u16 = 6514;
/// The port of syslog without.
const SYSLOG: u16 = 514;

/// Where a stream goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// JSON lines are posted there, signed.
    Https(Url),
    /// JSON lines become objects there.
    Bucket(BucketAddress),
    /// Messages of RFC 5424 are sent there over TCP.
    Syslog {
        /// Whom to ask.
        host: String,
        /// Where.
        port: u16,
        /// Whether it is encrypted, and the certificate verified.
        is_encrypted: bool,
    },
}

/// A text that names no endpoint a stream can go to. Says why, and what would be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadEndpoint(String);

impl Endpoint {
    /// Whether deliveries are signed and may carry an Authorization header.
    #[must_use]
    pub fn is_http(&self) -> bool {
        matches!(self, Self::Https(_))
    }

    /// Whether the certificate of the other side can be said to be another authority's.
    #[must_use]
    pub fn may_have_authority(&self) -> bool {
        match self {
            Self::Https(url) => url.scheme() == "https",
            Self::Syslog { is_encrypted, .. } => *is_encrypted,
            Self::Bucket(_) => false,
        }
    }
}

impl FromStr for Endpoint {
    type Err = BadEndpoint;

    fn from_str(text: &str) -> Result<Self, BadEndpoint> {
        let bad = |reason: &str| Err(BadEndpoint(reason.to_owned()));
        if text.starts_with("s3://") {
            return text
                .parse()
                .map(Self::Bucket)
                .map_err(|error: object_storage::BadAddress| BadEndpoint(error.to_string()));
        }
        let Ok(url) = Url::parse(text) else {
            return bad("must be https://HOST/PATH, s3://BUCKET/FOLDER or syslog+tls://HOST:PORT");
        };
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return bad(
                "must have no user, password, query or fragment: a secret belongs into authorization",
            );
        }
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return bad("must name a host");
        };
        let is_here = is_loopback(&url);
        match url.scheme() {
            "https" => Ok(Self::Https(url)),
            "http" if is_here => Ok(Self::Https(url)),
            "syslog+tls" | "syslog+tcp" if !matches!(url.path(), "" | "/") => bad("must have no path"),
            "syslog+tls" => Ok(Self::Syslog {
                host: host.to_owned(),
                port: url.port().unwrap_or(SYSLOG_TLS),
                is_encrypted: true,
            }),
            "syslog+tcp" if is_here => Ok(Self::Syslog {
                host: host.to_owned(),
                port: url.port().unwrap_or(SYSLOG),
                is_encrypted: false,
            }),
            "http" => bad("must be https: http is for this machine alone"),
            "syslog+tcp" => bad("must be syslog+tls: syslog+tcp is for this machine alone"),
            _ => bad("must be https://HOST/PATH, s3://BUCKET/FOLDER or syslog+tls://HOST:PORT"),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        // Of schemes that it doesn't know, the parser leaves an address a name.
        Some(Host::Domain(name)) => {
            name == "localhost"
                || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_encrypted_unless_it_is_here() {
        let syslog =
            |host: &str, port, is_encrypted| Endpoint::Syslog { host: host.to_owned(), port, is_encrypted };
        for (text, endpoint) in [
            ("syslog+tls://logs.example.org", syslog("logs.example.org", 6514, true)),
            ("syslog+tls://10.1.2.3:1514/", syslog("10.1.2.3", 1514, true)),
            ("syslog+tcp://127.0.0.1:5514", syslog("127.0.0.1", 5514, false)),
            ("syslog+tcp://localhost", syslog("localhost", 514, false)),
            ("syslog+tcp://[::1]:9", syslog("[::1]", 9, false)),
            ("s3://audit/sixty", Endpoint::Bucket("s3://audit/sixty".parse().unwrap())),
            ("https://siem.example.org/in", Endpoint::Https("https://siem.example.org/in".parse().unwrap())),
            ("http://127.0.0.1:9/in", Endpoint::Https("http://127.0.0.1:9/in".parse().unwrap())),
        ] {
            assert_eq!(text.parse(), Ok(endpoint), "{text}");
        }
        for text in [
            "",
            "siem",
            "/etc/passwd",
            "file:///etc/passwd",
            "ftp://siem.example.org",
            "http://siem.example.org/",
            "http://127.0.0.1.example.org/",
            "syslog+tcp://logs.example.org",
            "syslog+tcp://10.1.2.3",
            "syslog+tls://",
            "syslog+tls://logs.example.org/path",
            "https://user:password@siem.example.org/",
            "https://siem.example.org/?token=secret",
            "s3://Audit",
            "javascript:alert(1)",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }
}
