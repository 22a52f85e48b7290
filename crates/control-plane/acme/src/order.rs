//! One order, step by step. Each step is written down before the next one, so that whoever comes after a crash goes on with it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use catalog::CatalogError;
use catalog::acme::{self as rows, Certificate, IssuedCertificate};
use catalog::audit::{self, Actor, AuditEntry};
use domain::AuditAction;
use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, Key, NewOrder, Order, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use secrets::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::answers::MEMORY;
use crate::directory::{is_unknown_account, said};
use crate::issued::Issued;
use crate::keeper::{ACCOUNT_KEY, KEY, Keeper, ORDER_KEY};
use crate::{AcmeError, binding};

/// Every server has forgotten by then that there was nothing to be answered.
const UNTIL_ALL_ANSWER: Duration = MEMORY.saturating_add(Duration::from_millis(500));

/// How soon is asked for the first time how far the authority is.
const FIRST_LOOK: Duration = Duration::from_millis(500);

/// An order, and the key that its certificate is for.
struct UnderWay {
    order: Order,
    key: KeyPair,
}

impl Keeper {
    /// Has a certificate issued, going on with the order that is under way if there is one.
    pub(crate) async fn ordered(&self, certificate: &Certificate) -> Result<(), AcmeError> {
        let account = self.account().await?;
        let mut under_way = match self.resumed(&account, certificate).await? {
            Some(under_way) => under_way,
            None => self.begun(&account, certificate).await?,
        };
        let answered = self.answer(&mut under_way.order, certificate).await;
        let UnderWay { order, key } = &mut under_way;
        if answered.is_err() {
            // An authority that is quick has looked before it says that it will: then the order says what it didn't find.
            if order.refresh().await.is_ok() && is_lost(order) {
                return self.refused(&account, certificate, order.url()).await;
            }
            return answered;
        }
        let retries =
            RetryPolicy::new().initial_delay(FIRST_LOOK).backoff(1.5).timeout(self.config.pace.order);
        if order.state().status == OrderStatus::Pending {
            let polled = order.poll_ready(&retries).await;
            if is_lost(order) {
                return self.refused(&account, certificate, order.url()).await;
            }
            polled.map_err(|error| self.directory.error(&error))?;
        }
        if order.state().status == OrderStatus::Ready {
            let request = self.request(key)?;
            order.finalize_csr(&request).await.map_err(|error| self.directory.error(&error))?;
        }
        let chain = order.poll_certificate(&retries).await.map_err(|error| self.directory.error(&error));
        let is_lost = is_lost(order);
        let issued = chain.and_then(|chain| Issued::new(chain, key.serialize_pem().into()));
        // An order that something can still come of stays: the next attempt goes on with it.
        if is_lost || matches!(issued, Err(AcmeError::Unusable(_))) {
            self.forget(certificate).await?;
        }
        self.issue(certificate, issued?).await
    }

    /// The account, known to the authority.
    async fn account(&self) -> Result<Account, AcmeError> {
        let client = self.catalog.client().await?;
        let url = &self.directory.url;
        let stored = rows::account(&client, url).await?;
        let stored = stored.ok_or_else(|| AcmeError::Stored("the account's row is gone".to_owned()))?;
        let key = self.opened(&client, ACCOUNT_KEY, stored.id, &stored.key_sealed).await?;
        // No connection is held while the other side is asked.
        drop(client);
        let key = account_key(&key)?;
        let builder = Account::builder_with_http(self.directory.http());
        let account = match (&stored.account_url, &self.config.external_account) {
            (Some(known), _) => builder.from_parts(known.clone(), key, url.clone()).await,
            (None, Some(external)) => match binding::register(&self.directory, &key, external).await {
                Ok(made) => builder.from_parts(made, key, url.clone()).await,
                Err(error) => Err(error),
            },
            (None, None) => {
                let own = Key::from_pkcs8_der(key.clone_key())
                    .map_err(|error| AcmeError::Stored(error.to_string()))?;
                // One that has this key already is answered as if it were new.
                let made = builder.create_from_key((own, PrivateKeyDer::Pkcs8(key)), url.clone()).await;
                made.map(|(account, _)| account)
            }
        };
        let account = account.map_err(|error| self.directory.error(&error))?;
        let contacts = &self.config.contacts;
        if stored.account_url.is_none() || stored.contacts != *contacts {
            let told: Vec<_> = contacts.iter().map(String::as_str).collect();
            // A new account has none.
            if stored.account_url.is_some() || !told.is_empty() {
                account.update_contacts(&told).await.map_err(|error| self.directory.error(&error))?;
            }
            let client = self.catalog.client().await?;
            rows::set_account(&client, stored.id, Some(account.id()), contacts).await?;
        }
        Ok(account)
    }

    /// The order that is under way, if something can still come of it.
    async fn resumed(
        &self,
        account: &Account,
        certificate: &Certificate,
    ) -> Result<Option<UnderWay>, AcmeError> {
        let Some(stored) = &certificate.order else { return Ok(None) };
        let order = match account.order(stored.url.clone()).await {
            Ok(mut order) => (order.state().status != OrderStatus::Invalid).then_some(order),
            Err(error) if is_unknown_account(&error) => {
                return Err(self.without_account(certificate, &error).await);
            }
            // It doesn't know the order any more.
            Err(Error::Api(_)) => None,
            Err(error) => return Err(self.directory.error(&error)),
        };
        let Some(order) = order else {
            self.forget(certificate).await?;
            return Ok(None);
        };
        let client = self.catalog.client().await?;
        let key = self.opened(&client, ORDER_KEY, certificate.id, &stored.key_sealed).await?;
        let key = KeyPair::from_pem(key.expose_secret())
            .map_err(|_| AcmeError::Stored("that of the order isn't in PEM form".to_owned()))?;
        tracing::info!(order = order.url(), "an order that was begun before goes on");
        Ok(Some(UnderWay { order, key }))
    }

    /// A new order.
    async fn begun(&self, account: &Account, certificate: &Certificate) -> Result<UnderWay, AcmeError> {
        let key = KeyPair::generate().map_err(|error| AcmeError::Stored(error.to_string()))?;
        let names: Vec<_> = self.config.domains.iter().cloned().map(Identifier::Dns).collect();
        let order = match account.new_order(&NewOrder::new(&names)).await {
            Ok(order) => order,
            Err(error) if is_unknown_account(&error) => {
                return Err(self.without_account(certificate, &error).await);
            }
            Err(error) => return Err(self.directory.error(&error)),
        };
        let client = self.catalog.client().await?;
        let key_sealed = self.sealed(&client, ORDER_KEY, certificate.id, &key.serialize_pem().into()).await?;
        let stored = rows::Order { url: order.url().to_owned(), key_sealed };
        rows::begin_order(&client, certificate.id, &stored).await?;
        Ok(UnderWay { order, key })
    }

    /// Has every server answer, and then tells the authority that it may ask.
    async fn answer(&self, order: &mut Order, certificate: &Certificate) -> Result<(), AcmeError> {
        if order.state().status != OrderStatus::Pending {
            return Ok(());
        }
        let mut questions = 0;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(|error| self.directory.error(&error))?;
            if authorization.status != AuthorizationStatus::Pending {
                continue;
            }
            let domain = authorization.identifier().to_string();
            let Some(challenge) = authorization.challenge(ChallengeType::TlsAlpn01) else {
                return Err(AcmeError::NoChallenge { directory: self.directory.url.clone(), domain });
            };
            let digest = <[u8; 32]>::try_from(challenge.key_authorization().digest().as_ref())
                .map_err(|_| AcmeError::Stored("the account's key gives no SHA-256".to_owned()))?;
            let client = self.catalog.client().await?;
            rows::set_challenge(&client, certificate.id, &domain, digest).await?;
            questions += 1;
        }
        if questions == 0 {
            return Ok(());
        }
        tokio::time::sleep(UNTIL_ALL_ANSWER).await;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(|error| self.directory.error(&error))?;
            if authorization.status != AuthorizationStatus::Pending {
                continue;
            }
            if let Some(mut challenge) = authorization.challenge(ChallengeType::TlsAlpn01) {
                challenge.set_ready().await.map_err(|error| self.directory.error(&error))?;
            }
        }
        Ok(())
    }

    /// Why the authority doesn't believe us, by name.
    async fn refused(
        &self,
        account: &Account,
        certificate: &Certificate,
        url: &str,
    ) -> Result<(), AcmeError> {
        self.forget(certificate).await?;
        let asked = account.order(url.to_owned()).await;
        let mut order = asked.map_err(|error| self.directory.error(&error))?;
        let mut reasons: Vec<_> = order.state().error.iter().map(said).collect();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let authorization = authorization.map_err(|error| self.directory.error(&error))?;
            let domain = authorization.identifier().to_string();
            let errors = authorization.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
            reasons.extend(errors.map(|error| format!("{domain}: {}", said(error))));
        }
        if reasons.is_empty() {
            reasons.push("it doesn't say why".to_owned());
        }
        Err(AcmeError::Refused { directory: self.directory.url.clone(), said: reasons.join("; ") })
    }

    /// The authority has forgotten us: the next attempt makes the account anew, with the same key.
    async fn without_account(&self, certificate: &Certificate, error: &Error) -> AcmeError {
        let forgotten = async {
            let client = self.catalog.client().await?;
            rows::set_account(&client, certificate.account_id, None, &[]).await?;
            rows::forget_order(&client, certificate.id).await
        };
        match forgotten.await {
            Ok(()) => self.directory.error(error),
            Err(error) => error.into(),
        }
    }

    async fn forget(&self, certificate: &Certificate) -> Result<(), AcmeError> {
        let client = self.catalog.client().await?;
        Ok(rows::forget_order(&client, certificate.id).await?)
    }

    /// What is asked to be signed.
    fn request(&self, key: &KeyPair) -> Result<Vec<u8>, AcmeError> {
        let made = || {
            let mut params = CertificateParams::new(self.config.domains.clone())?;
            params.distinguished_name = DistinguishedName::new();
            Ok::<_, rcgen::Error>(params.serialize_request(key)?.der().to_vec())
        };
        made().map_err(|error| AcmeError::Unusable(error.to_string()))
    }

    /// Keeps it for all servers, and tells the audit log: both or neither.
    async fn issue(&self, certificate: &Certificate, issued: Issued) -> Result<(), AcmeError> {
        let mut client = self.catalog.client().await?;
        let key_sealed = self.sealed(&client, KEY, certificate.id, &issued.key).await?;
        let stored = IssuedCertificate {
            chain: issued.chain,
            key_sealed,
            starts_at: issued.starts_at,
            expires_at: issued.expires_at,
        };
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        rows::issued(&transaction, certificate.id, &stored).await?;
        let before = certificate.issued.as_ref();
        let entry = AuditEntry {
            customer_id: None,
            action: AuditAction::ServerCertificateIssued,
            resource_type: "server_certificate",
            resource_id: Some(certificate.id.to_string()),
            old_values: before.map(|before| json!({ "expires_at": before.expires_at })),
            new_values: Some(json!({
                "directory": self.config.directory,
                "domains": self.config.domains,
                "expires_at": stored.expires_at,
            })),
        };
        audit::insert(&transaction, &Actor::on_behalf_of(None), &entry).await?;
        transaction.commit().await.map_err(CatalogError::from)?;
        Ok(())
    }
}

/// Whether nothing comes of an order any more.
fn is_lost(order: &mut Order) -> bool {
    order.state().status == OrderStatus::Invalid || order.state().error.is_some()
}

/// The account's key as it is sealed.
pub(crate) fn account_key_text(key: &PrivatePkcs8KeyDer<'_>) -> SecretString {
    URL_SAFE_NO_PAD.encode(key.secret_pkcs8_der()).into()
}

fn account_key(text: &SecretString) -> Result<PrivatePkcs8KeyDer<'static>, AcmeError> {
    let decoded = URL_SAFE_NO_PAD.decode(text.expose_secret());
    decoded.map(PrivatePkcs8KeyDer::from).map_err(|_| AcmeError::Stored("that of the account".to_owned()))
}
