//! What operators do with streams.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use catalog::audit::AuditEntry;
use catalog::audit_streams::{self as rows, Lag, NewStream, Stream, StreamChange};
use catalog::{CatalogError, Transaction, audit};
use customers::{Actor, ControlPlane, FieldCheck, Right, UseCaseError, commit};
use data_keys::platform_seal;
use domain::audit::AuditAction;
use secrets::{ExposeSecret as _, KeyRing, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::endpoint::Endpoint;
use crate::senders::is_authority;

/// Where signing secrets are sealed for.
pub(crate) const SIGNING_SECRET: &str = "admin_audit_streams.signing_secret_sealed";
/// Where authorizations are sealed for.
pub(crate) const AUTHORIZATION: &str = "admin_audit_streams.authorization_sealed";
/// How many streams there may be.
const MOST: usize = 20;

/// What somebody asks for, unchecked.
#[derive(Debug, Clone)]
pub struct NewStreamRequest {
    /// What people call it.
    pub name: String,
    /// Where it goes.
    pub endpoint: String,
    /// What goes into the Authorization header of an HTTPS endpoint.
    pub authorization: Option<SecretString>,
    /// The authority of the endpoint's certificate, PEM.
    pub ca_certificate: Option<String>,
    /// Whether it tells everything that the log has, and not only what is written from now on.
    pub from_beginning: bool,
}

/// What is to change, unchecked. What isn't given stays; an inner `None` takes it away.
#[derive(Debug, Clone, Default)]
pub struct StreamChanges {
    /// What people call it.
    pub name: Option<String>,
    /// Whether it is delivered.
    pub is_active: Option<bool>,
    /// What goes into the Authorization header of an HTTPS endpoint.
    pub authorization: Option<Option<SecretString>>,
    /// The authority of the endpoint's certificate, PEM.
    pub ca_certificate: Option<Option<String>>,
}

/// A stream, and how far it is behind.
#[derive(Debug, Clone)]
pub struct StreamWithLag {
    /// The stream.
    pub stream: Stream,
    /// How far it is behind.
    pub lag: Lag,
}

/// The streams of the audit log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AuditStreams {
    control_plane: ControlPlane,
    keys: KeyRing,
}

impl AuditStreams {
    /// Over this control plane; secrets are sealed under the master keys of this ring.
    #[must_use]
    pub fn new(control_plane: ControlPlane, keys: impl Into<KeyRing>) -> Self {
        Self { control_plane, keys: keys.into() }
    }

    /// All streams by name.
    ///
    /// # Errors
    /// For whoever may not see them.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<StreamWithLag>, UseCaseError> {
        let permit = actor.permit(Right::AuditRead)?;
        let client = self.control_plane.client(&permit).await?;
        let mut streams = Vec::new();
        for stream in rows::list(&client).await? {
            let lag = rows::lag(&client, stream.id).await?;
            streams.push(StreamWithLag { stream, lag });
        }
        Ok(streams)
    }

    /// One stream.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when there is none by this id.
    pub async fn get(&self, actor: &Actor, id: Uuid) -> Result<StreamWithLag, UseCaseError> {
        let permit = actor.permit(Right::AuditRead)?;
        let client = self.control_plane.client(&permit).await?;
        let stream = rows::get(&client, id).await?.ok_or_else(no_stream)?;
        Ok(StreamWithLag { lag: rows::lag(&client, id).await?, stream })
    }

    /// Makes a stream. With it, for an HTTPS endpoint, the secret that its deliveries are signed with, shown once.
    ///
    /// # Errors
    /// With every wrong field; [`UseCaseError::Taken`] for a name that another stream has.
    pub async fn create(
        &self,
        actor: &Actor,
        request: &NewStreamRequest,
    ) -> Result<(StreamWithLag, Option<SecretString>), UseCaseError> {
        let permit = actor.permit(Right::AuditStreamsWrite)?;
        let mut check = FieldCheck::default();
        let name = check.name("name", &request.name, 100).unwrap_or_default();
        let endpoint = check.keep("endpoint", request.endpoint.parse::<Endpoint>());
        if let Some(endpoint) = &endpoint {
            check_authorization(&mut check, endpoint, request.authorization.as_ref());
            check_authority(&mut check, endpoint, request.ca_certificate.as_deref());
        }
        check.finish()?;

        let mut client = self.control_plane.client(&permit).await?;
        let id = Uuid::now_v7();
        let secret = endpoint.is_some_and(|endpoint| endpoint.is_http()).then(signing_secret).transpose()?;
        let seal = platform_seal(&client, &self.keys, SIGNING_SECRET).await?;
        let signing = secret.as_ref().map(|secret| seal.seal(id, secret)).transpose()?;
        let seal = platform_seal(&client, &self.keys, AUTHORIZATION).await?;
        let authorization = request.authorization.as_ref().map(|secret| seal.seal(id, secret)).transpose()?;

        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        if rows::list(&transaction).await?.len() >= MOST {
            return Err(UseCaseError::Conflict(format!(
                "There are {MOST} streams. Delete one that nobody needs first."
            )));
        }
        let new = NewStream {
            id,
            name: &name,
            endpoint: &request.endpoint,
            signing_secret_sealed: signing.as_deref(),
            authorization_sealed: authorization.as_deref(),
            ca_certificate: request.ca_certificate.as_deref(),
        };
        let stream = rows::insert(&transaction, &new).await?.ok_or_else(|| taken(&name))?;
        if !request.from_beginning {
            rows::begin_now(&transaction, id).await?;
        }
        write(&transaction, actor, AuditAction::AuditStreamCreated, None, Some(&stream)).await?;
        let lag = rows::lag(&transaction, id).await?;
        commit(transaction).await?;
        Ok((StreamWithLag { stream, lag }, secret))
    }

    /// Changes a stream, and has it tried at once.
    ///
    /// # Errors
    /// With every wrong field; [`UseCaseError::NotFound`] when there is none by this id.
    pub async fn update(
        &self,
        actor: &Actor,
        id: Uuid,
        changes: &StreamChanges,
    ) -> Result<StreamWithLag, UseCaseError> {
        let permit = actor.permit(Right::AuditStreamsWrite)?;
        let mut client = self.control_plane.client(&permit).await?;
        let seal = platform_seal(&client, &self.keys, AUTHORIZATION).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let before = rows::lock(&transaction, id).await?.ok_or_else(no_stream)?;
        let mut check = FieldCheck::default();
        let name = match &changes.name {
            Some(name) => check.name("name", name, 100).unwrap_or_default(),
            None => before.name.clone(),
        };
        if let Ok(endpoint) = before.endpoint.parse::<Endpoint>() {
            check_authorization(
                &mut check,
                &endpoint,
                changes.authorization.as_ref().and_then(Option::as_ref),
            );
            let authority = changes.ca_certificate.as_ref().and_then(Option::as_deref);
            check_authority(&mut check, &endpoint, authority);
        }
        check.finish()?;
        let authorization = match &changes.authorization {
            Some(new) => new.as_ref().map(|secret| seal.seal(id, secret)).transpose()?,
            None => before.authorization_sealed.clone(),
        };
        let authority = changes.ca_certificate.clone().unwrap_or_else(|| before.ca_certificate.clone());
        let change = StreamChange {
            name: &name,
            is_active: changes.is_active.unwrap_or(before.is_active),
            authorization_sealed: authorization.as_deref(),
            ca_certificate: authority.as_deref(),
        };
        let after = rows::update(&transaction, id, &change).await?.ok_or_else(|| taken(&name))?;
        write(&transaction, actor, AuditAction::AuditStreamUpdated, Some(&before), Some(&after)).await?;
        let lag = rows::lag(&transaction, id).await?;
        commit(transaction).await?;
        Ok(StreamWithLag { stream: after, lag })
    }

    /// Deletes a stream. What it was told, it keeps.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when there is none by this id.
    pub async fn delete(&self, actor: &Actor, id: Uuid) -> Result<(), UseCaseError> {
        let permit = actor.permit(Right::AuditStreamsWrite)?;
        let mut client = self.control_plane.client(&permit).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let before = rows::lock(&transaction, id).await?.ok_or_else(no_stream)?;
        rows::delete(&transaction, id).await?;
        write(&transaction, actor, AuditAction::AuditStreamDeleted, Some(&before), None).await?;
        commit(transaction).await
    }
}

fn no_stream() -> UseCaseError {
    UseCaseError::NotFound(
        "There is no stream by this id. List them with GET /api/admin/audit-streams.".to_owned(),
    )
}

fn taken(name: &str) -> UseCaseError {
    UseCaseError::Taken { field: Some("name"), detail: format!("Another stream is called {name:?}.") }
}

fn check_authorization(check: &mut FieldCheck, endpoint: &Endpoint, given: Option<&SecretString>) {
    let Some(given) = given else { return };
    let text = given.expose_secret();
    if !endpoint.is_http() {
        check.wrong("authorization", "is for HTTPS endpoints alone: leave it out");
    } else if text.is_empty() || text.len() > 4096 || !text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    {
        check.wrong("authorization", "must be 1 to 4096 characters of ASCII, such as \"Bearer ...\"");
    }
}

fn check_authority(check: &mut FieldCheck, endpoint: &Endpoint, given: Option<&str>) {
    let Some(given) = given else { return };
    if !endpoint.may_have_authority() {
        check.wrong("ca_certificate", "is for https:// and syslog+tls:// alone: leave it out");
    } else if given.len() > 100_000 || !is_authority(given) {
        check.wrong("ca_certificate", "must be a certificate in PEM form, or several");
    }
}

/// 256 bits.
fn signing_secret() -> Result<SecretString, UseCaseError> {
    let mut key = [0; 32];
    rand::fill(&mut key).map_err(|error| UseCaseError::Unexpected(Box::new(error)))?;
    Ok(format!("whsec_{}", BASE64.encode(key)).into())
}

fn told(stream: &Stream) -> Value {
    json!({
        "name": stream.name, "endpoint": stream.endpoint, "is_active": stream.is_active,
        // Whether there is one, never which. Not called by its own name, which would mask it.
        "authorized": stream.authorization_sealed.is_some(), "own_authority": stream.ca_certificate.is_some(),
    })
}

async fn write(
    transaction: &Transaction<'_>,
    actor: &Actor,
    action: AuditAction,
    before: Option<&Stream>,
    after: Option<&Stream>,
) -> Result<(), UseCaseError> {
    let entry = AuditEntry {
        customer_id: None,
        action,
        resource_type: "audit_stream",
        resource_id: after.or(before).map(|stream| stream.id.to_string()),
        old_values: before.map(told),
        new_values: after.map(told),
    };
    audit::insert(transaction, actor, &entry).await?;
    Ok(())
}
