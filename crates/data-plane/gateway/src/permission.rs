//! Whether the key may do what the route does.

use domain::principal::Principal;
use domain::route::RouteNeeds;
use problem::Problem;

/// Refuses a key without a permission that covers the route.
pub(crate) fn check(principal: &Principal, needs: &RouteNeeds) -> Result<(), Problem> {
    if needs.resource_names.iter().any(|name| principal.may(needs.action, name)) {
        return Ok(());
    }
    let resource = needs.resource_names.first().copied().unwrap_or("*");
    let permission = format!("{}:{resource}", needs.action.as_str());
    Err(Problem::permission_missing(format!(
        "The API key lacks the permission {permission}. Use a key that has it."
    ))
    .with("permission", permission))
}
