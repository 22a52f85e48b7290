//! Keeps the certificates of this home's instances good: replaces them before they end, and lets one authority follow the
//! other without a moment in which somebody is shown what they don't trust. Every pass does what is to be done now, and may
//! be killed and done again by another worker.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use catalog::audit::{self, Actor, AuditEntry};
use catalog::{Catalog, CatalogError, instances};
use chrono::{DateTime, Utc};
use domain::audit::AuditAction;
use postgres_server::certificate::AuthorityStatus;
use provisioner_local::LocalProvisioner;
use provisioning::Provisioner as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::spec;

/// How often it is looked at most rarely. Each look is a handshake with every instance.
const EVERY: Duration = Duration::from_secs(300);

/// Looks again and again, until `stop`.
pub(super) async fn keep(
    catalog: Catalog,
    provisioner: Arc<LocalProvisioner>,
    host: String,
    stop: CancellationToken,
) {
    // A successor must be heard of well before it signs.
    let every = EVERY.min(provisioner.authority().policy().overlap / 4);
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = pass(&catalog, &provisioner, &host).await {
            tracing::error!(
                error = format!("{error:#}"),
                "the certificates of instances can't be looked after"
            );
        }
    }
}

async fn pass(catalog: &Catalog, provisioner: &LocalProvisioner, host: &str) -> anyhow::Result<()> {
    let authority = provisioner.authority();
    if authority.introduce_if_due()? {
        tracing::info!(
            "the authority of instances' certificates ends within a year: its successor is announced"
        );
    }
    publish(catalog, provisioner, host).await?;
    let home = (provisioner.backend(), host);
    let rows = instances::of_home(&catalog.client().await?, home).await?;
    let mut all_settled = true;
    for row in rows {
        let (id, published) = (row.id, row.ca_certificate.clone().unwrap_or_default());
        let certificate = match provisioner.tend_certificate(&spec(row), &published).await {
            Ok(certificate) => certificate,
            Err(error) => {
                tracing::warn!(instance = %id, %error, "an instance's certificate can't be looked at");
                all_settled = false;
                continue;
            }
        };
        // One that doesn't run is given another when it starts, if nobody vouches for its own any more.
        let Some(certificate) = certificate else { continue };
        all_settled &= certificate.is_settled;
        let (own, authority) = (certificate.shown.expires_at, certificate.shown.authority_expires_at);
        let client = catalog.client().await?;
        instances::record_certificate(&client, id, own.into(), authority.into()).await?;
    }
    // Whoever learns it late still has the old one in their list; from now on nobody needs it.
    if all_settled { retire(catalog, provisioner, host).await } else { Ok(()) }
}

/// Tells every server which authorities to trust, and the audit log that they have changed: both or neither.
async fn publish(catalog: &Catalog, provisioner: &LocalProvisioner, host: &str) -> anyhow::Result<()> {
    let (trusted, status) = (provisioner.authority().trusted()?, provisioner.authority().status()?);
    let mut client = catalog.client().await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let told = instances::publish_authorities(&transaction, (provisioner.backend(), host), &trusted).await?;
    if told == 0 {
        return Ok(());
    }
    audit::insert(&transaction, &Actor::on_behalf_of(None), &entry(host, told, &status)).await?;
    transaction.commit().await.map_err(CatalogError::from)?;
    tracing::info!(
        instances = told,
        authorities = status.len(),
        "servers are told which authorities to trust"
    );
    Ok(())
}

/// Removes authorities whose time is over. The audit log has taken the row by then; when the commit that follows doesn't come
/// through, the next pass tells servers and log what is left.
async fn retire(catalog: &Catalog, provisioner: &LocalProvisioner, host: &str) -> anyhow::Result<()> {
    let authority = provisioner.authority();
    let Some((trusted, status)) = authority.remaining()? else { return Ok(()) };
    let mut client = catalog.client().await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let told = instances::publish_authorities(&transaction, (provisioner.backend(), host), &trusted).await?;
    audit::insert(&transaction, &Actor::on_behalf_of(None), &entry(host, told, &status)).await?;
    authority.retire()?;
    transaction.commit().await.map_err(CatalogError::from)?;
    tracing::info!(instances = told, "the former authority of instances' certificates is gone");
    Ok(())
}

fn entry(host: &str, told: u64, trusted: &[AuthorityStatus]) -> AuditEntry {
    AuditEntry {
        customer_id: None,
        action: AuditAction::CertificateAuthoritiesChanged,
        resource_type: "certificate_authority",
        resource_id: Some(host.to_owned()),
        old_values: None,
        new_values: Some(json!({
            "instances": told,
            "trusted": trusted.iter().map(describe).collect::<Vec<_>>(),
        })),
    }
}

fn describe(one: &AuthorityStatus) -> serde_json::Value {
    let time = |time: SystemTime| DateTime::<Utc>::from(time).to_rfc3339();
    json!({
        "name": one.name,
        "standing": one.standing.as_str(),
        "introduced_at": time(one.term.introduced_at),
        "expires_at": time(one.term.expires_at),
    })
}

#[cfg(test)]
mod tests;
