//! The name by which operators and programs call a customer: the `customerId` of `POST /api/provision`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A customer's short name, `^[a-z0-9_-]+$`, kept in `admin_customers.company_domain`.
///
/// At most [`CustomerSlug::MAX_LENGTH`] characters: PostgreSQL cuts names at 63 bytes, and the names of the
/// customer's database and roles are made of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CustomerSlug(String);

/// Why a text is not a customer's slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSlug {
    /// The text is empty.
    #[error("must not be empty: use 1 to 40 of a-z, 0-9, _ and -")]
    Empty,
    /// The text is longer than [`CustomerSlug::MAX_LENGTH`].
    #[error("must be at most 40 characters long")]
    TooLong,
    /// A character outside `a-z`, `0-9`, `_` and `-`.
    #[error("must match ^[a-z0-9_-]+$: only a-z, 0-9, _ and -")]
    BadCharacter,
    /// A name that means something else where customers are named.
    #[error(
        "is reserved: the dashboard has a page of this name where customers have theirs; choose another one"
    )]
    Reserved,
}

/// Names that no new customer gets: `/admin/customers/new` is the form in which customers are signed up. Who is called so
/// already stays.
const RESERVED: [&str; 1] = ["new"];

impl CustomerSlug {
    /// The longest slug, in characters.
    pub const MAX_LENGTH: usize = 40;

    /// Reads a slug, or says what is wrong with it.
    ///
    /// # Errors
    /// [`InvalidSlug`] names the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidSlug> {
        if text.is_empty() {
            return Err(InvalidSlug::Empty);
        }
        if !text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-')) {
            return Err(InvalidSlug::BadCharacter);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(InvalidSlug::TooLong);
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads the slug of a customer to be: as [`CustomerSlug::parse`], and not a reserved one.
    ///
    /// # Errors
    /// [`InvalidSlug`] names the rule that the text breaks.
    pub fn parse_new(text: &str) -> Result<Self, InvalidSlug> {
        if RESERVED.contains(&text) {
            return Err(InvalidSlug::Reserved);
        }
        Self::parse(text)
    }

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the customer's database. The prefix keeps a customer called `postgres` or `template1` from
    /// colliding with PostgreSQL's own databases.
    #[must_use]
    pub fn database_name(&self) -> String {
        format!("customer_{}", self.0)
    }
}

impl fmt::Display for CustomerSlug {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for CustomerSlug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for CustomerSlug {
    type Error = InvalidSlug;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<CustomerSlug> for String {
    fn from(slug: CustomerSlug) -> Self {
        slug.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_keeps_to_the_contract() {
        assert_eq!(CustomerSlug::parse("acme-corp_2").unwrap().as_str(), "acme-corp_2");
        assert_eq!(CustomerSlug::parse(""), Err(InvalidSlug::Empty));
        for bad in ["Acme", "a b", "a.b", "é", "a\n", "a\0"] {
            assert_eq!(CustomerSlug::parse(bad), Err(InvalidSlug::BadCharacter), "{bad:?}");
        }
        assert!(CustomerSlug::parse(&"a".repeat(40)).is_ok());
        assert_eq!(CustomerSlug::parse(&"a".repeat(41)), Err(InvalidSlug::TooLong));
    }

    #[test]
    fn a_reserved_name_is_kept_by_who_has_it_and_given_to_nobody() {
        assert_eq!(CustomerSlug::parse_new("new"), Err(InvalidSlug::Reserved));
        assert!(CustomerSlug::parse("new").is_ok() && CustomerSlug::parse_new("new-york").is_ok());
        assert_eq!(CustomerSlug::parse_new("New"), Err(InvalidSlug::BadCharacter));
    }

    #[test]
    fn names_made_of_the_longest_slug_fit_into_postgresql() {
        let slug = CustomerSlug::parse(&"a".repeat(CustomerSlug::MAX_LENGTH)).unwrap();
        assert!(format!("{}_readonly", slug.database_name()).len() <= 63);
    }
}
