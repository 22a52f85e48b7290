//! What the limiter asks when Redis has forgotten a counter: the admin database knows what was used.

use async_trait::async_trait;
use catalog::{Catalog, CatalogError, quota};
use chrono::{DateTime, Utc};
use limits::{QuotaSeed, Scope, SeedError, Span, Subject};

/// The usage in the admin database.
pub(crate) struct CatalogSeed(pub(crate) Catalog);

#[async_trait]
impl QuotaSeed for CatalogSeed {
    async fn used(&self, subject: &Subject, span: Span) -> Result<u64, SeedError> {
        let used = used(&self.0, subject, span).await.map_err(|error| SeedError(Box::new(error)))?;
        Ok(u64::try_from(used).unwrap_or(0))
    }
}

async fn used(catalog: &Catalog, subject: &Subject, span: Span) -> Result<i64, CatalogError> {
    let client = catalog.client().await?;
    let since = span.since.unwrap_or(DateTime::<Utc>::UNIX_EPOCH);
    match &subject.scope {
        Scope::Key(key) => quota::used_by_key(&client, subject.customer, *key, since).await,
        Scope::Customer => quota::used_by_customer(&client, subject.customer, None, since).await,
        Scope::Route(route) => {
            quota::used_by_customer(&client, subject.customer, route.split_once(' '), since).await
        }
        Scope::Module { key, .. } => quota::used_of_module(&client, subject.customer, key).await,
    }
}
