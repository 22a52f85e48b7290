//! Where a request comes from. Anybody can write a forwarded header, so it counts only when it comes from a proxy of
//! ours, and of what it says only what proxies of ours have added.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of whoever made the request, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

/// The networks of the proxies in front of us. Nobody's headers count when there are none.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// The proxies in these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Where a request comes from: the peer, or, when that is a proxy of ours, the last address in `X-Forwarded-For`
    /// that isn't one. What stands before that address was written by somebody we don't know.
    #[must_use]
    pub fn client_address(&self, extensions: &Extensions, headers: &HeaderMap) -> ClientAddress {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
        ClientAddress(peer.map(|peer| self.behind(peer, headers)))
    }

    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if self.0.is_empty() || !self.trusts(peer) {
            return peer;
        }
        let mut nearest = peer;
        for value in headers.get_all(FORWARDED_FOR).iter().rev() {
            // By its bytes: what somebody wrote before our proxy's entry needs not be text, and must not hide that one.
            for entry in value.as_bytes().rsplit(|byte| *byte == b',') {
                // A proxy that writes what is no address is not understood: its own address is the best we know.
                let Some(address) = parsed(entry) else { return nearest };
                nearest = address;
                if !self.trusts(address) {
                    return address;
                }
            }
        }
        nearest
    }
}

/// An address, with or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn parsed(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    let address = entry
        .parse::<IpAddr>()
        .or_else(|_| entry.parse::<SocketAddr>().map(|address| address.ip()))
        .or_else(|_| entry.trim_start_matches('[').trim_end_matches(']').parse())
        .ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn seen(proxies: &[&str], peer: &str, forwarded: &[impl AsRef<[u8]>]) -> String {
        let proxies = TrustedProxies::new(proxies.iter().map(|network| network.parse().unwrap()).collect());
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(value.as_ref()).unwrap());
        }
        proxies.client_address(&extensions, &headers).0.unwrap().to_string()
    }

    #[test]
    fn a_stranger_who_writes_the_header_is_still_a_stranger() {
        assert_eq!(seen(&[], "198.51.100.7", &["10.0.0.1"]), "198.51.100.7");
        assert_eq!(seen(&["10.0.0.0/8"], "198.51.100.7", &["10.0.0.1"]), "198.51.100.7");
    }

    #[test]
    fn behind_proxies_the_last_stranger_counts_and_not_what_he_wrote_before() {
        let proxies = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(seen(&proxies, "10.0.0.1", &["192.0.2.9"]), "192.0.2.9");
        assert_eq!(seen(&proxies, "10.0.0.1", &["127.0.0.1, 192.0.2.9, 10.0.0.2"]), "192.0.2.9");
        assert_eq!(seen(&proxies, "10.0.0.1", &["127.0.0.1", "192.0.2.9", "10.0.0.2"]), "192.0.2.9");
        assert_eq!(seen(&proxies, "::ffff:10.0.0.1", &["192.0.2.9:4711"]), "192.0.2.9");
        assert_eq!(seen(&proxies, "fd00::1", &["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(seen(&proxies, "fd00::1", &["2001:db8::1"]), "2001:db8::1");
    }

    #[test]
    fn what_is_no_address_ends_the_search() {
        let proxies = ["10.0.0.0/8"];
        assert_eq!(seen(&proxies, "10.0.0.1", &["192.0.2.9, unknown"]), "10.0.0.1");
        assert_eq!(seen(&proxies, "10.0.0.1", &["192.0.2.9, _hidden, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(seen(&proxies, "10.0.0.1", &[""]), "10.0.0.1");
        assert_eq!(seen(&proxies, "10.0.0.1", &[""; 0]), "10.0.0.1");
    }

    #[test]
    fn what_is_no_text_hides_nothing_that_a_proxy_wrote_after_it() {
        let proxies = ["10.0.0.0/8"];
        assert_eq!(seen(&proxies, "10.0.0.1", &[b"\xff, 192.0.2.9"]), "192.0.2.9");
        assert_eq!(seen(&proxies, "10.0.0.1", &[b"10.0.0.9, \xc3\x28,192.0.2.9, 10.0.0.2"]), "192.0.2.9");
        assert_eq!(seen(&proxies, "10.0.0.1", &[&b"\xff"[..], b"192.0.2.9"]), "192.0.2.9");
        // Written by the proxy itself, it is no address.
        assert_eq!(seen(&proxies, "10.0.0.1", &[b"192.0.2.9, \xff"]), "10.0.0.1");
    }
}
