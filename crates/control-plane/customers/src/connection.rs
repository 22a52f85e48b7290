//! Showing an operator how to connect to a customer's database. The password is opened for this one answer, and
//! the audit log says who asked for which role.

use catalog::audit::AuditEntry;
use catalog::{CatalogError, audit, credentials, customers, instances};
use domain::audit::AuditAction;
use provisioning::roles;
use secrets::SecretString;
use serde_json::json;

use crate::{Actor, ControlPlane, InvalidField, Right, UseCaseError, commit};

/// The roles that can be asked for.
pub const ROLES: [&str; 3] = ["owner", "app", "readonly"];

/// Everything that a client needs to connect.
#[derive(Debug)]
pub struct Connection {
    /// `owner`, `app` or `readonly`.
    pub role: String,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The role's name.
    pub user: String,
    /// The role's password.
    pub password: SecretString,
    /// The certificate authority of the instance's certificate, PEM.
    pub ca_certificate: Option<String>,
}

/// Opens a connection's password and notes it in the audit log, in one transaction.
///
/// # Errors
/// [`UseCaseError::Invalid`] for an unknown role, [`UseCaseError::NotFound`] for an unknown customer,
/// [`UseCaseError::Conflict`] for a customer whose database isn't ours to open.
pub async fn reveal(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    role: &str,
) -> Result<Connection, UseCaseError> {
    let permit = actor.permit(Right::CredentialsReveal)?;
    if !ROLES.contains(&role) {
        let message = format!("must be one of {}", ROLES.join(", "));
        return Err(UseCaseError::Invalid(vec![InvalidField { field: "role".to_owned(), message }]));
    }
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = customers::by_slug_or_id(&transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    let instance = instances::of_customer(&transaction, found.id).await?;
    let stored = credentials::of_customer(&transaction, found.id).await?;
    let credential = stored.into_iter().find(|credential| credential.role == role);
    let (Some(instance), Some(credential)) = (instance, credential) else {
        return Err(UseCaseError::Conflict(
            "This customer's database was not made by this platform.".to_owned(),
        ));
    };
    let password = roles::open(&transaction, &credential, control_plane.keys()).await?;
    let entry = AuditEntry {
        customer_id: Some(found.id),
        action: AuditAction::CredentialsRevealed,
        resource_type: "database_credential",
        resource_id: Some(credential.id.to_string()),
        old_values: None,
        new_values: Some(json!({ "role": role, "username": credential.username })),
    };
    audit::insert(&transaction, actor, &entry).await?;
    commit(transaction).await?;
    Ok(Connection {
        role: role.to_owned(),
        host: instance.host,
        port: instance.port,
        database: instance.database_name,
        user: credential.username,
        password,
        ca_certificate: instance.ca_certificate,
    })
}
