//! How often somebody may guess. Each guess is taken before anybody looks whether it is right, so that guesses which are
//! made at once don't all pass.
//!
//! Who guesses at an account slows its owner down too, for a quarter of an hour at most. That is the price of slowing
//! somebody who guesses from many networks; the owner's other sessions and tokens go on.

use std::net::IpAddr;

use catalog::{CatalogError, GenericClient, sign_in_guesses};
use secrets::token::sha256_hex;
use uuid::Uuid;

use crate::SignInError;

/// Guesses at one account that cost nothing.
const FREE_OF_ACCOUNT: i32 = 5;
/// Guesses from one network that cost nothing: many people may share it.
const FREE_OF_NETWORK: i32 = 20;

/// What is guessed at, or from where. Kept as a hash, also for accounts that don't exist.
pub(crate) struct Subject {
    hash: String,
    free: i32,
}

impl Subject {
    /// The password of an account, whether or not there is one.
    pub(crate) fn account(email: &str) -> Self {
        Self { hash: sha256_hex(&format!("account:{email}")), free: FREE_OF_ACCOUNT }
    }

    /// The second factor of an account.
    pub(crate) fn code(operator: Uuid) -> Self {
        Self { hash: sha256_hex(&format!("code:{operator}")), free: FREE_OF_ACCOUNT }
    }

    /// The network of a caller: what one household or office has.
    pub(crate) fn network(address: Option<IpAddr>) -> Self {
        Self { hash: sha256_hex(&format!("network:{}", network(address))), free: FREE_OF_NETWORK }
    }

    /// Takes one guess.
    pub(crate) async fn take(&self, client: &impl GenericClient) -> Result<(), SignInError> {
        match sign_in_guesses::take(client, &self.hash, self.free).await? {
            None => Ok(()),
            Some(wait) => Err(SignInError::TooManyGuesses(wait)),
        }
    }

    /// The guess was right: those at this account are forgotten.
    pub(crate) async fn forget(&self, client: &impl GenericClient) -> Result<(), CatalogError> {
        sign_in_guesses::forget(client, &self.hash).await
    }

    /// The guess was right: this one, from this network, doesn't count. The others do, or somebody with one account could
    /// guess at all others.
    pub(crate) async fn give_back(&self, client: &impl GenericClient) -> Result<(), CatalogError> {
        sign_in_guesses::give_back(client, &self.hash).await
    }
}

fn network(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_of_the_old_kind_and_64_bits_of_the_new() {
        let of = |text: &str| network(Some(text.parse().unwrap()));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    }
}
