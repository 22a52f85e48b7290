//! Free ports.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Mutex;

use uuid::Uuid;

/// Below the range from which systems take the ports of outgoing connections, so that none of those takes ours
/// between the look and the use.
const FIRST: u16 = 15_000;
const COUNT: u16 = 15_000;

static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port on which nobody listens, on `127.0.0.1` and `::1`. The same test program never gets it twice.
#[must_use]
pub fn free_port() -> u16 {
    let mut given = GIVEN.lock().expect("no test panics while it holds the lock");
    let given = given.get_or_insert_default();
    loop {
        let [high, low, ..] = *Uuid::new_v4().as_bytes();
        let port = FIRST + u16::from_be_bytes([high, low]) % COUNT;
        let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        if addresses.into_iter().all(|address| postgres_server::is_port_free(address, port))
            && given.insert(port)
        {
            return port;
        }
    }
}
