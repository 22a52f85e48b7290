//! The key ring: every master key that this process can ask for, wherever it is held, and the data keys that it has
//! opened so far.
//!
//! Which master key wraps a data key is said by the id in the stored text: 8 hexadecimal digits are a key of our own,
//! `vault/...` and `aws-kms/...` are held elsewhere. Which of them new data keys are wrapped with is a fact of the admin
//! database, and no business of the ring.
//!
//! Opened data keys are kept in memory, so that a request doesn't wait for a network provider, and customers who were
//! served before are served on while it is away. The cache is bounded, and what leaves it is wiped.

mod health;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use moka::sync::Cache;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::envelope::{
    DataKey, EnvelopeError, KeyScope, SealContext, WrappedDataKey, join, sealed_version, split,
};
use crate::local_keys::LocalKeys;
use crate::master_key::MasterKey;
use crate::stream::FileKey;

use health::LastGood;
pub use health::ProviderHealth;

/// How many opened data keys are kept, 32 bytes and some bookkeeping each.
const DATA_KEYS_KEPT: u64 = 50_000;

/// A data key can't be wrapped or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The stored text is wrong. Trying again doesn't help.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// This process doesn't have the master key. Consequence: configure it.
    #[error("master key {wanted} is not configured here (configured: {})", .known.join(", "))]
    Unknown {
        /// The key that is needed.
        wanted: String,
        /// The keys that are there.
        known: Vec<String>,
    },
    /// Whoever holds the master key can't be reached now. Trying again helps.
    #[error("{provider} can't be reached: {reason}")]
    Away {
        /// Who.
        provider: &'static str,
        /// Why, without anything secret.
        reason: String,
    },
    /// Whoever holds the master key refuses. Trying again doesn't help until somebody changes something there.
    #[error("{provider} refuses: {reason}")]
    Refused {
        /// Who.
        provider: &'static str,
        /// Why, without anything secret.
        reason: String,
    },
}

impl KeyError {
    /// Whether the same call can succeed later without anybody changing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Away { .. })
    }
}

/// Who holds master keys. None of the calls may put a key or a token into an error.
#[async_trait]
pub trait MasterKeyProvider: fmt::Debug + Send + Sync + 'static {
    /// The provider's kind, for people: `local`, `vault`, `aws-kms`.
    fn name(&self) -> &'static str;

    /// Whether a key with this id would be held here.
    fn holds(&self, id: &str) -> bool;

    /// The ids of the keys that are there to wrap with. The first is what an installation without any begins with.
    async fn keys(&self) -> Result<Vec<String>, KeyError>;

    /// Those of them that answer now. A provider that has the ids from its configuration asks for something else.
    ///
    /// # Errors
    /// When none does.
    async fn check(&self) -> Result<Vec<String>, KeyError> {
        self.keys().await
    }

    /// For how long a good [`Self::check`] counts, where each one costs something. What is wrong is asked again at once.
    fn good_for(&self) -> Duration {
        Duration::ZERO
    }

    /// Wraps 32 bytes, bound to the context. The answer is what follows the id in the stored text.
    async fn wrap(&self, id: &str, context: &str, key: &[u8; 32]) -> Result<String, KeyError>;

    /// Opens what was wrapped, if the context is the same.
    async fn unwrap(&self, id: &str, context: &str, payload: &str) -> Result<Zeroizing<Vec<u8>>, KeyError>;
}

/// A master key that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// Its id.
    pub id: String,
    /// The kind of who holds it.
    pub provider: &'static str,
}

/// All providers, and the data keys opened so far. A clone is another handle to the same.
#[derive(Clone)]
pub struct KeyRing(Arc<Inner>);

struct Inner {
    providers: Vec<Arc<dyn MasterKeyProvider>>,
    opened: Cache<(KeyScope, i32), Opened>,
    healthy: LastGood,
}

/// A data key in memory, and the stored text that it was opened from.
#[derive(Clone)]
struct Opened {
    wrapped: WrappedDataKey,
    key: Arc<DataKey>,
}

impl KeyRing {
    /// A ring of these. An installation without any data key begins with the first key of the first provider.
    #[must_use]
    pub fn new(providers: Vec<Arc<dyn MasterKeyProvider>>) -> Self {
        let healthy = LastGood::of(providers.len());
        Self(Arc::new(Inner { providers, opened: Cache::new(DATA_KEYS_KEPT), healthy }))
    }

    /// The master keys that can be asked for now. Providers that are away are left out, and named.
    pub async fn keys(&self) -> (Vec<KnownKey>, Vec<KeyError>) {
        let answers = join_all(self.0.providers.iter().map(|provider| provider.keys())).await;
        let (mut known, mut away) = (Vec::new(), Vec::new());
        for (provider, answer) in self.0.providers.iter().zip(answers) {
            match answer {
                Ok(ids) => known.extend(ids.into_iter().map(|id| KnownKey { id, provider: provider.name() })),
                Err(error) => away.push(error),
            }
        }
        (known, away)
    }

    /// The kind of who holds a key with this id.
    #[must_use]
    pub fn provider_of(&self, id: &str) -> Option<&'static str> {
        self.0.providers.iter().find(|provider| provider.holds(id)).map(|provider| provider.name())
    }

    /// Wraps a data key with a master key, for storing.
    ///
    /// # Errors
    /// [`KeyError`] says whether trying again can help.
    pub async fn wrap(&self, key: &DataKey, master_key_id: &str) -> Result<WrappedDataKey, KeyError> {
        let context = key.scope().wrap_context(key.version());
        let payload = self.provider(master_key_id).await?.wrap(master_key_id, &context, key.bytes()).await?;
        Ok(WrappedDataKey(join(master_key_id, &payload)))
    }

    /// Opens a stored data key, without looking at or adding to what was opened before.
    ///
    /// # Errors
    /// [`KeyError`] says whether trying again can help.
    pub async fn unwrap(
        &self,
        wrapped: &WrappedDataKey,
        scope: KeyScope,
        version: i32,
    ) -> Result<DataKey, KeyError> {
        let (id, payload) = split(&wrapped.0)?;
        let opened = self.provider(id).await?.unwrap(id, &scope.wrap_context(version), payload).await?;
        Ok(DataKey::from_opened(scope, version, &opened)?)
    }

    /// A data key, from memory if this same text was opened before.
    ///
    /// # Errors
    /// [`KeyError`] says whether trying again can help.
    pub async fn data_key(
        &self,
        wrapped: &WrappedDataKey,
        scope: KeyScope,
        version: i32,
    ) -> Result<Arc<DataKey>, KeyError> {
        // The text is compared: an admin database that was restored from a backup may give the same version to another key,
        // and what is sealed with one that isn't stored is lost.
        if let Some(opened) = self.0.opened.get(&(scope, version)).filter(|opened| opened.wrapped == *wrapped)
        {
            return Ok(opened.key);
        }
        let key = Arc::new(self.unwrap(wrapped, scope, version).await?);
        self.0.opened.insert((scope, version), Opened { wrapped: wrapped.clone(), key: Arc::clone(&key) });
        Ok(key)
    }

    /// Wraps the key of a file that must open when there is nothing but it and the master key: a backup of the admin
    /// database. The context is all that it is bound to.
    ///
    /// # Errors
    /// [`KeyError`] says whether trying again can help.
    pub async fn wrap_file_key(
        &self,
        key: &FileKey,
        context: &str,
        master_key_id: &str,
    ) -> Result<String, KeyError> {
        let provider = self.provider(master_key_id).await?;
        Ok(join(master_key_id, &provider.wrap(master_key_id, context, key.bytes()).await?))
    }

    /// Opens what [`Self::wrap_file_key`] wrapped, if the context is the same.
    ///
    /// # Errors
    /// [`KeyError`] says whether trying again can help.
    pub async fn unwrap_file_key(&self, wrapped: &str, context: &str) -> Result<FileKey, KeyError> {
        let (id, payload) = split(wrapped)?;
        Ok(FileKey::from_opened(&self.provider(id).await?.unwrap(id, context, payload).await?)?)
    }

    /// Opens a customer's secret. `wrapped` is the version of the customer's data key that it was sealed with.
    ///
    /// # Errors
    /// [`KeyError`] says whether trying again can help.
    pub async fn open(
        &self,
        wrapped: &WrappedDataKey,
        context: SealContext<'_>,
        sealed: &str,
    ) -> Result<SecretString, KeyError> {
        let scope = KeyScope::Customer(context.customer);
        let version = sealed_version(sealed)?;
        match self.data_key(wrapped, scope, version).await {
            Ok(key) => Ok(key.open(context, sealed)?),
            // Its master key is away or was rotated since: what is in memory from another wrapping of the same key is as
            // good, if it opens.
            Err(error) => {
                let opened = self.0.opened.get(&(scope, version)).ok_or_else(|| error.clone())?;
                opened.key.open(context, sealed).map_err(|_| error)
            }
        }
    }

    /// Wipes a data key from memory.
    pub fn forget(&self, scope: KeyScope, version: i32) {
        self.0.opened.invalidate(&(scope, version));
    }

    async fn provider(&self, id: &str) -> Result<&Arc<dyn MasterKeyProvider>, KeyError> {
        // Two of one kind, a file and a variable, may both look right: the one that has the key is asked.
        let mut candidates = self.0.providers.iter().filter(|provider| provider.holds(id));
        let (Some(first), second) = (candidates.next(), candidates.next()) else {
            let known = self.keys().await.0.into_iter().map(|key| key.id).collect();
            return Err(KeyError::Unknown { wanted: id.to_owned(), known });
        };
        let Some(second) = second else { return Ok(first) };
        for provider in [first, second].into_iter().chain(candidates) {
            if provider.keys().await.is_ok_and(|ids| ids.iter().any(|known| known == id)) {
                return Ok(provider);
            }
        }
        Ok(first)
    }
}

impl From<MasterKey> for KeyRing {
    fn from(key: MasterKey) -> Self {
        Self::new(vec![Arc::new(LocalKeys::new(vec![key]))])
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyRing").field("providers", &self.0.providers).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use domain::CustomerId;
    use secrecy::ExposeSecret;
    use uuid::Uuid;

    use super::*;

    /// A provider that can be cut off, which a file can't be.
    #[derive(Debug)]
    struct Fickle(LocalKeys, AtomicBool);

    #[async_trait]
    impl MasterKeyProvider for Fickle {
        fn name(&self) -> &'static str {
            "fickle"
        }
        fn holds(&self, id: &str) -> bool {
            self.0.holds(id)
        }
        async fn keys(&self) -> Result<Vec<String>, KeyError> {
            self.there()?;
            self.0.keys().await
        }
        async fn wrap(&self, id: &str, context: &str, key: &[u8; 32]) -> Result<String, KeyError> {
            self.there()?;
            self.0.wrap(id, context, key).await
        }
        async fn unwrap(
            &self,
            id: &str,
            context: &str,
            payload: &str,
        ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
            self.there()?;
            self.0.unwrap(id, context, payload).await
        }
    }

    impl Fickle {
        fn there(&self) -> Result<(), KeyError> {
            let away = KeyError::Away { provider: "fickle", reason: "cut off".to_owned() };
            if self.1.load(Ordering::SeqCst) { Err(away) } else { Ok(()) }
        }
    }

    fn place(customer: CustomerId) -> SealContext<'static> {
        SealContext { table: "t", column: "c", row: Uuid::nil(), customer }
    }

    #[tokio::test]
    async fn an_outage_stops_nobody_who_was_served_before() {
        let master = MasterKey::generate();
        let provider = Arc::new(Fickle(LocalKeys::new(vec![master.clone()]), AtomicBool::new(false)));
        let ring = KeyRing::new(vec![Arc::<Fickle>::clone(&provider)]);
        let mut customers = Vec::new();
        for _ in 0..2 {
            let customer = CustomerId::generate();
            let key = DataKey::generate(customer);
            let sealed = key.seal(place(customer), &SecretString::from("hunter2")).unwrap();
            customers.push((customer, ring.wrap(&key, master.id()).await.unwrap(), sealed));
        }
        let (known, wrapped, sealed) = &customers[0];
        ring.open(wrapped, place(*known), sealed).await.unwrap();
        provider.1.store(true, Ordering::SeqCst);
        let opened = ring.open(wrapped, place(*known), sealed).await.unwrap();
        assert_eq!(opened.expose_secret(), "hunter2");
        // Also when another master key wraps it since.
        let rewrapped = WrappedDataKey(wrapped.0.replace(master.id(), "00000000"));
        assert!(ring.open(&rewrapped, place(*known), sealed).await.is_ok());
        let (stranger, wrapped, sealed) = &customers[1];
        assert!(ring.open(wrapped, place(*stranger), sealed).await.unwrap_err().is_temporary());
        assert_eq!(ring.keys().await.0, []);
    }

    #[tokio::test]
    async fn a_wrapped_key_opens_for_its_scope_and_version_only() {
        let master = MasterKey::generate();
        let ring = KeyRing::from(master.clone());
        let (ours, theirs) = (CustomerId::generate(), CustomerId::generate());
        let scope = KeyScope::Customer(ours);
        for version in [1, 2] {
            let wrapped = ring.wrap(&DataKey::generate_version(scope, version), master.id()).await.unwrap();
            assert!(ring.unwrap(&wrapped, scope, version).await.is_ok());
            for (other, number) in
                [(KeyScope::Customer(theirs), version), (KeyScope::Platform, version), (scope, 3 - version)]
            {
                let error = ring.unwrap(&wrapped, other, number).await.unwrap_err();
                assert_eq!(error, KeyError::Envelope(EnvelopeError::Unauthentic));
            }
        }
        let stranger = KeyRing::from(MasterKey::generate());
        let wrapped = ring.wrap(&DataKey::generate(ours), master.id()).await.unwrap();
        let error = stranger.unwrap(&wrapped, scope, 1).await.unwrap_err();
        assert!(matches!(error, KeyError::Unknown { ref wanted, .. } if wanted == master.id()), "{error}");
        assert!(!format!("{ring:?}").contains(master.to_hex().expose_secret()));
    }

    #[tokio::test]
    async fn a_key_that_was_added_while_we_run_is_found() {
        let (old, new) = (MasterKey::generate(), MasterKey::generate());
        let file = Arc::new(Mutex::new(vec![old.clone()]));
        let source = Arc::clone(&file);
        let keys = LocalKeys::read_from(move || Ok(source.lock().unwrap().clone())).unwrap();
        let ring = KeyRing::new(vec![Arc::new(keys)]);
        let key = DataKey::generate(CustomerId::generate());
        assert!(matches!(ring.wrap(&key, new.id()).await, Err(KeyError::Unknown { .. })));
        file.lock().unwrap().push(new.clone());
        assert!(ring.wrap(&key, new.id()).await.is_ok());
        assert!(ring.wrap(&key, old.id()).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_in_memory_never_outlives_what_is_stored() {
        let master = MasterKey::generate();
        let ring = KeyRing::from(master.clone());
        let customer = CustomerId::generate();
        // Two keys with one version: before and after a restore of the admin database.
        for _ in 0..2 {
            let key = DataKey::generate(customer);
            let sealed = key.seal(place(customer), &SecretString::from("x")).unwrap();
            let wrapped = key.wrap(&master).unwrap();
            assert!(ring.open(&wrapped, place(customer), &sealed).await.is_ok());
        }
    }
}
