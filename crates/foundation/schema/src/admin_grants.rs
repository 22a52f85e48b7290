//! The rights of the two roles that work with the admin database. Its owner, who migrates it, gives them.

use tokio_postgres::Client;

use crate::migrator::LOCK;
use crate::quote_identifier;

/// What the owner runs after every migration, with places for the roles' names.
const GRANTS: &str = include_str!("../../../../migrations/admin/grants.sql");

/// The names of the roles of the admin database, beside its owner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminRoles {
    /// The one of `sixty serve`.
    pub server: String,
    /// The one of `sixty worker`.
    pub worker: String,
}

impl Default for AdminRoles {
    fn default() -> Self {
        Self { server: "sixty_server".to_owned(), worker: "sixty_worker".to_owned() }
    }
}

impl AdminRoles {
    /// The statements that give the roles their rights, and take every other right away. For the owner, after every
    /// migration, in one transaction.
    #[must_use]
    pub fn grants(&self) -> String {
        let Self { server, worker } = self;
        GRANTS
            .replace(":\"server\"", &quote_identifier(server))
            .replace(":\"worker\"", &quote_identifier(worker))
            .replace(":'server'", &quote_literal(server))
            .replace(":'worker'", &quote_literal(worker))
    }

    /// Those of the two that the cluster doesn't know.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn missing(&self, client: &Client) -> Result<Vec<String>, tokio_postgres::Error> {
        let mut missing = Vec::new();
        for role in [&self.server, &self.worker] {
            if client.query_opt("select from pg_roles where rolname = $1", &[role]).await?.is_none() {
                missing.push(role.clone());
            }
        }
        Ok(missing)
    }

    /// Gives the roles their rights, as the owner. Several may do it at once: they queue where migrators do, since two
    /// that change the rights of one table at the same moment would fail.
    ///
    /// # Errors
    /// When a role isn't there, or whoever asks doesn't own the tables.
    pub async fn grant(&self, client: &mut Client) -> Result<(), tokio_postgres::Error> {
        let transaction = client.transaction().await?;
        transaction.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await?;
        transaction.batch_execute(&self.grants()).await?;
        transaction.commit().await
    }
}

/// A text as SQL takes it inside a dollar-quoted block, whatever it contains.
fn quote_literal(text: &str) -> String {
    let mut quoted = String::from("U&'");
    for character in text.chars() {
        match character {
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            '$' => quoted.push_str("\\0024"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled_whatever_the_name() {
        let roles = AdminRoles { server: "ser'ver".to_owned(), worker: "$$; drop table x; --".to_owned() };
        let sql = roles.grants();
        assert!(!sql.contains(":\"") && !sql.contains(":'"), "{sql}");
        assert!(sql.contains("U&'ser''ver'"), "{sql}");
        assert_eq!(sql.matches("$$").count(), 2, "{sql}");
    }
}
