//! What the data plane may ask of the catalog.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use domain::permission::Permission;
use domain::principal::{Directory, DirectoryUnavailable, Principal, SealedEndpoint};
use domain::{ApiKeyId, CustomerId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::api_keys::texts;
use crate::{Catalog, CatalogError, GenericClient, query, row};

#[async_trait]
impl Directory for Catalog {
    async fn principal(&self, key_hash: &str) -> Result<Option<Arc<Principal>>, DirectoryUnavailable> {
        let client = self.client().await?;
        Ok(principal(&client, key_hash).await?.map(Arc::new))
    }

    async fn endpoint(&self, customer: CustomerId) -> Result<Option<SealedEndpoint>, DirectoryUnavailable> {
        let client = self.client().await?;
        Ok(endpoint(&client, customer).await?)
    }
}

/// One query, so that key, customer and modules are of one moment. A customer who was softly deleted counts as
/// deleted whatever the lifecycle says: older clients know only `deleted_at`.
async fn principal(client: &impl GenericClient, key_hash: &str) -> Result<Option<Principal>, CatalogError> {
    let row = query::optional(
        client,
        "select key.id, key.status::text as status, key.expires_at, key.permissions, key.customer_id,
                coalesce(customer.company_domain, customer.id::text) as slug,
                customer.subscription_status::text as subscription_status,
                case when customer.deleted_at is null then customer.lifecycle::text else 'deleted' end as lifecycle,
                array(
                    select module.module_key from admin_customer_modules held
                    join admin_feature_modules module on module.id = held.module_id
                    where held.customer_id = key.customer_id and held.enabled
                      and (held.expires_at is null or held.expires_at > now())
                ) as modules
         from admin_api_keys key
         join admin_customers customer on customer.id = key.customer_id
         where key.key_hash = $1",
        &[&key_hash],
    )
    .await?;
    row.as_ref().map(read_principal).transpose()
}

fn read_principal(row: &Row) -> Result<Principal, CatalogError> {
    let modules: Vec<String> = row.try_get("modules")?;
    Ok(Principal {
        api_key_id: ApiKeyId(row.try_get("id")?),
        key_status: row::named(row, "status")?,
        key_expires_at: row.try_get("expires_at")?,
        permissions: permissions(&texts(&row.try_get("permissions")?)),
        customer_id: CustomerId(row.try_get("customer_id")?),
        customer_slug: row.try_get("slug")?,
        subscription_status: row::named(row, "subscription_status")?,
        lifecycle: row::named(row, "lifecycle")?,
        modules: modules.into_iter().collect::<BTreeSet<_>>(),
    })
}

/// What isn't a permission, as an older client may have written it, allows nothing.
fn permissions(texts: &[String]) -> Vec<Permission> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

async fn endpoint(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Option<SealedEndpoint>, CatalogError> {
    let row = query::optional(
        client,
        "select instance.host, instance.port, instance.database_name, instance.ca_certificate,
                credential.id as credential_id, credential.username, credential.password_encrypted,
                data_key.wrapped_key
         from admin_customers customer
         join admin_instances instance on instance.customer_id = customer.id
         join admin_database_credentials credential
             on credential.customer_id = customer.id and credential.role = 'app'
         join admin_data_keys data_key on data_key.customer_id = customer.id
         where customer.id = $1 and customer.lifecycle = 'ready' and customer.deleted_at is null",
        &[&customer.uuid()],
    )
    .await?;
    row.map(|row| {
        let port: i32 = row.try_get("port")?;
        Ok(SealedEndpoint {
            customer_id: customer,
            host: row.try_get("host")?,
            port: u16::try_from(port).map_err(|_| CatalogError::Unreadable(format!("port {port}")))?,
            database: row.try_get("database_name")?,
            user: row.try_get("username")?,
            credential_id: row.try_get::<_, Uuid>("credential_id")?,
            password_sealed: row.try_get("password_encrypted")?,
            data_key_wrapped: row.try_get("wrapped_key")?,
            ca_certificate: row.try_get("ca_certificate")?,
        })
    })
    .transpose()
}
