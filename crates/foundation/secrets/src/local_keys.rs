//! Master keys that we hold ourselves, in a file or a variable: one that is used, and those before it for as long as
//! something is wrapped by them.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::envelope::{EnvelopeError, open, seal, split};
use crate::key_ring::{KeyError, MasterKeyProvider};
use crate::master_key::MasterKey;

/// How the keys are read again.
type Source = Box<dyn Fn() -> Result<Vec<MasterKey>, String> + Send + Sync>;

/// Master keys in memory. With a source, a key that isn't known is looked for there before it is refused, so that a
/// key that was added to the file while we run is found.
pub struct LocalKeys {
    keys: RwLock<Vec<MasterKey>>,
    source: Option<Source>,
}

impl LocalKeys {
    /// Keys that stay as they are. The first one is used by an installation that has none yet.
    #[must_use]
    pub fn new(keys: Vec<MasterKey>) -> Self {
        Self { keys: RwLock::new(keys), source: None }
    }

    /// Keys that can be read again.
    ///
    /// # Errors
    /// What the source says when it can't be read now.
    pub fn read_from(
        source: impl Fn() -> Result<Vec<MasterKey>, String> + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let keys = source()?;
        Ok(Self { keys: RwLock::new(keys), source: Some(Box::new(source)) })
    }

    fn ids(&self) -> Vec<String> {
        self.keys
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|key| key.id().to_owned())
            .collect()
    }

    fn find(&self, id: &str) -> Option<MasterKey> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.iter().find(|key| key.id() == id).cloned()
    }

    /// Reads again. A source that can't be read takes nothing away.
    fn reload(&self) {
        if let Some(Ok(keys)) = self.source.as_ref().map(|source| source()) {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
    }

    fn key(&self, id: &str) -> Result<MasterKey, KeyError> {
        if let Some(key) = self.find(id) {
            return Ok(key);
        }
        self.reload();
        self.find(id).ok_or_else(|| KeyError::Unknown { wanted: id.to_owned(), known: self.ids() })
    }
}

#[async_trait]
impl MasterKeyProvider for LocalKeys {
    fn name(&self) -> &'static str {
        "local"
    }

    fn holds(&self, id: &str) -> bool {
        id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    async fn keys(&self) -> Result<Vec<String>, KeyError> {
        self.reload();
        Ok(self.ids())
    }

    async fn wrap(&self, id: &str, context: &str, key: &[u8; 32]) -> Result<String, KeyError> {
        let master = self.key(id)?;
        let stored = seal(master.bytes(), master.id(), context.as_bytes(), key)?;
        Ok(split(&stored)?.1.to_owned())
    }

    async fn unwrap(&self, id: &str, context: &str, payload: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let master = self.key(id)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| EnvelopeError::Malformed)?;
        Ok(Zeroizing::new(open(master.bytes(), context.as_bytes(), payload)?))
    }
}

impl fmt::Debug for LocalKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LocalKeys").field("ids", &self.ids()).finish_non_exhaustive()
    }
}
