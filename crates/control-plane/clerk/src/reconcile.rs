//! The comparison with Clerk: finds what a webhook missed, and mends it.
//!
//! What Clerk's Backend API says holds since the moment at which the comparison began, by Clerk's clock: all that is compared
//! with it comes from there too. A row that a webhook wrote since then is younger, and stays.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use ::jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use async_trait::async_trait;
use catalog::clerk::memberships::Membership;
use catalog::clerk::organizations::Organization;
use catalog::clerk::reconciliations::{self, Reconciliation};
use catalog::clerk::{memberships, organizations, users};
use catalog::{Catalog, CatalogError, GenericClient};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::apply::{self, put_organization, put_user};
use crate::backend::{Backend, BackendError};
use crate::event::{MembershipData, OrganizationData};
use crate::people;
use crate::process::{Followers, ProcessMessage};

/// The job's kind.
pub(crate) const KIND: &str = "clerk_reconcile";
/// How many organizations may be gone at once, if they are more than a tenth of all: more than that is a wrong key rather than
/// so many deletions.
const GONE_AT_ONCE: usize = 5;

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Drift {
    OrganizationMissing { organization: String },
    OrganizationChanged { organization: String },
    OrganizationGone { organization: String },
    CustomerMissing { organization: String },
    MembershipMissing { organization: String, user: String },
    RoleChanged { organization: String, user: String },
    MembershipGone { organization: String, user: String },
}

/// What to do.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Payload {
    /// Say what is different, and leave it.
    pub(crate) dry_run: bool,
}

#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("{0}")]
    UseCase(String),
}

/// Compares with Clerk, and mends.
pub struct Reconcile {
    followers: Followers,
    backend: Backend,
    every: Duration,
}

/// One comparison.
struct Comparison<'a> {
    catalog: &'a Catalog,
    backend: &'a Backend,
    /// By our clock, for people.
    began_at: DateTime<Utc>,
    /// By Clerk's clock: since when what it says holds.
    started_at: DateTime<Utc>,
    dry_run: bool,
    drift: Vec<Drift>,
    organizations: usize,
    memberships: usize,
    left_alone: Option<String>,
}

impl Reconcile {
    /// The job, for a worker; beside the one that does what messages say.
    #[must_use]
    pub fn beside(process: &ProcessMessage, backend: Backend, every: Duration) -> Self {
        Self { followers: process.followers(), backend, every }
    }

    async fn reconcile(&self, dry_run: bool) -> Result<(), Stopped> {
        let mut comparison = Comparison {
            catalog: &self.followers.catalog,
            backend: &self.backend,
            began_at: Utc::now(),
            started_at: DateTime::UNIX_EPOCH,
            dry_run,
            drift: Vec::new(),
            organizations: 0,
            memberships: 0,
            left_alone: None,
        };
        let outcome = comparison.compare(&self.followers).await;
        comparison.write(outcome.as_ref().err()).await?;
        outcome
    }
}

impl Comparison<'_> {
    async fn compare(&mut self, followers: &Followers) -> Result<(), Stopped> {
        self.started_at = self.backend.now().await?;
        let theirs = self.backend.organizations().await?;
        self.organizations = theirs.len();
        let ours = {
            let client = self.catalog.client().await?;
            organizations::all(&client).await?
        };
        let ours: HashMap<&str, &Organization> =
            ours.iter().map(|organization| (organization.clerk_org_id.as_str(), organization)).collect();
        for organization in &theirs {
            self.compare_organization(ours.get(organization.id.as_str()).copied(), organization).await?;
            self.follow(followers, &organization.id).await?;
            self.compare_members(&organization.id).await?;
        }
        let listed: HashSet<&str> = theirs.iter().map(|organization| organization.id.as_str()).collect();
        let missing: Vec<&Organization> = ours
            .values()
            .filter(|known| {
                !listed.contains(known.clerk_org_id.as_str()) && known.changed_at < self.started_at
            })
            .copied()
            .collect();
        self.end_organizations(followers, ours.len(), &missing).await
    }

    async fn compare_organization(
        &mut self,
        ours: Option<&Organization>,
        theirs: &OrganizationData,
    ) -> Result<(), Stopped> {
        let organization = theirs.id.clone();
        match ours {
            Some(ours) if ours.name == theirs.name && ours.slug == theirs.slug => return Ok(()),
            Some(ours) if ours.changed_at >= self.started_at => return Ok(()),
            Some(_) => self.drift.push(Drift::OrganizationChanged { organization }),
            None => self.drift.push(Drift::OrganizationMissing { organization }),
        }
        if self.dry_run {
            return Ok(());
        }
        let mut client = self.catalog.client().await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        catalog::clerk::lock(&transaction, &theirs.id).await?;
        put_organization(&transaction, &apply::organization(theirs, self.started_at)).await?;
        Ok(transaction.commit().await.map_err(CatalogError::from)?)
    }

    /// An organization that is there has a customer.
    async fn follow(&mut self, followers: &Followers, id: &str) -> Result<(), Stopped> {
        let client = self.catalog.client().await?;
        if organizations::customer(&client, id).await?.is_some() {
            return Ok(());
        }
        drop(client);
        self.drift.push(Drift::CustomerMissing { organization: id.to_owned() });
        if self.dry_run {
            return Ok(());
        }
        let followed = followers.follow_organization(id).await;
        followed.map(drop).map_err(|error| Stopped::UseCase(error.to_string()))
    }

    async fn compare_members(&mut self, organization: &str) -> Result<(), Stopped> {
        let theirs = self.backend.memberships(organization).await?;
        self.memberships += theirs.len();
        let ours = {
            let client = self.catalog.client().await?;
            memberships::of_organization(&client, organization).await?
        };
        let ours: HashMap<&str, &Membership> =
            ours.iter().map(|known| (known.clerk_user_id.as_str(), known)).collect();
        let mut listed = HashSet::new();
        for member in &theirs {
            let user = &member.public_user_data.user_id;
            listed.insert(user.as_str());
            match ours.get(user.as_str()) {
                Some(known) if known.changed_at >= self.started_at => continue,
                Some(known) if known.removed_at.is_none() && known.role == member.role => continue,
                Some(known) if known.removed_at.is_none() => self
                    .drift
                    .push(Drift::RoleChanged { organization: organization.to_owned(), user: user.clone() }),
                _ => self.drift.push(Drift::MembershipMissing {
                    organization: organization.to_owned(),
                    user: user.clone(),
                }),
            }
            if !self.dry_run {
                self.begin_membership(member).await?;
            }
        }
        for known in ours.values() {
            let is_gone = known.removed_at.is_none()
                && known.changed_at < self.started_at
                && !listed.contains(known.clerk_user_id.as_str());
            if is_gone {
                self.end_membership(known).await?;
            }
        }
        Ok(())
    }

    async fn begin_membership(&self, member: &MembershipData) -> Result<(), Stopped> {
        let id = &member.public_user_data.user_id;
        let is_known = {
            let client = self.catalog.client().await?;
            users::get(&client, id).await?.is_some()
        };
        // Asked for before the transaction: nothing is held while somebody far away answers.
        let user = if is_known { None } else { self.backend.user(id).await? };
        let mut client = self.catalog.client().await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        if let Some(user) = &user {
            put_user(&transaction, &apply::user(user, self.started_at)).await?;
        }
        catalog::clerk::lock(&transaction, id).await?;
        apply::put_membership(&transaction, &apply::membership(member, self.started_at, None)).await?;
        people::request(&transaction, &member.organization.id).await?;
        Ok(transaction.commit().await.map_err(CatalogError::from)?)
    }

    async fn end_membership(&mut self, known: &Membership) -> Result<(), Stopped> {
        self.drift.push(Drift::MembershipGone {
            organization: known.clerk_org_id.clone(),
            user: known.clerk_user_id.clone(),
        });
        if self.dry_run {
            return Ok(());
        }
        let mut client = self.catalog.client().await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let ended =
            Membership { changed_at: self.started_at, removed_at: Some(self.started_at), ..known.clone() };
        apply::put_membership(&transaction, &ended).await?;
        people::request(&transaction, &known.clerk_org_id).await?;
        Ok(transaction.commit().await.map_err(CatalogError::from)?)
    }

    /// Whoever isn't listed is asked for by name before anything is done about it.
    async fn end_organizations(
        &mut self,
        followers: &Followers,
        known: usize,
        missing: &[&Organization],
    ) -> Result<(), Stopped> {
        if missing.len() > GONE_AT_ONCE && missing.len() * 10 > known {
            self.left_alone = Some(format!(
                "{} of {known} organizations aren't there any more: that looks like another instance's key, and nothing is \
                 done about them",
                missing.len()
            ));
            return Ok(());
        }
        for organization in missing {
            let id = &organization.clerk_org_id;
            if self.backend.has_organization(id).await? {
                continue;
            }
            self.drift.push(Drift::OrganizationGone { organization: id.clone() });
            if self.dry_run {
                continue;
            }
            let client = self.catalog.client().await?;
            organizations::put(&client, &apply::deleted_organization(id, self.started_at)).await?;
            drop(client);
            followers.follow_organization(id).await.map_err(|error| Stopped::UseCase(error.to_string()))?;
        }
        Ok(())
    }

    async fn write(&self, stopped: Option<&Stopped>) -> Result<(), CatalogError> {
        let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let row = Reconciliation {
            started_at: self.began_at,
            finished_at: Utc::now(),
            organizations: count(self.organizations),
            memberships: count(self.memberships),
            drift: json!(self.drift),
            error: stopped.map(ToString::to_string).or_else(|| self.left_alone.clone()),
        };
        let client = self.catalog.client().await?;
        write_down(&client, &row).await?;
        let (drift, mended) = (self.drift.len(), !self.dry_run);
        tracing::info!(
            row.organizations,
            row.memberships,
            drift,
            mended,
            error = row.error,
            "compared with Clerk"
        );
        Ok(())
    }
}

async fn write_down(client: &impl GenericClient, row: &Reconciliation) -> Result<(), CatalogError> {
    reconciliations::insert(client, row).await.map(drop)
}

#[async_trait]
impl Job for Reconcile {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(self.every))
    }

    async fn run(&self, payload: Value, _context: &JobContext) -> Result<JobOutcome, JobError> {
        // What the schedule says of the period is nothing to us.
        let Payload { dry_run } = serde_json::from_value(payload).unwrap_or_default();
        match self.reconcile(dry_run).await {
            Ok(()) => Ok(JobOutcome::Done),
            Err(Stopped::Backend(BackendError::TooMany(pause))) => Ok(JobOutcome::Later(pause)),
            Err(Stopped::Backend(error @ (BackendError::Refused(_) | BackendError::Timeless))) => {
                Err(JobError::permanent(error))
            }
            Err(error) => Err(JobError::retry(error)),
        }
    }
}
