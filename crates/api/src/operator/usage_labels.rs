//! What groups of requests are called.

use std::collections::HashMap;

use catalog::api_usage::Grouping;
use catalog::{CatalogError, GenericClient, names};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// By what requests are put together.
#[derive(Deserialize, Clone, Copy, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroupBy {
    Customer,
    ApiKey,
    /// Method and route.
    Route,
    Status,
    Module,
    Outcome,
}

impl From<GroupBy> for Grouping {
    fn from(group_by: GroupBy) -> Self {
        match group_by {
            GroupBy::Customer => Self::Customer,
            GroupBy::ApiKey => Self::ApiKey,
            GroupBy::Route => Self::Route,
            GroupBy::Status => Self::Status,
            GroupBy::Module => Self::Module,
            GroupBy::Outcome => Self::Outcome,
        }
    }
}

/// The names for people of these groups. What has none, such as a customer whose row is gone, is left out.
pub(super) async fn labels_of(
    client: &impl GenericClient,
    group_by: GroupBy,
    keys: &[String],
) -> Result<HashMap<String, String>, CatalogError> {
    let ids = || keys.iter().filter_map(|key| key.parse::<Uuid>().ok()).collect::<Vec<_>>();
    let by_id = |names: HashMap<Uuid, String>| {
        names.into_iter().map(|(id, name)| (id.to_string(), name)).collect::<HashMap<_, _>>()
    };
    Ok(match group_by {
        GroupBy::Customer => by_id(names::of_customers(client, &ids()).await?),
        GroupBy::ApiKey => by_id(names::of_api_keys(client, &ids()).await?),
        GroupBy::Route => HashMap::new(),
        GroupBy::Status => told(keys, status),
        GroupBy::Module => told(keys, module),
        GroupBy::Outcome => told(keys, outcome),
    })
}

fn told(keys: &[String], label: impl Fn(&str) -> Option<String>) -> HashMap<String, String> {
    keys.iter().filter_map(|key| Some((key.clone(), label(key)?))).collect()
}

fn status(key: &str) -> Option<String> {
    let reason = key.parse::<StatusCode>().ok()?.canonical_reason()?;
    Some(format!("{key} {reason}"))
}

fn module(key: &str) -> Option<String> {
    if key.is_empty() {
        return Some("No module".to_owned());
    }
    domain::modules::find(key).map(|module| module.name().to_owned())
}

fn outcome(key: &str) -> Option<String> {
    let mut letters = key.chars();
    Some(match (key, letters.next()) {
        ("ok", _) => "OK".to_owned(),
        (_, None) => "Not written down".to_owned(),
        (_, Some(first)) => format!("{}{}", first.to_uppercase(), letters.as_str().replace('-', " ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_for_people() {
        assert_eq!(status("404").as_deref(), Some("404 Not Found"));
        assert_eq!(status("599"), None);
        assert_eq!(module("crm_core").as_deref(), Some("CRM Core"));
        assert_eq!((module("").as_deref(), module("of_old")), (Some("No module"), None));
        assert_eq!(outcome("rate-limited").as_deref(), Some("Rate limited"));
        assert_eq!(
            (outcome("ok").as_deref(), outcome("").as_deref()),
            (Some("OK"), Some("Not written down"))
        );
    }
}
