//! What each step does. Every one may be repeated, and each writes to the catalog before it acts outside.

use catalog::customers;
use catalog::instances::{self, Instance, InstanceRecord, NewInstance};
use catalog::operations::Operation;
use domain::{BackupId, CustomerSlug};

use crate::backend::{BackendError, InstanceFacts, InstanceSpec};
use crate::engine::Engine;
use crate::error::StepError;
use crate::plan::Step;
use crate::roles;

impl Engine {
    /// What the backend needs to know of the operation's instance; `None` before it has a place.
    pub(crate) async fn spec(&self, operation: &Operation) -> Result<Option<InstanceSpec>, StepError> {
        let client = self.inner.catalog.client().await?;
        let Some(instance) = instances::of_customer(&client, operation.customer_id).await? else {
            return Ok(None);
        };
        let customer = customers::any_by_id(&client, operation.customer_id).await?.ok_or_else(|| {
            StepError::Missing("the customer's row is gone while their instance is there".to_owned())
        })?;
        Ok(Some(InstanceSpec {
            instance: instance.id,
            customer: operation.customer_id,
            port: instance.port,
            database: instance.database_name,
            organization_name: customer.company_name,
            timezone: customer.timezone,
        }))
    }

    async fn placed_spec(&self, operation: &Operation) -> Result<InstanceSpec, StepError> {
        self.spec(operation)
            .await?
            .ok_or_else(|| StepError::Missing("the customer has no place yet".to_owned()))
    }

    /// Does one step; says what there is to say about it.
    pub(crate) async fn execute(
        &self,
        operation: &Operation,
        step: Step,
    ) -> Result<Option<String>, StepError> {
        let provisioner = &self.inner.provisioner;
        match step {
            Step::Place => self.place(operation).await.map(|port| Some(format!("port {port}"))),
            Step::CreateInstance => {
                let spec = self.placed_spec(operation).await?;
                provisioner.create(&spec).await?;
                self.clean_up_if_late(operation, &spec).await?;
                Ok(None)
            }
            Step::StartInstance => self.start(operation).await,
            Step::ConfigureDatabase => {
                let facts = self.configure(operation).await?;
                Ok(Some(format!(
                    "PostgreSQL {}, schema version {}",
                    facts.postgres_version, facts.schema_version
                )))
            }
            Step::RestoreBackup => {
                self.restore(operation).await?;
                Ok(None)
            }
            Step::ActivateCustomer => {
                self.activate(operation).await?;
                Ok(None)
            }
            Step::DestroyInstance => {
                provisioner.destroy(&self.placed_spec(operation).await?).await?;
                Ok(None)
            }
            Step::RemoveCustomer => {
                self.remove(operation).await?;
                Ok(None)
            }
        }
    }

    /// Gives the instance a port, unless it has a usable one, and the roles their passwords.
    async fn place(&self, operation: &Operation) -> Result<u16, StepError> {
        let client = self.inner.catalog.client().await?;
        let slug: CustomerSlug = operation
            .customer_slug
            .parse()
            .map_err(|error| StepError::Missing(format!("customerId {error}")))?;
        let database = slug.database_name();
        roles::ensure(&client, operation.customer_id, &database, &self.inner.keys).await?;
        match instances::of_customer(&client, operation.customer_id).await? {
            Some(instance) if self.inner.provisioner.is_port_free(instance.port).await => Ok(instance.port),
            _ => Ok(self.reserve_port(operation, &database).await?.port),
        }
    }

    /// Reserves the lowest port that the catalog and the host both call free.
    ///
    /// Asking the host and writing to the catalog are two moments: another process may take the port in between.
    /// Then the start fails with `PortTaken`, and the instance moves on to the next port.
    async fn reserve_port(&self, operation: &Operation, database: &str) -> Result<Instance, StepError> {
        let (config, provisioner) = (&self.inner.config, &self.inner.provisioner);
        let client = self.inner.catalog.client().await?;
        let taken = instances::ports_in_use(&client, &config.host).await?;
        for port in config.ports.clone().filter(|port| !taken.contains(port)) {
            if !provisioner.is_port_free(port).await {
                continue;
            }
            let new = NewInstance {
                customer_id: operation.customer_id,
                backend: provisioner.backend().to_owned(),
                host: config.host.clone(),
                port,
                database_name: database.to_owned(),
            };
            if let Some(instance) = instances::reserve(&client, &new).await? {
                return Ok(instance);
            }
        }
        let (first, last) = (config.ports.start(), config.ports.end());
        Err(StepError::Backend(BackendError::Permanent(format!(
            "no port from {first} to {last} is free: widen SIXTY_CUSTOMER_PORTS or delete customers"
        ))))
    }

    /// An attempt that slept through its lease may have made an instance that its successor had just removed for
    /// good, together with its row. Nobody else knows of it then, so it goes again.
    async fn clean_up_if_late(&self, operation: &Operation, spec: &InstanceSpec) -> Result<(), StepError> {
        if self.still_holds(operation).await? {
            return Ok(());
        }
        let client = self.inner.catalog.client().await?;
        let row = instances::of_customer(&client, operation.customer_id).await?;
        if row.is_none_or(|row| row.id != spec.instance) {
            self.inner.provisioner.destroy(spec).await?;
        }
        Err(StepError::LeaseLost)
    }

    async fn start(&self, operation: &Operation) -> Result<Option<String>, StepError> {
        let spec = self.placed_spec(operation).await?;
        match self.inner.provisioner.start(&spec).await {
            Err(BackendError::PortTaken(taken)) => {
                let moved = self.reserve_port(operation, &spec.database).await?;
                let spec = InstanceSpec { port: moved.port, ..spec };
                self.inner.provisioner.start(&spec).await?;
                Ok(Some(format!("port {taken} was taken meanwhile; moved to {}", moved.port)))
            }
            outcome => {
                outcome?;
                Ok(None)
            }
        }
    }

    async fn configure(&self, operation: &Operation) -> Result<InstanceFacts, StepError> {
        let spec = self.placed_spec(operation).await?;
        let client = self.inner.catalog.client().await?;
        let roles = roles::of_customer(&client, operation.customer_id, &self.inner.keys).await?;
        // No catalog connection is held while the backend works.
        drop(client);
        let facts = self.inner.provisioner.configure(&spec, &roles).await?;
        let record = InstanceRecord {
            system_identifier: facts.system_identifier,
            postgres_version: facts.postgres_version.clone(),
            ca_certificate: facts.ca_certificate.clone(),
            schema_version: facts.schema_version,
        };
        let client = self.inner.catalog.client().await?;
        instances::record(&client, spec.instance, &record).await?;
        Ok(facts)
    }

    async fn restore(&self, operation: &Operation) -> Result<(), StepError> {
        let spec = self.placed_spec(operation).await?;
        let backup: BackupId = operation.parameters["backup_id"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| StepError::Missing("the operation names no backup".to_owned()))?;
        let client = self.inner.catalog.client().await?;
        let roles = roles::of_customer(&client, operation.customer_id, &self.inner.keys).await?;
        drop(client);
        let access = self.inner.provisioner.admin_access(&spec).await?;
        self.inner.restorer.restore(backup, &access, &roles).await?;
        Ok(())
    }
}
