//! Networks from which an API key may be used.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::field::FieldCheck;

/// How many a key may name.
const MOST: usize = 100;

/// Checks the networks of a request. The same one given twice is kept once.
pub(crate) fn check_all(check: &mut FieldCheck, field: &str, given: &[String]) -> Vec<IpNet> {
    if given.len() > MOST {
        check.wrong(field, format!("must be at most {MOST} networks: name larger ranges"));
        return Vec::new();
    }
    let mut networks = Vec::with_capacity(given.len());
    for (position, text) in given.iter().enumerate() {
        let network = check.keep(&format!("{field}/{position}"), parse(text));
        networks.extend(network.filter(|network| !networks.contains(network)));
    }
    networks
}

/// An address, or a range such as `192.0.2.0/24` or `2001:db8::/32`. A bare address is a range of one.
fn parse(text: &str) -> Result<IpNet, String> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().map_err(|_| {
            "must be an IPv4 or IPv6 address, or a range such as 192.0.2.0/24 or 2001:db8::/32".to_owned()
        })?,
    };
    if network != network.trunc() {
        return Err(format!(
            "has bits set beyond its prefix: write {} for the range, or {} for the one address",
            network.trunc(),
            network.addr()
        ));
    }
    // An IPv4 caller is compared as one, however the socket shows it: such a range would match nobody.
    if let IpNet::V6(range) = network
        && let Some(address) = range.addr().to_ipv4_mapped()
    {
        let prefix = range.prefix_len().saturating_sub(96);
        return Err(format!("is an IPv4 range written as IPv6: write {address}/{prefix}"));
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ranges_of_both_kinds_are_networks() {
        for (text, network) in [
            ("192.0.2.7", "192.0.2.7/32"),
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("2001:DB8::/32", "2001:db8::/32"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), network);
        }
    }

    #[test]
    fn what_is_no_network_is_refused_and_the_right_range_is_told() {
        for text in [
            "",
            "acme",
            "192.0.2.0/33",
            "192.0.2",
            "192.0.2.0/-1",
            "fe80::1%eth0",
            "10.0.0.0/8 ",
            "1.2.3.4/",
            "::/129",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let told = parse("192.0.2.7/24").unwrap_err();
        assert!(told.contains("192.0.2.0/24") && told.contains("192.0.2.7 "), "{told}");
        assert!(parse("2001:db8::1/32").unwrap_err().contains("2001:db8::/32"));
        assert!(parse("::ffff:10.0.0.0/104").unwrap_err().contains("10.0.0.0/8"));
    }

    #[test]
    fn a_hundred_are_enough_and_twice_is_once() {
        let mut check = FieldCheck::default();
        let twice =
            check_all(&mut check, "allowed_networks", &["10.0.0.0/8".to_owned(), "10.0.0.0/8".to_owned()]);
        assert_eq!(twice.len(), 1);
        assert!(check.finish().is_ok());
        let mut check = FieldCheck::default();
        let many: Vec<_> = (0..=100).map(|number| format!("10.0.0.{number}")).collect();
        check_all(&mut check, "allowed_networks", &many);
        assert_eq!(check.finish().unwrap_err()[0].field, "allowed_networks");
        let mut check = FieldCheck::default();
        check_all(&mut check, "allowed_networks", &["10.0.0.0/8".to_owned(), "x".to_owned()]);
        assert_eq!(check.finish().unwrap_err()[0].field, "allowed_networks/1");
    }
}
