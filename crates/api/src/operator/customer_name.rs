//! Customers as filters name them. Who is being signed up, is being removed or is gone still has operations, backups
//! and a history, so these are looked for without asking whether the customer is served.

use catalog::operations::{self, OperationFilter};
use catalog::{GenericClient, customers};
use domain::CustomerId;
use problem::Problem;

use crate::problems::problem_of_catalog;

/// The UUID or the customerId of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CustomerName {
    /// The UUID. Nobody is asked whether there is such a customer: rows may be left of one who is gone.
    Id(CustomerId),
    /// The customerId.
    Slug(String),
}

impl From<&str> for CustomerName {
    fn from(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Slug(text.to_owned()), Self::Id)
    }
}

impl CustomerName {
    /// The UUID. A customerId is that of whoever has it, or else of whoever tried to sign up with it last.
    pub(crate) async fn id(&self, client: &impl GenericClient) -> Result<Option<CustomerId>, Problem> {
        let slug = match self {
            Self::Id(id) => return Ok(Some(*id)),
            Self::Slug(slug) => slug,
        };
        let found = customers::any_by_domain(client, slug).await.map_err(problem_of_catalog)?;
        if let Some(customer) = found {
            return Ok(Some(customer.id));
        }
        let filter = OperationFilter { customer_slug: Some(slug.clone()), ..OperationFilter::default() };
        let newest = operations::list(client, &filter, 1).await.map_err(problem_of_catalog)?;
        Ok(newest.first().map(|operation| operation.customer_id))
    }
}

/// Whose rows the parameter `customer` asks for.
pub(crate) async fn customer_id(
    client: &impl GenericClient,
    given: Option<&str>,
) -> Result<Option<CustomerId>, Problem> {
    let Some(text) = given else { return Ok(None) };
    let id = CustomerName::from(text).id(client).await?;
    id.map(Some).ok_or_else(|| Problem::field("customer", "is not a customer's UUID or customerId"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_an_id_and_anything_else_a_slug() {
        let id = CustomerId::generate();
        assert_eq!(CustomerName::from(id.to_string().as_str()), CustomerName::Id(id));
        assert_eq!(CustomerName::from("acme"), CustomerName::Slug("acme".to_owned()));
    }
}
