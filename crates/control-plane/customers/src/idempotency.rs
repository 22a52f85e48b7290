//! `Idempotency-Key` on the operator API: a request is done once, and its answer is given again for a day.
//!
//! What is kept where: a row in the admin database, written before the request is done. The server that does it renews
//! a lease on the row. A row without an answer whose lease is over belongs to a server that died: the request may have
//! taken effect, so nobody does it again under this key.

use std::future::Future;
use std::time::Duration;

use catalog::idempotency::{self as rows, Claim, NewRequest, StoredAnswer};
use catalog::{Catalog, CatalogError, GenericClient};
use data_keys::DataKeyError;
use domain::operator::Asked;
use secrets::token::sha256_hex_of_parts;
use secrets::{OperatorSeal, SecretString};
use serde_json::{Map, Value};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{Actor, ControlPlane, Right, UseCaseError};

/// How long a server that doesn't renew is believed to live.
const LEASE: Duration = Duration::from_secs(30);

/// How often the lease is renewed: two renewals may fail.
const RENEW_EVERY: Duration = Duration::from_secs(10);

/// How often, and how long apart, an ending is offered to an admin database that is away: for as long as the lease.
const END_ATTEMPTS: u32 = 15;
const END_EVERY: Duration = Duration::from_secs(2);

/// How many keys one call of [`remove_expired`] removes.
const KEYS_AT_ONCE: u32 = 1000;

/// Where answers are sealed for.
const PLACE: &str = "admin_idempotency_keys.response_body_sealed";

/// A request with a key of its caller's.
#[derive(Debug, Clone, Copy)]
pub struct KeyedRequest<'a> {
    /// Who asks.
    pub actor: &'a Actor,
    /// How.
    pub method: &'a str,
    /// Where: the path as it was sent, without the query.
    pub path: &'a str,
    /// The query as it was sent.
    pub query: &'a str,
    /// The body as it was sent.
    pub body: &'a [u8],
    /// The caller's key.
    pub key: &'a str,
}

/// An answer that is given again.
#[derive(Debug, Clone)]
pub struct KeptAnswer {
    /// The status.
    pub status: u16,
    /// The headers that belong to the answer, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body. It may show an API key.
    pub body: SecretString,
}

/// What is to be done about a request.
#[derive(Debug)]
pub enum Begun {
    /// It is new: do it.
    New(Attempt),
    /// It was done: this is the answer.
    Done(KeptAnswer),
    /// Its key was used for something else.
    Reused,
    /// It is being done.
    Running,
    /// Whether it was done isn't known, or its answer can't be read any more.
    Unknown,
}

/// A request that is being done under a key.
#[derive(Debug)]
pub struct Attempt {
    id: Uuid,
    catalog: Catalog,
    seal: OperatorSeal,
}

/// Looks the request's key up, and takes it when it is free. An answer is given again to who may still do what was done:
/// every permission that was asked for then is asked for now.
///
/// # Errors
/// [`UseCaseError::Unavailable`] when the admin database is away: then the request must not be done.
/// [`UseCaseError::Forbidden`] or [`UseCaseError::NotSignedIn`] when an answer is there, and not for this one.
pub async fn begin(control_plane: &ControlPlane, request: &KeyedRequest<'_>) -> Result<Begun, UseCaseError> {
    let KeyedRequest { actor, method, path, query, body, key } = *request;
    let operator = actor.admin_user_id.as_deref().unwrap_or_default();
    let new = NewRequest {
        id: Uuid::now_v7(),
        scope_hash: sha256_hex_of_parts(&[
            operator.as_bytes(),
            method.as_bytes(),
            path.as_bytes(),
            key.as_bytes(),
        ]),
        operator,
        method,
        path,
        key,
        fingerprint: sha256_hex_of_parts(&[path.as_bytes(), query.as_bytes(), body]),
    };
    let client = control_plane.catalog_of_the_system().client().await?;
    // Before the key is taken: a caller who hangs up between the two would leave it taken, and nothing done.
    let seal = data_keys::platform_seal(&client, control_plane.keys(), PLACE).await;
    Ok(match rows::claim(&client, &new, LEASE).await? {
        Claim::Won => match seal {
            Ok(seal) => Begun::New(Attempt {
                id: new.id,
                catalog: control_plane.catalog_of_the_system().clone(),
                seal,
            }),
            // Nothing was done, so the key is given back. When that fails, too, the lease runs out.
            Err(error) => {
                rows::free(&client, new.id).await?;
                return Err(error.into());
            }
        },
        Claim::Reused => Begun::Reused,
        Claim::Running => Begun::Running,
        Claim::Unknown => Begun::Unknown,
        Claim::Done(id, answer) => {
            if !ask_again(actor, &answer)? {
                return Ok(Begun::Unknown);
            }
            match open(&client, control_plane, id, &answer).await {
                Ok(body) => {
                    Begun::Done(KeptAnswer { status: answer.status, headers: texts(answer.headers), body })
                }
                Err(error) if error.is_temporary() => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "a kept answer can't be opened");
                    Begun::Unknown
                }
            }
        }
    })
}

/// Asks for all that was asked for when the request was done. `false` when that isn't known.
fn ask_again(actor: &Actor, answer: &StoredAnswer) -> Result<bool, UseCaseError> {
    let Some(permissions) = &answer.asked_permissions else { return Ok(false) };
    for permission in permissions {
        let Ok(right) = permission.parse::<Right>() else { return Ok(false) };
        actor.permit(right)?;
    }
    if answer.asked_session {
        actor.own_account()?;
    }
    Ok(true)
}

async fn open(
    client: &impl GenericClient,
    control_plane: &ControlPlane,
    id: Uuid,
    answer: &StoredAnswer,
) -> Result<SecretString, DataKeyError> {
    let seal = data_keys::platform_seal_for(client, control_plane.keys(), PLACE, &answer.body_sealed).await?;
    Ok(seal.open(id, &answer.body_sealed)?)
}

fn texts(headers: Value) -> Vec<(String, String)> {
    let Value::Object(headers) = headers else { return Vec::new() };
    headers.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
}

/// What is written of an attempt that is over.
enum Ending {
    Keep(StoredAnswer),
    Free,
    Unknown,
}

/// Ends a task when it is dropped, so that a renewal never outlives the work.
struct Renewal(JoinHandle<()>);

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Attempt {
    /// Does the work, and says all the while that it is being done.
    pub async fn hold_while<T>(&self, work: impl Future<Output = T>) -> T {
        let (catalog, id) = (self.catalog.clone(), self.id);
        let _renewal = Renewal(tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEW_EVERY).await;
                // One that fails is made up for by the next; when all do, the outcome counts as unknown meanwhile.
                if let Err(error) = renew(&catalog, id).await {
                    tracing::warn!(%error, "an idempotency key can't be held right now");
                }
            }
        }));
        work.await
    }

    /// Keeps the answer, before it is sent, and what was asked of whoever gets it.
    pub async fn keep(self, answer: KeptAnswer, asked: Asked) {
        let ending = match self.seal.seal(self.id, &answer.body) {
            Ok(body_sealed) => {
                let headers: Map<_, _> =
                    answer.headers.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
                Ending::Keep(StoredAnswer {
                    status: answer.status,
                    headers: headers.into(),
                    body_sealed,
                    asked_permissions: Some(asked.rights.iter().map(|right| right.to_string()).collect()),
                    asked_session: asked.own_account,
                })
            }
            Err(error) => {
                tracing::error!(%error, "an answer can't be sealed, so it is not kept");
                Ending::Unknown
            }
        };
        self.end(ending).await;
    }

    /// Gives the key back: nothing was done, so that the same request may be tried again.
    pub async fn free(self) {
        self.end(Ending::Free).await;
    }

    /// Says that nobody knows whether it was done.
    pub async fn leave_unknown(self) {
        self.end(Ending::Unknown).await;
    }

    /// Writes the ending. When the admin database is away this goes on trying, and the answer may be sent meanwhile. An
    /// ending that can't be written is an unknown outcome once the lease is over, which is the careful side.
    async fn end(self, ending: Ending) {
        // The first connection of the pool may have died with the database's restart, and nobody told it yet.
        for _ in 0..2 {
            if self.try_to_end(&ending).await.is_ok() {
                return;
            }
        }
        tokio::spawn(async move {
            for _ in 0..END_ATTEMPTS {
                tokio::time::sleep(END_EVERY).await;
                if self.try_to_end(&ending).await.is_ok() {
                    return;
                }
            }
            tracing::error!("an idempotency key could not be settled: it says that the outcome is unknown");
        });
    }

    async fn try_to_end(&self, ending: &Ending) -> Result<(), CatalogError> {
        let client = self.catalog.client().await?;
        match ending {
            Ending::Keep(answer) => rows::keep(&client, self.id, answer).await,
            Ending::Free => rows::free(&client, self.id).await,
            Ending::Unknown => rows::leave_unknown(&client, self.id).await,
        }
    }
}

async fn renew(catalog: &Catalog, id: Uuid) -> Result<(), CatalogError> {
    rows::renew(&catalog.client().await?, id, LEASE).await
}

/// Removes keys whose day is over, a batch of them; how many there were.
///
/// # Errors
/// When the admin database can't be asked.
pub async fn remove_expired(control_plane: &ControlPlane) -> Result<u64, UseCaseError> {
    let client = control_plane.catalog_of_the_system().client().await?;
    Ok(rows::remove_expired(&client, KEYS_AT_ONCE).await?)
}
