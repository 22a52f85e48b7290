//! What a change of a customer's module would do.

use catalog::modules::{self, CustomerModule, FeatureModule, ModuleUse};
use catalog::{CatalogError, customers};

use super::{check_dependencies, known, planned};
use crate::sign_up::unknown_module;
use crate::{Actor, ControlPlane, Right, UseCaseError};

/// How far back it is counted who uses the module.
const DAYS: i32 = 30;

/// What a change would do.
#[derive(Debug)]
pub struct ModulePreview {
    /// The module as it is.
    pub now: CustomerModule,
    /// As it would be.
    pub after: CustomerModule,
    /// The other modules that would go on or off, as they would be.
    pub others: Vec<CustomerModule>,
    /// Why the change would be refused; `None`: it wouldn't.
    pub refused: Option<String>,
    /// The module in the price list.
    pub listed: FeatureModule,
    /// Who used the module in the last 30 days; `None` for whoever may not read usage.
    pub used: Option<ModuleUse>,
}

/// What would happen were this module turned on or off whatever the plan says, or (`None`) left to the plan.
///
/// # Errors
/// [`UseCaseError::NotFound`] for an unknown customer or module.
pub async fn preview(
    control_plane: &ControlPlane,
    actor: &Actor,
    (customer, key): (&str, &str),
    enabled: Option<bool>,
) -> Result<ModulePreview, UseCaseError> {
    let permit = actor.permit(Right::CustomersRead)?;
    let module = known(key)?;
    let client = control_plane.client(&permit).await?;
    let found = customers::by_slug_or_id(&client, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    let preview = modules::preview(&client, found.id, key, enabled).await?;
    let modules::Preview { now, mut after } =
        preview.ok_or_else(|| UseCaseError::NotFound(unknown_module(key)))?;
    let mut list = modules::list(&client).await?.into_iter();
    let listed = list.find(|listed| listed.module_key == key);
    let listed = listed.ok_or_else(|| UseCaseError::NotFound(unknown_module(key)))?;
    let used = match actor.permit(Right::UsageRead) {
        Ok(_) => Some(modules::used_in_last_days(&client, found.id, key, DAYS).await?),
        Err(_) => None,
    };
    let wanted = enabled.unwrap_or_else(|| planned(&now, module));
    let refused = match check_dependencies(&now, module, wanted) {
        _ if !wanted && !module.can_be_disabled() => {
            Some(format!("{key} can't be turned off: every customer has it."))
        }
        Err(UseCaseError::Conflict(detail)) => Some(detail),
        Err(other) => return Err(other),
        Ok(()) => None,
    };
    let is_it = |module: &CustomerModule| module.module_key == key;
    let (Some(before), Some(changed)) =
        (now.iter().find(|module| is_it(module)), after.iter().find(|module| is_it(module)))
    else {
        return Err(CatalogError::Unreadable(format!("{key} isn't among the customer's modules")).into());
    };
    let (before, changed) = (before.clone(), changed.clone());
    let was_on = |key: &str| now.iter().any(|module| module.module_key == key && module.enabled);
    after.retain(|module| !is_it(module) && module.enabled != was_on(&module.module_key));
    Ok(ModulePreview { now: before, after: changed, others: after, refused, listed, used })
}
