//! The job that does what a message says.

use std::time::Duration;

use ::jobs::{Job, JobContext, JobError, JobOutcome, NewJob};
use async_trait::async_trait;
use catalog::clerk::messages::{self, Ending};
use catalog::clerk::{self as rows, organizations};
use catalog::{Catalog, CatalogError};
use chrono::{DateTime, TimeDelta, Utc};
use customers::sign_up::{OrganizationSignUp, sign_up_organization};
use customers::{Actor, ControlPlane, UseCaseError, subscription};
use domain::Plan;
use domain::clerk::MessageStatus;
use domain::customer::Lifecycle;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::apply::{self, Applied, apply};
use crate::event::{self, Event};

/// The reason that is given for the suspension.
const DELETED: &str = "the organization was deleted at the identity provider";
/// When a customer whose database is being made is looked at again.
const WAIT_FOR_DATABASE: Duration = Duration::from_secs(5);
/// For how long a message waits for its user.
const PATIENCE: TimeDelta = TimeDelta::hours(24);

/// The job's kind.
pub(crate) const KIND: &str = "clerk_message";

/// Which message.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    message_id: String,
}

/// The job that does what this message says.
pub(crate) fn job(message_id: &str) -> NewJob {
    NewJob::new(KIND, json!({ "message_id": message_id })).unique(format!("{KIND}:{message_id}"))
}

/// What a change of an organization is followed by.
#[derive(Clone)]
pub(crate) struct Followers {
    pub(crate) control_plane: ControlPlane,
    pub(crate) catalog: Catalog,
    /// What a new organization tries.
    pub(crate) plan: Plan,
}

/// Does what a message says.
pub struct ProcessMessage(Followers);

impl ProcessMessage {
    /// The job, for a worker; new organizations try this plan.
    #[must_use]
    pub fn new(control_plane: ControlPlane, catalog: Catalog, plan: Plan) -> Self {
        Self(Followers { control_plane, catalog, plan })
    }

    pub(crate) fn followers(&self) -> Followers {
        self.0.clone()
    }

    async fn process(&self, id: &str) -> Result<JobOutcome, UseCaseError> {
        let mut client = self.0.catalog.client().await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        // Held, so that a message is done once even if two workers believe to have its job.
        let Some((message, payload)) = messages::lock(&transaction, id).await? else {
            return Ok(JobOutcome::Done);
        };
        if message.status != MessageStatus::Waiting {
            return Ok(JobOutcome::Done);
        }
        let event = match Event::parse(&message.event_type, &payload) {
            Ok(event) => event,
            Err(error) => {
                tracing::warn!(%error, message = id, "a message of Clerk can't be understood");
                let detail = error.to_string();
                messages::end(&transaction, id, &failed(&detail)).await?;
                transaction.commit().await.map_err(CatalogError::from)?;
                return Ok(JobOutcome::Done);
            }
        };
        let at = event::moment(&message.event_type, message.occurred_at);
        let applied = apply(&transaction, &event, at).await?;
        if let Applied::OrganizationFollows(organization) = &applied {
            // First what is known, then what follows from it: that takes time, and may be done twice.
            transaction.commit().await.map_err(CatalogError::from)?;
            if !self.0.follow_organization(organization).await? {
                return Ok(JobOutcome::Later(WAIT_FOR_DATABASE));
            }
            messages::end(&client, id, &applied.ending()).await?;
            return Ok(JobOutcome::Done);
        }
        let ending = match &applied {
            Applied::WaitsFor(_) if has_waited_too_long(message.created_at, Utc::now()) => {
                failed("its user never came: replay it when the user is known")
            }
            applied => applied.ending(),
        };
        messages::end(&transaction, id, &ending).await?;
        transaction.commit().await.map_err(CatalogError::from)?;
        Ok(JobOutcome::Done)
    }

    async fn give_up(&self, id: &str, error: &UseCaseError) -> Result<(), CatalogError> {
        let client = self.0.catalog.client().await?;
        messages::end(&client, id, &failed(&error.to_string())).await
    }
}

impl Followers {
    /// Makes the customer of an organization be as the organization is. `false`: not yet, the customer's database is being
    /// made.
    pub(crate) async fn follow_organization(&self, id: &str) -> Result<bool, UseCaseError> {
        let client = self.catalog.client().await?;
        let Some(organization) = organizations::get(&client, id).await? else { return Ok(true) };
        let customer = organizations::customer(&client, id).await?;
        match (customer, organization.deleted_at) {
            (None, Some(_)) => Ok(true),
            (None, None) => {
                drop(client);
                let creator = organization.created_by.clone();
                let sign_up = OrganizationSignUp {
                    clerk_org_id: organization.clerk_org_id,
                    clerk_admin_user_id: organization.created_by,
                    name: organization.name,
                    slug: organization.slug,
                    plan: self.plan,
                };
                let begun = sign_up_organization(&self.control_plane, &Actor::system(), &sign_up).await?;
                if let Some(operation) = begun {
                    tracing::info!(organization = id, operation = %operation.id, "an organization becomes a customer");
                }
                self.give_billing_address(creator.as_deref()).await?;
                Ok(true)
            }
            (Some((_, Lifecycle::Ready | Lifecycle::Provisioning)), None) => {
                drop(client);
                self.give_billing_address(organization.created_by.as_deref()).await?;
                Ok(true)
            }
            (Some((customer, Lifecycle::Ready)), Some(_)) => {
                let customer = customer.to_string();
                let system = Actor::system();
                subscription::suspend_with_grace(&self.control_plane, &system, &customer, DELETED).await?;
                Ok(true)
            }
            // It is made first, and suspended then: an operation that is under way is not taken back half done.
            (Some((_, Lifecycle::Provisioning)), Some(_)) => Ok(false),
            (Some((_, Lifecycle::Deleting | Lifecycle::Deleted)), _) => Ok(true),
        }
    }

    /// Invoices go to who made the organization, until somebody says otherwise. Asked after the customer is there, under the
    /// lock of the user: a message that tells of the user meanwhile has either committed before this (and the user is seen
    /// here), or begins after it (and sees the customer). Without the lock both could miss the other.
    async fn give_billing_address(&self, creator: Option<&str>) -> Result<(), CatalogError> {
        let Some(creator) = creator else { return Ok(()) };
        let mut client = self.catalog.client().await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        rows::lock(&transaction, creator).await?;
        apply::give_billing_address(&transaction, creator).await?;
        transaction.commit().await.map_err(CatalogError::from)?;
        Ok(())
    }
}

fn failed(detail: &str) -> Ending<'_> {
    Ending { status: MessageStatus::Failed, detail: Some(detail), waits_for: None }
}

fn has_waited_too_long(since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - since > PATIENCE
}

#[async_trait]
impl Job for ProcessMessage {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// Who was removed at Clerk is out at once, whatever else there is to do.
    fn runs_apart(&self) -> bool {
        true
    }

    async fn run(&self, payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        let Payload { message_id } = serde_json::from_value(payload).map_err(JobError::permanent)?;
        match self.process(&message_id).await {
            Ok(outcome) => Ok(outcome),
            Err(error) => {
                if context.attempt >= context.max_attempts {
                    // The message says why, too: that is where somebody looks.
                    self.give_up(&message_id, &error).await.map_err(JobError::retry)?;
                }
                Err(JobError::retry(error))
            }
        }
    }
}
