//! From the template's names to the customer's, and the proof that it worked.

use postgres_protocol::password::scram_sha_256;
use postgres_server::{ServerError, connect};
use provisioning::{BackendError, DatabaseRoles, InstanceFacts, InstanceSpec, RoleCredential};
use schema::{MigrationSet, quote_identifier};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Client;

use crate::authentication::{self, RoleNames};
use crate::errors::backend_error;
use crate::layout::InstanceFolder;
use crate::provisioner::LocalProvisioner;
use crate::template;

/// How long new rules may take to reach the server.
const RELOAD_LIMIT: std::time::Duration = std::time::Duration::from_secs(5);

/// Only the last commit is waited for on the disk: it takes all those before it along.
const NOT_FLUSHED: &str = "set synchronous_commit = off";
const FLUSHED: &str = "set synchronous_commit = on";

/// What PostgreSQL keeps of the three passwords. Made here: the passwords in the clear are in no statement, and so in
/// no log.
struct Verifiers {
    owner: String,
    app: String,
    readonly: String,
}

impl LocalProvisioner {
    /// The order matters: the reading role can log in only after everything else is done, and that is how an
    /// interrupted run is told from a complete one.
    pub(crate) async fn configure_locked(
        &self,
        spec: &InstanceSpec,
        roles: &DatabaseRoles,
        folder: &InstanceFolder,
    ) -> Result<InstanceFacts, BackendError> {
        let names = RoleNames {
            owner: roles.owner.name.clone(),
            app: roles.app.name.clone(),
            readonly: roles.readonly.name.clone(),
        };
        let (superuser, verifiers) = tokio::join!(self.superuser(spec.port), verifiers(roles));
        let (superuser, verifiers) = (superuser?, verifiers?);
        self.apply_rules(&superuser, spec, &names, folder).await?;
        let found = find(&superuser).await?;
        let is_fresh = found.has_database(template::DATABASE);
        let mut first = renames(&found, spec, &names)?;
        first.push_str(&let_in(&names.owner, &verifiers.owner));
        first.push_str(&let_in(&names.app, &verifiers.app));
        run(&superuser, NOT_FLUSHED).await?;
        run(&superuser, &first).await?;
        // A customer's rows are about to be written.
        self.finish_flushing(spec.instance, folder.path()).await?;
        let schema_version = if is_fresh {
            tokio::try_join!(self.bring_up_to_date(spec, roles, true), self.prove(spec, &roles.app))?.0
        } else {
            let version = self.bring_up_to_date(spec, roles, false).await?;
            self.prove(spec, &roles.app).await?;
            version
        };
        run(&superuser, FLUSHED).await?;
        run(&superuser, &let_in(&names.readonly, &verifiers.readonly)).await?;
        Ok(InstanceFacts {
            host: self.host.clone(),
            port: spec.port,
            system_identifier: found.system_identifier,
            postgres_version: found.postgres_version,
            ca_certificate: self.authority.trusted().map_err(backend_error)?,
            schema_version,
        })
    }

    /// The rules were written as the instance was made; this is for an older instance, or other names.
    async fn apply_rules(
        &self,
        superuser: &Client,
        spec: &InstanceSpec,
        names: &RoleNames,
        folder: &InstanceFolder,
    ) -> Result<(), BackendError> {
        let rules = self.authentication_rules(spec, names);
        if authentication::write(&folder.data(), &rules, &self.user).map_err(backend_error)? {
            run(superuser, "select pg_catalog.pg_reload_conf()").await?;
        }
        Ok(())
    }

    /// As the owner, with the owner's password and nothing more: triggers and functions that the customer has made
    /// run with the rights of whoever sets them off.
    async fn bring_up_to_date(
        &self,
        spec: &InstanceSpec,
        roles: &DatabaseRoles,
        is_fresh: bool,
    ) -> Result<i32, BackendError> {
        let set = MigrationSet::customer();
        let mut owner = self.connect(spec, &roles.owner).await?;
        run(&owner, NOT_FLUSHED).await?;
        // The template of this binary has this binary's schema and rights.
        if !(is_fresh && schema::schema_version(&owner, set).await.map_err(refused)? == set.latest()) {
            schema::migrate(&mut owner, set)
                .await
                .map_err(|error| BackendError::Temporary(error.to_string()))?;
            run(&owner, &schema::customer_grants(&roles.owner.name, &roles.app.name, &roles.readonly.name))
                .await?;
        }
        owner
            .execute(
                "select sixty_ensure_first_organization($1, $2)",
                &[&spec.organization_name, &spec.timezone],
            )
            .await
            .map_err(refused)?;
        Ok(set.latest())
    }

    /// As the app role: over TCP and TLS, with the password, with no more rights than it should have.
    async fn prove(&self, spec: &InstanceSpec, app: &RoleCredential) -> Result<(), BackendError> {
        let client = self.connect(spec, app).await?;
        let faults = client.query(schema::ISOLATION_CHECK, &[]).await.map_err(refused)?;
        if let Some(fault) = faults.first() {
            let fault: String = fault.get(0);
            return Err(BackendError::Permanent(format!("the database isn't isolated: {fault}")));
        }
        Ok(())
    }

    /// Tries again while new rules are on their way to the server.
    async fn connect(&self, spec: &InstanceSpec, role: &RoleCredential) -> Result<Client, BackendError> {
        let login = connect::RoleLogin {
            host: &self.host,
            port: spec.port,
            database: &spec.database,
            role: &role.name,
            password: &role.password,
        };
        let trusted = self.authority.trusted().map_err(backend_error)?;
        let begun = std::time::Instant::now();
        loop {
            match connect::over_tls(&login, &trusted).await {
                Err(ServerError::Database(error))
                    if error.code()
                        == Some(&tokio_postgres::error::SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
                        && begun.elapsed() < RELOAD_LIMIT =>
                {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
                outcome => return outcome.map_err(backend_error),
            }
        }
    }
}

/// Each takes 4,096 rounds of hashing, so off the threads that serve others, and all at once.
async fn verifiers(roles: &DatabaseRoles) -> Result<Verifiers, BackendError> {
    let hash = |password: &SecretString| {
        let password = password.clone();
        LocalProvisioner::blocking(move || Ok(scram_sha_256(password.expose_secret().as_bytes())))
    };
    let (owner, app, readonly) = tokio::try_join!(
        hash(&roles.owner.password),
        hash(&roles.app.password),
        hash(&roles.readonly.password)
    )?;
    Ok(Verifiers { owner, app, readonly })
}

/// What an instance says of itself.
struct Found {
    system_identifier: u64,
    postgres_version: String,
    databases: Vec<String>,
    roles: Vec<String>,
}

impl Found {
    fn has_database(&self, name: &str) -> bool {
        self.databases.iter().any(|database| database == name)
    }

    fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role == name)
    }
}

async fn find(superuser: &Client) -> Result<Found, BackendError> {
    let row = superuser
        .query_one(
            "select system_identifier, pg_catalog.current_setting('server_version'),
                (select coalesce(array_agg(datname::text), '{}') from pg_catalog.pg_database),
                (select coalesce(array_agg(rolname::text), '{}') from pg_catalog.pg_roles)
             from pg_catalog.pg_control_system()",
            &[],
        )
        .await
        .map_err(refused)?;
    let version: String = row.get(1);
    Ok(Found {
        system_identifier: row.get::<_, i64>(0).cast_unsigned(),
        // Debian adds its own version behind a space.
        postgres_version: version.split_whitespace().next().unwrap_or_default().to_owned(),
        databases: row.get(2),
        roles: row.get(3),
    })
}

/// The statements that give the database and the roles the customer's names, where they still have the template's.
fn renames(found: &Found, spec: &InstanceSpec, names: &RoleNames) -> Result<String, BackendError> {
    let missing = |what: &str, name: &str| {
        BackendError::Permanent(format!("the instance has neither the {what} {name} nor the template's"))
    };
    let mut statements = String::new();
    for (template, own) in RoleNames::of_template().all().into_iter().zip(names.all()) {
        if found.has_role(template) {
            statements.push_str(&format!("alter role {template} rename to {};", quote_identifier(own)));
        } else if !found.has_role(own) {
            return Err(missing("role", own));
        }
    }
    if found.has_database(template::DATABASE) {
        let own = quote_identifier(&spec.database);
        statements.push_str(&format!("alter database {} rename to {own};", template::DATABASE));
    } else if !found.has_database(&spec.database) {
        return Err(missing("database", &spec.database));
    }
    Ok(statements)
}

/// The statement that lets a role log in, and takes from it what it should never have had.
fn let_in(role: &str, verifier: &str) -> String {
    format!(
        "alter role {} with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password '{verifier}';",
        quote_identifier(role)
    )
}

/// Several statements in one message are one transaction.
async fn run(client: &Client, statements: &str) -> Result<(), BackendError> {
    client.batch_execute(statements).await.map_err(refused)
}

fn refused(error: tokio_postgres::Error) -> BackendError {
    backend_error(ServerError::Database(error))
}
