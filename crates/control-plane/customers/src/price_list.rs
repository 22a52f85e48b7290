//! What there is to buy: prices, and what is on sale. What a customer has bought is elsewhere.

use catalog::audit::AuditEntry;
use catalog::modules::{self, FeatureModule, ListingChanges};
use catalog::{CatalogError, Decimal, audit};
use domain::audit::AuditAction;
use domain::modules as feature_modules;
use serde_json::json;

use crate::field::FieldCheck;
use crate::sign_up::unknown_module;
use crate::{Actor, ControlPlane, Right, UseCaseError, commit};

/// The largest price, in US dollars: what the column holds.
const LARGEST_PRICE: Decimal = Decimal::from_parts(1_410_065_407, 2, 0, false, 2);

/// What to change about a module of the price list, unchecked. What isn't given stays.
#[derive(Debug, Clone, Default)]
pub struct PriceChanges {
    /// The price of a month, a decimal in US dollars.
    pub base_price_monthly: Option<String>,
    /// The price of a year.
    pub base_price_annual: Option<String>,
    /// Whether it is on sale.
    pub is_active: Option<bool>,
}

/// Changes what a module costs, or whether it is on sale. What isn't on sale nobody has from then on; what they made with it
/// stays. Asking for what is already so changes nothing and leaves no audit row.
///
/// # Errors
/// [`UseCaseError::Invalid`] with every wrong field, [`UseCaseError::NotFound`] for an unknown module,
/// [`UseCaseError::Conflict`] when everybody has the module, so that it can't be taken off sale.
pub async fn change(
    control_plane: &ControlPlane,
    actor: &Actor,
    module_key: &str,
    wanted: &PriceChanges,
) -> Result<FeatureModule, UseCaseError> {
    let permit = actor.permit(Right::PricesWrite)?;
    let changes = check(wanted)?;
    let unknown = || UseCaseError::NotFound(unknown_module(module_key));
    let module = feature_modules::find(module_key).ok_or_else(unknown)?;
    if changes.is_active == Some(false) && !module.can_be_disabled() {
        return Err(UseCaseError::Conflict(format!(
            "{module_key} can't be taken off sale: every customer has it."
        )));
    }
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let before = modules::lock_listed(&transaction, module_key).await?.ok_or_else(unknown)?;
    let after = modules::update_listed(&transaction, module_key, &changes).await?.ok_or_else(unknown)?;
    if before == after {
        return Ok(before);
    }
    let entry = AuditEntry {
        customer_id: None,
        action: AuditAction::ModuleChanged,
        resource_type: "feature_module",
        resource_id: Some(module_key.to_owned()),
        old_values: Some(values(&before)),
        new_values: Some(values(&after)),
    };
    audit::insert(&transaction, actor, &entry).await?;
    commit(transaction).await?;
    Ok(after)
}

fn check(wanted: &PriceChanges) -> Result<ListingChanges, UseCaseError> {
    let mut check = FieldCheck::default();
    let changes = ListingChanges {
        base_price_monthly: price(&mut check, "base_price_monthly", wanted.base_price_monthly.as_deref()),
        base_price_annual: price(&mut check, "base_price_annual", wanted.base_price_annual.as_deref()),
        is_active: wanted.is_active,
    };
    check.finish()?;
    Ok(changes)
}

fn price(check: &mut FieldCheck, field: &str, given: Option<&str>) -> Option<Decimal> {
    let text = given?;
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let parsed = text.parse::<Decimal>().ok().filter(|price| is_plain && price.scale() <= 2);
    match parsed.filter(|price| *price <= LARGEST_PRICE) {
        Some(price) => Some(price),
        None => {
            check.wrong(
                field,
                format!("must be a price in US dollars such as 29.99, from 0 to {LARGEST_PRICE}"),
            );
            None
        }
    }
}

fn values(module: &FeatureModule) -> serde_json::Value {
    json!({
        "base_price_monthly": module.base_price_monthly,
        "base_price_annual": module.base_price_annual,
        "is_active": module.is_active,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_plain_dollars_and_cents() {
        let read =
            |text: &str| price(&mut FieldCheck::default(), "p", Some(text)).map(|price| price.to_string());
        assert_eq!(LARGEST_PRICE.to_string(), "99999999.99");
        for good in ["0", "29.99", "99999999.99", "7.5"] {
            assert_eq!(read(good).as_deref(), Some(good));
        }
        for bad in ["", "-1", "1.999", "100000000", "1e3", "1_000", "29,99", " 1", "NaN", "."] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
