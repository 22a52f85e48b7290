//! Which requests a question about usage is about.

use catalog::api_usage::UsageFilter;
use catalog::{GenericClient, TimeRange};
use domain::ApiKeyId;
use problem::Problem;

use super::customer_name::customer_id;
use super::page::parsed;

/// The filter as it is given in a query, but for the customer.
#[derive(Default)]
pub(super) struct GivenFilter {
    pub(super) api_key_id: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) method: Option<String>,
    pub(super) status_code: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) module: Option<String>,
}

impl GivenFilter {
    /// What can be checked without asking anybody. The customer is looked up by [`with_customer`].
    pub(super) fn checked(&self) -> Result<UsageFilter, Problem> {
        Ok(UsageFilter {
            customer: None,
            api_key: parsed::<ApiKeyId>("api_key_id", self.api_key_id.as_deref())?,
            time: TimeRange::default(),
            endpoint: self.endpoint.clone(),
            method: self.method.clone(),
            status_code: status_code(self.status_code.as_deref())?,
            outcome: self.outcome.clone(),
            module: self.module.clone(),
        })
    }
}

/// The filter for this customer only.
pub(super) async fn with_customer(
    client: &impl GenericClient,
    filter: UsageFilter,
    customer: Option<&str>,
) -> Result<UsageFilter, Problem> {
    Ok(UsageFilter { customer: customer_id(client, customer).await?, ..filter })
}

fn status_code(given: Option<&str>) -> Result<Option<u16>, Problem> {
    let wrong = || Problem::field("status_code", "must be a status of HTTP, from 100 to 599");
    let parsed = given.map(|text| text.parse::<u16>().map_err(|_| wrong())).transpose()?;
    if parsed.is_some_and(|status| !(100..600).contains(&status)) {
        return Err(wrong());
    }
    Ok(parsed)
}
