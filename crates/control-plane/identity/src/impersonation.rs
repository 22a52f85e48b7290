//! Impersonation: an operator acts in a customer's place, for a reason, for half an hour at most, and reading unless they
//! ask for more and may. The customer's own log tells of it before it begins.

use std::error::Error;
use std::net::IpAddr;

use async_trait::async_trait;
use catalog::api_keys::{self, ApiKeyRecord, NewApiKey, NewImpersonation};
use catalog::audit::AuditEntry;
use catalog::customers::{self as customer_rows, Customer};
use catalog::{Catalog, CatalogError, Page, PageRequest, Transaction, audit, names, operators};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use customers::{Actor, FieldCheck, Right, UseCaseError, commit};
use domain::audit::AuditAction;
use domain::customer::{ApiKeyStatus, Lifecycle};
use domain::{ApiKeyId, CustomerId, Forbidden, Permission, RateLimitPeriod, Rights};
use secrets::ApiKey;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Identity;

/// How long one lasts unless told otherwise, in minutes.
pub const DEFAULT_MINUTES: i64 = 15;
/// How long at most.
pub const LONGEST_MINUTES: i64 = 30;
/// Enough for a person, and too little to carry a customer's data away unnoticed.
const REQUESTS_PER_MINUTE: i32 = 120;
/// How many are shown.
const SHOWN: i64 = 100;
/// Of how many ends customers are told at once.
const TOLD_AT_ONCE: i64 = 100;

/// What the customer is told.
#[derive(Debug)]
pub struct Note<'a> {
    /// `impersonation_started` or `impersonation_ended`.
    pub action: &'static str,
    /// The customer.
    pub customer: CustomerId,
    /// The impersonation.
    pub id: ApiKeyId,
    /// The operator's address.
    pub impersonator: &'a str,
    /// Where they are.
    pub address: Option<IpAddr>,
    /// Why, until when and what for.
    pub told: Value,
}

/// Why a customer's log can't be written to.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Trying again helps.
    #[error("the customer's database can't be reached: {0}")]
    Away(#[source] Box<dyn Error + Send + Sync>),
    /// It refused.
    #[error("the customer's database refused: {0}")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// It is of a version that has no place for it.
    #[error("the customer's database has no place for it: {0}")]
    TooOld(#[source] Box<dyn Error + Send + Sync>),
}

/// The log in a customer's own database.
#[async_trait]
pub trait CustomerLog: Send + Sync {
    /// Writes a note.
    async fn write(&self, note: &Note<'_>) -> Result<(), LogError>;
}

/// What somebody asks for, unchecked.
#[derive(Debug, Clone, Default)]
pub struct ImpersonationRequest {
    /// Why: the customer reads it.
    pub reason: String,
    /// For how long; 15 when not given.
    pub minutes: Option<i64>,
    /// Whether to write, too.
    pub write: bool,
}

struct Checked {
    reason: String,
    minutes: TimeDelta,
}

impl Identity {
    /// Begins to act in a customer's place. The key is shown once, and used as any key of the customer's.
    ///
    /// # Errors
    /// With every wrong field; [`UseCaseError::Conflict`] when the customer has no database that could tell of it.
    pub async fn impersonate(
        &self,
        actor: &Actor,
        customer: &str,
        request: &ImpersonationRequest,
        log: &dyn CustomerLog,
    ) -> Result<(ApiKeyRecord, ApiKey), UseCaseError> {
        let mut permit = actor.permit(Right::CustomersImpersonate)?;
        if request.write {
            permit = actor.permit(Right::CustomersImpersonateWrite)?;
        }
        // A person, who is signed in: a token that leaked acts in nobody's place.
        let account = actor.own_account()?;
        let checked = check(request)?;
        let mut client = self.client(&permit).await?;
        let operator = operators::get(&client, account.operator_id()).await?.ok_or_else(no_operator)?;
        let found = customer_rows::by_slug_or_id(&client, customer).await?;
        let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
        check_state(&found)?;

        let key = ApiKey::generate();
        let new = new_key(&found, &key, &operator.email, (operator.id, &checked), request.write);
        // First the customer is told: an impersonation that they don't know of never begins. One that they were told of may
        // not begin after all; then they see no end of it, and no trace of its key either.
        let note = Note {
            action: "impersonation_started",
            customer: found.id,
            id: new.id,
            impersonator: &operator.email,
            address: actor.ip_address,
            told: told(&checked.reason, new.expires_at, request.write),
        };
        log.write(&note).await.map_err(not_told)?;

        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        // Who was kept out meanwhile, or lost the role, doesn't begin.
        let still = operators::lock(&transaction, operator.id).await?;
        let still = still.filter(|operator| operator.disabled_at.is_none()).ok_or_else(no_operator)?;
        let rights = Rights::of_roles(&still.roles);
        if !rights.has(permit.right()) {
            return Err(Forbidden(permit.right()).into());
        }
        let row = api_keys::insert(&transaction, &new).await?;
        write_started(&transaction, actor, &row, request.write).await?;
        commit(transaction).await?;
        Ok((row, key))
    }

    /// Ends an impersonation of one's own. Asking twice changes nothing. No right is asked for but that it is theirs: who may not
    /// begin any more may all the more end what they began.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when the operator has no such one at this customer.
    pub async fn end_impersonation(
        &self,
        actor: &Actor,
        customer: &str,
        id: ApiKeyId,
        log: &dyn CustomerLog,
    ) -> Result<ApiKeyRecord, UseCaseError> {
        let account = actor.own_account()?;
        let mut client = self.client_of(&account).await?;
        // One answer for customers whom there isn't and whom they never acted for: nobody without a right learns who is a customer.
        let found = customer_rows::by_slug_or_id(&client, customer).await?.ok_or_else(no_impersonation)?;
        let key = api_keys::get(&client, found.id, id).await?;
        let key = key.filter(|key| key.impersonated_by == Some(account.operator_id()));
        key.ok_or_else(no_impersonation)?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let revoked = api_keys::revoke(&transaction, found.id, id).await?.ok_or_else(no_impersonation)?;
        if revoked.is_new {
            write_ended(&transaction, actor, &revoked.key).await?;
        }
        commit(transaction).await?;
        if revoked.is_new {
            let operator = operators::get(&client, account.operator_id()).await?;
            let note = Note {
                action: "impersonation_ended",
                customer: found.id,
                id,
                impersonator: operator.as_ref().map_or("", |operator| &operator.email),
                address: actor.ip_address,
                told: json!({ "status": ApiKeyStatus::Revoked }),
            };
            // It has ended, whether or not the customer's database is there to be told: the worker tells them later.
            match log.write(&note).await {
                Ok(()) => api_keys::end_is_told(&client, id).await?,
                Err(error) => {
                    tracing::warn!(%error, customer = %found.id, "a customer isn't told that an impersonation has ended");
                }
            }
        }
        Ok(revoked.key)
    }

    /// Who acts, or acted, in a customer's place, the newest first.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] for an unknown customer.
    pub async fn impersonations(
        &self,
        actor: &Actor,
        customer: &str,
        page: &PageRequest,
    ) -> Result<Page<ApiKeyRecord>, UseCaseError> {
        let permit = actor.permit(Right::AuditRead)?;
        let client = self.client(&permit).await?;
        let found = customer_rows::by_slug_or_id(&client, customer).await?;
        let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
        Ok(api_keys::impersonations(&client, found.id, page).await?)
    }
}

/// An impersonation of one's own, and whom it is of.
#[derive(Debug)]
pub struct OwnImpersonation {
    /// Its key.
    pub key: ApiKeyRecord,
    /// The customer's name for people.
    pub customer_name: Option<String>,
    /// The customer's short name.
    pub customer_slug: Option<String>,
}

impl Identity {
    /// In whose place whoever is signed in acts, or acted, the newest first. `active` leaves the others out.
    ///
    /// # Errors
    /// For whoever isn't signed in.
    pub async fn own_impersonations(
        &self,
        actor: &Actor,
        active: Option<bool>,
    ) -> Result<Vec<OwnImpersonation>, UseCaseError> {
        let account = actor.own_account()?;
        let client = self.client_of(&account).await?;
        let keys = api_keys::impersonations_of(&client, account.operator_id(), active, SHOWN).await?;
        let customers: Vec<_> = keys.iter().map(|key| key.customer_id.uuid()).collect();
        let called = names::of_customers_with_slugs(&client, &customers).await?;
        let own = keys.into_iter().map(|key| {
            let called = called.get(&key.customer_id.uuid()).cloned();
            let (customer_name, customer_slug) =
                called.map_or((None, None), |(name, slug)| (Some(name), slug));
            OwnImpersonation { key, customer_name, customer_slug }
        });
        Ok(own.collect())
    }
}

/// Takes back those keys with which an operator acts in customers' places that these rights don't allow.
pub(crate) async fn end_without_right(
    transaction: &Transaction<'_>,
    actor: &Actor,
    operator: Uuid,
    rights: Rights,
) -> Result<(), CatalogError> {
    if rights.has(Right::CustomersImpersonate) && rights.has(Right::CustomersImpersonateWrite) {
        return Ok(());
    }
    let only_writing = rights.has(Right::CustomersImpersonate);
    for key in api_keys::revoke_impersonations(transaction, operator, only_writing).await? {
        write_ended(transaction, actor, &key).await?;
    }
    Ok(())
}

/// Takes every key back with which an operator acts in customers' places.
pub(crate) async fn end_all(
    transaction: &Transaction<'_>,
    actor: &Actor,
    operator: Uuid,
) -> Result<(), CatalogError> {
    end_without_right(transaction, actor, operator, Rights::NONE).await
}

fn check(request: &ImpersonationRequest) -> Result<Checked, UseCaseError> {
    let mut check = FieldCheck::default();
    let reason = check.name("reason", &request.reason, 500).unwrap_or_default();
    if (1..3).contains(&reason.chars().count()) {
        check.wrong("reason", "must say why: the customer reads it");
    }
    let minutes = request.minutes.unwrap_or(DEFAULT_MINUTES);
    if !(1..=LONGEST_MINUTES).contains(&minutes) {
        check.wrong("minutes", format!("must be from 1 to {LONGEST_MINUTES}"));
    }
    check.finish()?;
    Ok(Checked { reason, minutes: TimeDelta::minutes(minutes) })
}

fn check_state(customer: &Customer) -> Result<(), UseCaseError> {
    if customer.lifecycle == Lifecycle::Ready {
        return Ok(());
    }
    Err(UseCaseError::Conflict(
        "The customer's database isn't there, or isn't ready: nobody can act in their place.".to_owned(),
    ))
}

fn new_key(
    customer: &Customer,
    key: &ApiKey,
    email: &str,
    (operator_id, checked): (Uuid, &Checked),
    write: bool,
) -> NewApiKey {
    let name = format!("Impersonation by {email}").chars().take(100).collect();
    let permissions = if write { Permission::default_set() } else { Permission::read_all() };
    NewApiKey {
        permissions,
        expires_at: Some(Utc::now() + checked.minutes),
        rate_limit_requests: REQUESTS_PER_MINUTE,
        rate_limit_period: RateLimitPeriod::Minute,
        impersonation: Some(NewImpersonation { operator_id, reason: checked.reason.clone() }),
        ..NewApiKey::with_defaults(customer.id, name, key.hash(), key.display_prefix())
    }
}

fn told(reason: &str, until: Option<DateTime<Utc>>, write: bool) -> Value {
    json!({
        "reason": reason,
        "until": until.map(|until| until.to_rfc3339_opts(SecondsFormat::Secs, true)),
        "access": if write { "read and write" } else { "read" },
    })
}

async fn write_started(
    transaction: &Transaction<'_>,
    actor: &Actor,
    key: &ApiKeyRecord,
    write: bool,
) -> Result<(), CatalogError> {
    let reason = key.impersonation_reason.as_deref().unwrap_or_default();
    let entry = AuditEntry {
        customer_id: Some(key.customer_id),
        action: AuditAction::ImpersonationStarted,
        resource_type: "impersonation",
        resource_id: Some(key.id.to_string()),
        old_values: None,
        new_values: Some(told(reason, key.expires_at, write)),
    };
    audit::insert(transaction, actor, &entry).await?;
    Ok(())
}

async fn write_ended(
    transaction: &Transaction<'_>,
    actor: &Actor,
    key: &ApiKeyRecord,
) -> Result<(), CatalogError> {
    if let Some(entry) = customers::api_keys::ended(key) {
        audit::insert(transaction, actor, &entry).await?;
    }
    Ok(())
}

/// Tells customers that impersonations have ended of whose end they weren't told: because somebody else ended them, the time
/// was over, or their database was away. How many. What fails is tried again for a week.
///
/// # Errors
/// When the admin database can't be asked.
pub async fn tell_ends(catalog: &Catalog, log: &dyn CustomerLog) -> Result<usize, CatalogError> {
    let ends = api_keys::untold_ends(&catalog.client().await?, TOLD_AT_ONCE).await?;
    let mut told = 0;
    for end in ends {
        let note = Note {
            action: "impersonation_ended",
            customer: end.customer_id,
            id: end.id,
            impersonator: &end.email,
            address: None,
            told: json!({ "status": end.status }),
        };
        // Without a connection: the customer's database may be slow.
        match log.write(&note).await {
            Ok(()) => told += 1,
            Err(error @ LogError::Away(_)) => {
                tracing::warn!(%error, customer = %end.customer_id, "a customer isn't told yet that an impersonation has ended");
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, customer = %end.customer_id, "a customer can't be told that an impersonation has ended");
            }
        }
        api_keys::end_is_told(&catalog.client().await?, end.id).await?;
    }
    Ok(told)
}

fn not_told(error: LogError) -> UseCaseError {
    tracing::warn!(%error, "a customer can't be told of an impersonation");
    match error {
        LogError::Away(_) => UseCaseError::CustomerAway,
        LogError::Refused(_) => UseCaseError::Unexpected(Box::new(error)),
        LogError::TooOld(_) => UseCaseError::Conflict(
            "The customer's database is of an earlier version, whose log has no place for impersonations. Nobody can act in \
             their place before it is brought up to date."
                .to_owned(),
        ),
    }
}

fn no_operator() -> UseCaseError {
    UseCaseError::NotFound("Your account is no longer there, or disabled.".to_owned())
}

fn no_impersonation() -> UseCaseError {
    UseCaseError::NotFound("You have no such impersonation at this customer.".to_owned())
}
