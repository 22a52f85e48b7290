//! Passwords of database roles.

use secrecy::SecretString;

use crate::random;

/// A new password of 190 random bits, letters and digits only, so that it needs no escaping in a URL.
#[must_use]
pub fn generate() -> SecretString {
    SecretString::from(random::base62(32))
}
