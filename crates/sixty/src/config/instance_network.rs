//! How customers' instances are reached. On one machine the defaults do; a worker in a container of its own says here
//! by which name the server reaches it.

use std::ffi::OsString;
use std::net::IpAddr;

use clap::Args;

use super::CertificateArgs;

/// SIXTY_CUSTOMER_HOST, SIXTY_CUSTOMER_LISTEN and SIXTY_CUSTOMER_NETWORKS.
#[derive(Args, Debug, Clone)]
pub(crate) struct InstanceNetworkArgs {
    /// The host by which the server and customers' own clients reach the instances; their certificates name it.
    #[arg(long, env = "SIXTY_CUSTOMER_HOST", default_value = "localhost")]
    pub(crate) customer_host: String,
    /// The addresses that the instances listen on.
    #[arg(long, env = "SIXTY_CUSTOMER_LISTEN", default_value = "127.0.0.1,::1", value_delimiter = ',')]
    pub(crate) customer_listen: Vec<IpAddr>,
    /// The networks from which the customers' roles may connect.
    #[arg(
        long,
        env = "SIXTY_CUSTOMER_NETWORKS",
        default_value = "127.0.0.1/32,::1/128",
        value_delimiter = ','
    )]
    #[arg(value_parser = network)]
    pub(crate) customer_networks: Vec<String>,
    #[command(flatten)]
    pub(crate) certificates: CertificateArgs,
}

impl InstanceNetworkArgs {
    /// The variables that say the same, for a process that this one starts.
    pub(crate) fn variables(&self) -> Vec<(&'static str, OsString)> {
        let listen: Vec<_> = self.customer_listen.iter().map(ToString::to_string).collect();
        vec![
            ("SIXTY_CUSTOMER_HOST", self.customer_host.clone().into()),
            ("SIXTY_CUSTOMER_LISTEN", listen.join(",").into()),
            ("SIXTY_CUSTOMER_NETWORKS", self.customer_networks.join(",").into()),
            self.certificates.variable(),
        ]
    }
}

/// An address and the number of its bits that count, as pg_hba.conf takes it.
fn network(text: &str) -> Result<String, String> {
    let wrong = || format!("{text:?} is not a network such as 10.0.0.0/8");
    let (address, bits) = text.split_once('/').ok_or_else(wrong)?;
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let bits: u8 = bits.parse().map_err(|_| wrong())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    if bits > most {
        return Err(wrong());
    }
    Ok(format!("{address}/{bits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_and_a_number_of_bits() {
        assert_eq!(network("10.0.0.0/8"), Ok("10.0.0.0/8".to_owned()));
        assert_eq!(network("::1/128"), Ok("::1/128".to_owned()));
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "::1/129", "all/0", "10.0.0.0/8\ntrust"] {
            assert!(network(bad).is_err(), "{bad:?}");
        }
    }
}
