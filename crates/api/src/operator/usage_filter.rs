//! Which requests a question about usage is about.

use catalog::api_usage::UsageFilter;
use catalog::{GenericClient, TimeRange};
use domain::ApiKeyId;
use problem::Problem;
use serde::Deserialize;
use utoipa::IntoParams;

use super::customer_name::customer_id;
use super::page::parsed;

/// Which requests, as every question about usage asks for them. A route takes these beside its own parameters; what is
/// neither is refused by the layer that knows the document.
#[derive(Deserialize, IntoParams, Default)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageFilterQuery {
    /// Only of this customer: the UUID or the customerId, also of one who is gone.
    customer: Option<String>,
    /// Only of this key.
    api_key_id: Option<String>,
    /// Only of this route, by its pattern such as `/api/v1/deals/{id}`.
    endpoint: Option<String>,
    /// Only by this method.
    method: Option<String>,
    /// Only answers with this status.
    status_code: Option<String>,
    /// Only with this outcome: `ok`, or the last part of a problem's type, such as `rate-limited`; empty where none was
    /// written down.
    outcome: Option<String>,
    /// Only of this feature module, by its key; empty for routes of none.
    module: Option<String>,
}

/// A filter of which everything but the customer is checked: who that is has to be looked up.
pub(super) struct CheckedFilter {
    customer: Option<String>,
    filter: UsageFilter,
}

impl UsageFilterQuery {
    /// What can be checked without asking anybody.
    pub(super) fn checked(self) -> Result<CheckedFilter, Problem> {
        let filter = UsageFilter {
            customer: None,
            api_key: parsed::<ApiKeyId>("api_key_id", self.api_key_id.as_deref())?,
            time: TimeRange::default(),
            endpoint: self.endpoint,
            method: self.method,
            status_code: status_code(self.status_code.as_deref())?,
            outcome: self.outcome,
            module: self.module,
        };
        Ok(CheckedFilter { customer: self.customer, filter })
    }
}

impl CheckedFilter {
    /// Whether it asks for one customer's requests or one key's.
    pub(super) fn is_of_one(&self) -> bool {
        self.customer.is_some() || self.filter.api_key.is_some()
    }

    /// The filter with the customer who is meant.
    pub(super) async fn found(self, client: &impl GenericClient) -> Result<UsageFilter, Problem> {
        let customer = customer_id(client, self.customer.as_deref()).await?;
        Ok(UsageFilter { customer, ..self.filter })
    }
}

fn status_code(given: Option<&str>) -> Result<Option<u16>, Problem> {
    let wrong = || Problem::field("status_code", "must be a status of HTTP, from 100 to 599");
    let parsed = given.map(|text| text.parse::<u16>().map_err(|_| wrong())).transpose()?;
    if parsed.is_some_and(|status| !(100..600).contains(&status)) {
        return Err(wrong());
    }
    Ok(parsed)
}
