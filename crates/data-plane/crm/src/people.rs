//! All users of a customer, over their organizations: what an operator is shown. Each organization is entered by itself, so
//! that row-level security holds here as for everybody.

use chrono::{DateTime, Utc};
use customer_db::{CustomerDatabases, Error};
use domain::{CustomerId, OrganizationId};
use uuid::Uuid;

/// A user and their organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user.
    pub id: Uuid,
    /// Their organization.
    pub organization_id: Uuid,
    /// What it is called.
    pub organization_name: String,
    /// Their address.
    pub email: String,
    /// What people call them.
    pub name: Option<String>,
    /// `admin`, `user` or `viewer`.
    pub role: String,
    /// Whether they still work there.
    pub is_active: bool,
    /// Who they are at the identity provider.
    pub clerk_user_id: Option<String>,
    /// Since when they are there.
    pub created_at: DateTime<Utc>,
}

/// Organizations have no owner among themselves: every one sees their names.
const ORGANIZATIONS: &str = "select id, name from organizations where id >= $1 order by id";
const USERS: &str = "select id, email, name, role, is_active, clerk_user_id, created_at from users
     where id > $1 order by id limit $2";

/// At most so many users after this organization and user, in the order of their organizations' ids and their own.
///
/// # Errors
/// When the customer's database can't be asked.
pub async fn list(
    databases: &CustomerDatabases,
    customer: CustomerId,
    after: (Uuid, Uuid),
    limit: usize,
) -> Result<Vec<Person>, Error> {
    let mut session = databases.begin(customer, None).await?;
    let organizations = match session.query(ORGANIZATIONS, &[&after.0]).await {
        // Nobody can be in an organization where there is none.
        Err(Error::UnknownOrganization) => return Ok(Vec::new()),
        other => other?,
    };
    session.commit().await?;
    let mut people = Vec::new();
    for row in &organizations {
        let (organization, name): (Uuid, String) = (row.try_get("id")?, row.try_get("name")?);
        let last = if organization == after.0 { after.1 } else { Uuid::nil() };
        let left = i64::try_from(limit - people.len()).unwrap_or(i64::MAX);
        let session = databases.begin(customer, Some(OrganizationId(organization))).await?;
        let users = match session.query_and_commit(USERS, &[&last, &left]).await {
            // It was deleted a moment ago.
            Err(Error::UnknownOrganization) => continue,
            other => other?,
        };
        for user in &users {
            people.push(Person {
                id: user.try_get("id")?,
                organization_id: organization,
                organization_name: name.clone(),
                email: user.try_get("email")?,
                name: user.try_get("name")?,
                role: user.try_get("role")?,
                is_active: user.try_get("is_active")?,
                clerk_user_id: user.try_get("clerk_user_id")?,
                created_at: user.try_get("created_at")?,
            });
        }
        if people.len() >= limit {
            break;
        }
    }
    Ok(people)
}
