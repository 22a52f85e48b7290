//! Members of an organization are users of the customer's CRM: the job that tells the customer's own database of them.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use ::jobs::{Job, JobContext, JobError, JobOutcome, NewJob};
use async_trait::async_trait;
use catalog::clerk::memberships::{self, Unsynced};
use catalog::clerk::organizations;
use catalog::{Catalog, CatalogError, GenericClient, jobs};
use domain::CustomerId;
use domain::customer::Lifecycle;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The job's kind.
const KIND: &str = "clerk_people";
/// How many people are read at once.
const AT_ONCE: i64 = 100;
/// When a customer whose database is being made is looked at again.
const WAIT_FOR_DATABASE: Duration = Duration::from_secs(5);

/// A person, as the customer's own database is to know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Clerk's id.
    pub clerk_user_id: String,
    /// The address; none when only the id is known, which is enough for somebody who has left.
    pub email: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// A picture.
    pub avatar_url: Option<String>,
    /// The role's key: `org:admin`.
    pub role: String,
    /// Whether they are in the organization.
    pub is_member: bool,
}

/// Why a customer's database doesn't know a person.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// Trying again helps.
    #[error("the customer's database can't be reached: {0}")]
    Away(#[source] Box<dyn Error + Send + Sync>),
    /// Somebody has to do something about it.
    #[error("{0}")]
    Refused(String),
}

/// The users in the customers' own databases.
#[async_trait]
pub trait CustomerPeople: Send + Sync {
    /// Makes a customer's database know a person as they are.
    async fn put(&self, customer: CustomerId, person: &Person) -> Result<(), PeopleError>;
}

/// Asks for the job, in the transaction of whatever it is about.
pub(crate) async fn request(client: &impl GenericClient, organization: &str) -> Result<(), CatalogError> {
    let job =
        NewJob::new(KIND, json!({ "clerk_org_id": organization })).unique(format!("{KIND}:{organization}"));
    jobs::enqueue(client, &job).await.map(drop)
}

/// Which organization.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    clerk_org_id: String,
}

/// Tells a customer's own database who its people are.
pub struct SyncPeople {
    catalog: Catalog,
    people: Arc<dyn CustomerPeople>,
}

impl SyncPeople {
    /// The job, for a worker.
    #[must_use]
    pub fn new(catalog: Catalog, people: Arc<dyn CustomerPeople>) -> Self {
        Self { catalog, people }
    }

    async fn sync(&self, organization: &str) -> Result<JobOutcome, JobError> {
        let found = {
            let client = self.catalog.client().await.map_err(JobError::retry)?;
            organizations::customer(&client, organization).await.map_err(JobError::retry)?
        };
        let customer = match found {
            Some((customer, Lifecycle::Ready)) => customer,
            Some((_, Lifecycle::Provisioning)) => return Ok(JobOutcome::Later(WAIT_FOR_DATABASE)),
            // When the organization becomes a customer, the scan finds who is to be told of.
            Some((_, Lifecycle::Deleting | Lifecycle::Deleted)) | None => return Ok(JobOutcome::Done),
        };
        // Until there is nobody left: who changes while this runs asks for no further job.
        loop {
            let client = self.catalog.client().await.map_err(JobError::retry)?;
            let waiting =
                memberships::unsynced(&client, organization, AT_ONCE).await.map_err(JobError::retry)?;
            drop(client);
            if waiting.is_empty() {
                return Ok(JobOutcome::Done);
            }
            for person in waiting {
                self.tell(customer, organization, person).await?;
            }
        }
    }

    async fn tell(
        &self,
        customer: CustomerId,
        organization: &str,
        waiting: Unsynced,
    ) -> Result<(), JobError> {
        let (user, version) = (waiting.clerk_user_id.clone(), waiting.version);
        let refusal = match self.people.put(customer, &person(waiting)).await {
            Ok(()) => None,
            Err(PeopleError::Refused(why)) => {
                tracing::warn!(%customer, user, why, "a customer's database doesn't take a user");
                Some(why)
            }
            Err(error @ PeopleError::Away(_)) => return Err(JobError::retry(error)),
        };
        // The version that was read: a change that came meanwhile has a later one, and is told of next.
        let client = self.catalog.client().await.map_err(JobError::retry)?;
        memberships::synced(&client, (organization, &user), version, refusal.as_deref())
            .await
            .map_err(JobError::retry)
    }
}

fn person(waiting: Unsynced) -> Person {
    Person {
        clerk_user_id: waiting.clerk_user_id,
        email: waiting.email,
        name: waiting.name,
        avatar_url: waiting.avatar_url,
        role: waiting.role,
        is_member: waiting.is_member,
    }
}

#[async_trait]
impl Job for SyncPeople {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, payload: Value, _context: &JobContext) -> Result<JobOutcome, JobError> {
        let Payload { clerk_org_id } = serde_json::from_value(payload).map_err(JobError::permanent)?;
        self.sync(&clerk_org_id).await
    }
}
