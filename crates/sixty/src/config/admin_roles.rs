//! The roles of the server and the worker in the admin database, for whoever makes them: `sixty migrate`, `sixty dev`.

use clap::Args;
use schema::AdminRoles;
use secrets::SecretString;

use super::{AdminDatabaseArgs, StoreArgs};

/// ADMIN_DB_SERVER_USER and ADMIN_DB_WORKER_USER, with their passwords.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Roles of the admin database")]
pub(crate) struct AdminRoleArgs {
    /// The role that `sixty serve` comes in with: it can't change the schema, the audit log or usage.
    #[arg(long, env = "ADMIN_DB_SERVER_USER", default_value = "sixty_server")]
    admin_db_server_user: String,
    /// The password that it is to have. Only for making the role.
    #[arg(long, env = "ADMIN_DB_SERVER_PASSWORD", hide_env_values = true)]
    admin_db_server_password: Option<SecretString>,
    /// The role that `sixty worker` comes in with.
    #[arg(long, env = "ADMIN_DB_WORKER_USER", default_value = "sixty_worker")]
    admin_db_worker_user: String,
    /// The password that it is to have. Only for making the role.
    #[arg(long, env = "ADMIN_DB_WORKER_PASSWORD", hide_env_values = true)]
    admin_db_worker_password: Option<SecretString>,
}

/// A role and its password.
#[derive(Debug, Clone)]
pub(crate) struct RoleLogin {
    pub(crate) role: String,
    pub(crate) password: SecretString,
}

impl AdminRoleArgs {
    /// Their names.
    pub(crate) fn names(&self) -> AdminRoles {
        AdminRoles { server: self.admin_db_server_user.clone(), worker: self.admin_db_worker_user.clone() }
    }

    /// The password that a role is to have; `None` when none was given.
    pub(crate) fn password_of(&self, role: &str) -> Option<&SecretString> {
        if role == self.admin_db_server_user {
            self.admin_db_server_password.as_ref()
        } else {
            self.admin_db_worker_password.as_ref()
        }
    }

    /// The same with what a store holds in the place of its name.
    pub(crate) async fn resolved(&self, stores: &StoreArgs) -> anyhow::Result<Self> {
        let mut resolved = self.clone();
        for (name, value) in [
            ("ADMIN_DB_SERVER_PASSWORD", &mut resolved.admin_db_server_password),
            ("ADMIN_DB_WORKER_PASSWORD", &mut resolved.admin_db_worker_password),
        ] {
            if let Some(reference) = value.take() {
                *value = Some(stores.resolve(name, reference).await?);
            }
        }
        Ok(resolved)
    }

    /// The same with a password for each. Those that weren't given are made up: whoever starts the server and the worker
    /// tells them, and nobody keeps them.
    pub(crate) fn with_passwords(&self) -> Self {
        let made_up = || Some(secrets::password::generate());
        let mut complete = self.clone();
        complete.admin_db_server_password = complete.admin_db_server_password.or_else(made_up);
        complete.admin_db_worker_password = complete.admin_db_worker_password.or_else(made_up);
        complete
    }

    /// Both with their passwords, as far as they have one.
    pub(crate) fn logins(&self) -> Vec<RoleLogin> {
        let AdminRoles { server, worker } = self.names();
        [server, worker]
            .into_iter()
            .filter_map(|role| {
                let password = self.password_of(&role)?.clone();
                Some(RoleLogin { role, password })
            })
            .collect()
    }

    /// How the server comes into the database that `owner` is of.
    pub(crate) fn server_of(&self, owner: &AdminDatabaseArgs) -> AdminDatabaseArgs {
        self.login_of(owner, &self.admin_db_server_user)
    }

    /// How the worker comes into the database that `owner` is of.
    pub(crate) fn worker_of(&self, owner: &AdminDatabaseArgs) -> AdminDatabaseArgs {
        self.login_of(owner, &self.admin_db_worker_user)
    }

    fn login_of(&self, owner: &AdminDatabaseArgs, role: &str) -> AdminDatabaseArgs {
        let password = self.password_of(role).cloned().unwrap_or_else(|| SecretString::from(""));
        owner.with_login(role, password)
    }
}
