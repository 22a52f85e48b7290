//! Whether the key may do what the route does.

use domain::principal::{Caller, Principal};
use domain::route::RouteNeeds;
use problem::Problem;

/// Refuses a key without a permission that covers the route.
pub(crate) fn check(principal: &Principal, needs: &RouteNeeds) -> Result<(), Problem> {
    if needs.resource_names.iter().any(|name| principal.may(needs.action, name)) {
        return Ok(());
    }
    let resource = needs.resource_names.first().copied().unwrap_or("*");
    let (whose, what) = match principal.caller {
        Caller::Key(_) => ("The API key", "Use a key that has it."),
        Caller::User(_) => (
            "Your role in the organization",
            "Ask one of the organization's administrators for another role.",
        ),
    };
    let permission = format!("{}:{resource}", needs.action.as_str());
    Err(Problem::permission_missing(format!("{whose} lacks the permission {permission}. {what}"))
        .with("permission", permission))
}
