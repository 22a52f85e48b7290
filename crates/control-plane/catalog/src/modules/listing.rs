//! The price list: what a module costs, and whether it is on sale.

use rust_decimal::Decimal;

use super::{FeatureModule, LISTED, feature_module};
use crate::{CatalogError, GenericClient, query};

/// What to change about a module of the price list. What isn't given stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListingChanges {
    /// The price of a month, in US dollars.
    pub base_price_monthly: Option<Decimal>,
    /// The price of a year, in US dollars.
    pub base_price_annual: Option<Decimal>,
    /// Whether it is on sale: what isn't, nobody has.
    pub is_active: Option<bool>,
}

/// One module of the price list, held against changes by others until the transaction ends.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock_listed(
    client: &impl GenericClient,
    module_key: &str,
) -> Result<Option<FeatureModule>, CatalogError> {
    let sql = format!("select {LISTED} from admin_feature_modules where module_key = $1 for update");
    query::optional(client, &sql, &[&module_key]).await?.as_ref().map(feature_module).transpose()
}

/// Changes a module of the price list. `None` when there is no such module.
///
/// # Errors
/// [`CatalogError::Invalid`] when a price is negative or too large.
pub async fn update_listed(
    client: &impl GenericClient,
    module_key: &str,
    changes: &ListingChanges,
) -> Result<Option<FeatureModule>, CatalogError> {
    let sql = format!(
        "update admin_feature_modules
         set base_price_monthly = coalesce($2, base_price_monthly), base_price_annual = coalesce($3, base_price_annual),
             is_active = coalesce($4, is_active)
         where module_key = $1 returning {LISTED}"
    );
    let ListingChanges { base_price_monthly, base_price_annual, is_active } = changes;
    query::optional(client, &sql, &[&module_key, base_price_monthly, base_price_annual, is_active])
        .await?
        .as_ref()
        .map(feature_module)
        .transpose()
}
