//! The last step of every operation: one transaction in the catalog, which either shows the customer whole or
//! removes them, writes the audit row and ends the operation. A crash before its commit leaves the operation to be
//! taken up again; there is no moment at which half of it can be seen.

use catalog::audit::{self, Actor, AuditEntry};
use catalog::customers::DatabaseConnection;
use catalog::operations::{self, Operation};
use catalog::{GenericClient, credentials, customers, data_keys, instances};
use domain::audit::AuditAction;
use domain::customer::Lifecycle;
use domain::{CustomerId, OperationKind, OperationStatus};
use secrets::SealContext;
use serde_json::json;

use crate::engine::Engine;
use crate::error::StepError;
use crate::plan::Step;
use crate::roles;

/// Where the app role's password is sealed to in the customer's own row.
#[must_use]
pub fn customer_password_context(customer: CustomerId) -> SealContext<'static> {
    SealContext {
        table: "admin_customers",
        column: "database_password_encrypted",
        row: customer.uuid(),
        customer,
    }
}

impl Engine {
    /// Shows the customer.
    pub(crate) async fn activate(&self, operation: &Operation) -> Result<(), StepError> {
        let customer = operation.customer_id;
        let mut client = self.inner.catalog.client().await?;
        let instance = instances::of_customer(&client, customer)
            .await?
            .ok_or_else(|| StepError::Missing("the customer has no instance".to_owned()))?;
        let key = ::data_keys::newest(&client, &self.inner.keys, Some(customer)).await?;
        let credentials = credentials::of_customer(&client, customer).await?;
        let app = credentials
            .iter()
            .find(|credential| credential.role == "app")
            .ok_or_else(|| StepError::Missing("the customer has no app credential".to_owned()))?;
        let password = roles::open(&client, app, &self.inner.keys).await?;
        let address = DatabaseConnection {
            host: instance.host,
            port: instance.port,
            name: instance.database_name,
            user: app.username.clone(),
            password_encrypted: key.seal(customer_password_context(customer), &password)?,
        };

        let transaction = client.transaction().await.map_err(catalog::CatalogError::from)?;
        operations::end_steps(&transaction, operation.id, &names(Step::PRESENT)).await?;
        if !operations::finish(
            &transaction,
            operation.id,
            operation.lease_holder(),
            OperationStatus::Succeeded,
            None,
        )
        .await?
        {
            return Err(StepError::LeaseLost);
        }
        customers::set_database(&transaction, customer, &address).await?;
        if !customers::set_lifecycle(&transaction, customer, Lifecycle::Provisioning, Lifecycle::Ready)
            .await?
        {
            return Err(StepError::Missing("the customer's row is gone".to_owned()));
        }
        let row = customers::any_by_id(&transaction, customer).await?;
        let modules = enabled_modules(&transaction, customer).await?;
        let action = match operation.kind {
            OperationKind::CustomerRestore => AuditAction::BackupRestored,
            _ => AuditAction::CustomerCreated,
        };
        let new_values = json!({
            "customer_id": operation.customer_slug,
            "company_name": row.as_ref().map(|row| &row.company_name),
            "subscription_plan": row.as_ref().map(|row| row.subscription_plan),
            "subscription_status": row.as_ref().map(|row| row.subscription_status),
            "modules": modules,
            "database_host": address.host,
            "database_port": address.port,
            "database_name": address.name,
            "operation_id": operation.id,
            "parameters": operation.parameters,
        });
        write_audit(&transaction, operation, action, (None, Some(new_values))).await?;
        transaction.commit().await.map_err(catalog::CatalogError::from)?;
        tracing::info!(customer = operation.customer_slug, operation = %operation.id, "customer is ready");
        Ok(())
    }

    /// Removes the customer: a sign-up that was taken back leaves no row, a deleted customer leaves a tombstone.
    pub(crate) async fn remove(&self, operation: &Operation) -> Result<(), StepError> {
        let customer = operation.customer_id;
        let status = Self::taken_back_status(operation);
        let mut client = self.inner.catalog.client().await?;
        // Backups outlive their customer, whose data key goes now. Before the transaction, because it may take asking who
        // holds the master key; in any order of crashes each key stands in its row once.
        ::data_keys::backup_keys::hand_over(&client, &self.inner.keys, customer).await?;
        let transaction = client.transaction().await.map_err(catalog::CatalogError::from)?;
        operations::end_steps(&transaction, operation.id, &names(Step::ABSENT)).await?;
        if !operations::finish(&transaction, operation.id, operation.lease_holder(), status, None).await? {
            return Err(StepError::LeaseLost);
        }
        // As they were: what is removed is told before it goes.
        let row = customers::any_by_id(&transaction, customer).await?;
        let values = json!({
            "customer_id": operation.customer_slug,
            "company_name": row.as_ref().map(|row| &row.company_name),
            "subscription_plan": row.as_ref().map(|row| row.subscription_plan),
            "subscription_status": row.as_ref().map(|row| row.subscription_status),
            "modules": enabled_modules(&transaction, customer).await?,
            "operation_id": operation.id,
            "error": operation.error,
        });
        instances::delete(&transaction, customer).await?;
        let action = if operation.kind == OperationKind::CustomerDelete {
            credentials::delete(&transaction, customer).await?;
            data_keys::delete(&transaction, customer).await?;
            customers::set_lifecycle(&transaction, customer, Lifecycle::Deleting, Lifecycle::Deleted).await?;
            AuditAction::CustomerDeleted
        } else {
            customers::delete_row(&transaction, customer).await?;
            AuditAction::CustomerProvisioningFailed
        };
        write_audit(&transaction, operation, action, (Some(values), None)).await?;
        transaction.commit().await.map_err(catalog::CatalogError::from)?;
        tracing::info!(customer = operation.customer_slug, operation = %operation.id, %status, "customer is removed");
        Ok(())
    }
}

fn names(steps: &[Step]) -> Vec<&'static str> {
    steps.iter().map(|step| step.name()).collect()
}

/// The keys of the modules that the customer has.
async fn enabled_modules(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Vec<String>, StepError> {
    let modules = catalog::modules::of_customer(client, customer).await?;
    Ok(modules.into_iter().filter(|module| module.enabled).map(|module| module.module_key).collect())
}

async fn write_audit(
    client: &impl GenericClient,
    operation: &Operation,
    action: AuditAction,
    (old_values, new_values): (Option<serde_json::Value>, Option<serde_json::Value>),
) -> Result<(), StepError> {
    let entry = AuditEntry {
        customer_id: Some(operation.customer_id),
        action,
        resource_type: "customer",
        resource_id: Some(operation.customer_id.to_string()),
        old_values,
        new_values,
    };
    let actor = Actor::on_behalf_of(operation.requested_by.clone());
    audit::insert(client, &actor, &entry).await?;
    Ok(())
}
