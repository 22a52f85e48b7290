//! The rights of a customer's three roles, and the proof that a connection has no more than its own.

/// What the owner runs after every migration, with places for the roles' names.
const GRANTS: &str = include_str!("../../../../migrations/customer/grants.sql");

/// Returns one row, a sentence, for each way in which the current role could see or change more than it should: what
/// it is, what it owns, whom it can become, and tables, views and functions that don't hold the wall between
/// organizations. No row means that the connection is safe to serve the app's or the reporting role's statements.
///
/// A role can't change what is checked here about itself, so once per connection is enough.
pub const ISOLATION_CHECK: &str = include_str!("isolation_check.sql");

/// The statements that give a customer's roles their rights: run them in the customer's database, as the owner, after
/// every migration. Safe to run again.
#[must_use]
pub fn customer_grants(owner: &str, app: &str, readonly: &str) -> String {
    GRANTS
        .replace(":\"owner\"", &quote_identifier(owner))
        .replace(":\"app\"", &quote_identifier(app))
        .replace(":\"readonly\"", &quote_identifier(readonly))
}

/// A name as SQL takes it, whatever it contains. A dollar sign is written as its code, so that no name can end the
/// dollar-quoted blocks of the statements.
#[must_use]
pub fn quote_identifier(name: &str) -> String {
    let quoted = name.replace('"', "\"\"");
    if name.contains('$') {
        format!("U&\"{}\"", quoted.replace('\\', "\\\\").replace('$', "\\0024"))
    } else {
        format!("\"{quoted}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_whatever_they_contain() {
        assert_eq!(quote_identifier("customer_acme-2_app"), "\"customer_acme-2_app\"");
        assert_eq!(quote_identifier("a\"; drop table deals; --"), "\"a\"\"; drop table deals; --\"");
        assert_eq!(quote_identifier("a\\$$"), "U&\"a\\\\\\0024\\0024\"");
    }

    #[test]
    fn every_place_is_filled() {
        let sql = customer_grants("o", "a", "r");
        assert!(!sql.contains(":\""), "{sql}");
        assert!(sql.contains("grant usage on schema public to \"a\", \"r\";"));
    }
}
