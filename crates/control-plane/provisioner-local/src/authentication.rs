//! Who may connect to a customer's instance, and how.

use std::path::Path;

use postgres_server::{OsUser, ServerError, folders};

/// The names of the three roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleNames {
    pub(crate) owner: String,
    pub(crate) app: String,
    pub(crate) readonly: String,
}

impl RoleNames {
    /// What the roles of a database are called.
    pub(crate) fn of_database(database: &str) -> Self {
        let name = |suffix: &str| format!("{database}_{suffix}");
        Self { owner: name("owner"), app: name("app"), readonly: name("readonly") }
    }

    /// What they are called in the template.
    pub(crate) fn of_template() -> Self {
        Self::of_database("sixty")
    }

    pub(crate) fn all(&self) -> [&str; 3] {
        [&self.owner, &self.app, &self.readonly]
    }
}

/// `pg_hba.conf`: the superuser over the Unix socket, by the operating-system user; the three roles over TCP, to their
/// own database, with TLS and a password. Nobody else, nothing else.
pub(crate) fn rules(database: &str, roles: &RoleNames, networks: &[String]) -> String {
    let mut text = format!("local all {} peer map=sixty\n", postgres_server::SUPERUSER);
    let roles = roles.all().map(|role| format!("\"{role}\"")).join(",");
    for network in networks {
        text.push_str(&format!("hostssl \"{database}\" {roles} {network} scram-sha-256\n"));
    }
    text
}

/// Writes `pg_hba.conf` and `pg_ident.conf`. Says whether that changed anything.
pub(crate) fn write(data_dir: &Path, rules: &str, user: &OsUser) -> Result<bool, ServerError> {
    let mut has_changed = false;
    for (name, text) in [("pg_hba.conf", rules), ("pg_ident.conf", user.ident_map().as_str())] {
        let path = data_dir.join(name);
        if std::fs::read_to_string(&path).is_ok_and(|current| current == text) {
            continue;
        }
        folders::write_server_file(&path, text, user)?;
        has_changed = true;
    }
    Ok(has_changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_three_roles_come_in_over_tls_and_only_to_their_database() {
        let networks = ["127.0.0.1/32".to_owned(), "::1/128".to_owned()];
        let text = rules("customer_a-b", &RoleNames::of_database("customer_a-b"), &networks);
        let roles = "\"customer_a-b_owner\",\"customer_a-b_app\",\"customer_a-b_readonly\"";
        assert_eq!(
            text,
            format!(
                "local all postgres peer map=sixty\n\
                 hostssl \"customer_a-b\" {roles} 127.0.0.1/32 scram-sha-256\n\
                 hostssl \"customer_a-b\" {roles} ::1/128 scram-sha-256\n"
            )
        );
    }
}
