//! The users in the customers' own databases: who is in the organization, and with which role.

use std::sync::Arc;

use async_trait::async_trait;
use catalog::Catalog;
use clerk::{CustomerPeople, PeopleError, Person};
use crm::users::{PutUser, Role};
use customer_db::{CustomerDatabases, Error, RouterConfig};
use domain::CustomerId;
use domain::permission::Action;
use secrets::KeyRing;
use session_tokens::Grants;

/// Writes them.
pub(crate) struct CustomersUsers {
    databases: CustomerDatabases,
    grants: Grants,
}

impl CustomersUsers {
    /// Users of these customers, with the roles that follow from what Clerk's roles give.
    pub(crate) fn new(catalog: &Catalog, keys: &KeyRing, grants: Grants) -> Self {
        let databases =
            CustomerDatabases::new(RouterConfig::default(), Arc::new(catalog.clone()), keys.clone());
        Self { databases, grants }
    }

    /// The databases.
    pub(crate) fn databases(&self) -> CustomerDatabases {
        self.databases.clone()
    }

    /// The CRM's own role, which its pages go by: who may change users is an administrator, who may change anything a user.
    fn role(&self, clerk_role: &str) -> Role {
        let granted = self.grants.of_role(clerk_role);
        if granted.iter().any(|permission| permission.allows(Action::Write, "users")) {
            Role::Admin
        } else if granted.iter().any(|permission| permission.action() == Action::Write) {
            Role::User
        } else {
            Role::Viewer
        }
    }
}

#[async_trait]
impl CustomerPeople for CustomersUsers {
    async fn put(&self, customer: CustomerId, person: &Person) -> Result<(), PeopleError> {
        let user = PutUser {
            clerk_user_id: &person.clerk_user_id,
            email: person.email.as_deref(),
            name: person.name.as_deref(),
            avatar_url: person.avatar_url.as_deref(),
            role: self.role(&person.role),
            is_active: person.is_member,
        };
        match crm::users::put(&self.databases, customer, &user).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(refusal)) => Err(PeopleError::Refused(refusal.to_string())),
            // What PostgreSQL refuses is refused again tomorrow.
            Err(error @ (Error::Database(_) | Error::Isolation(_))) => {
                Err(PeopleError::Refused(error.to_string()))
            }
            Err(error) => Err(PeopleError::Away(Box::new(error))),
        }
    }
}
