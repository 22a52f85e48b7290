//! How the holders of master keys fare: each is asked now, all of them at once.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::{KeyError, KeyRing, KnownKey};

/// What a provider of master keys said when it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderHealth {
    /// The provider's kind: `local`, `vault`, `aws-kms`.
    pub provider: &'static str,
    /// The ids of the keys that it wraps with now, or why it can't be asked for any.
    pub keys: Result<Vec<String>, KeyError>,
    /// How long it took to say so.
    pub answered_in: Duration,
}

impl ProviderHealth {
    /// The keys that can be asked for here.
    pub fn known(&self) -> impl Iterator<Item = KnownKey> + '_ {
        let ids = self.keys.iter().flatten();
        ids.map(|id| KnownKey { id: id.clone(), provider: self.provider })
    }
}

impl KeyRing {
    /// How each provider fares, in the order of the configuration. They are asked at once: one that hangs takes as long as
    /// its own patience, and nobody else's time.
    pub async fn health(&self) -> Vec<ProviderHealth> {
        join_all(self.0.providers.iter().map(|provider| async move {
            let asked = Instant::now();
            let keys = provider.check().await;
            ProviderHealth { provider: provider.name(), keys, answered_in: asked.elapsed() }
        }))
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use secrecy::ExposeSecret as _;
    use tokio::sync::Barrier;
    use zeroize::Zeroizing;

    use super::*;
    use crate::key_ring::MasterKeyProvider;
    use crate::local_keys::LocalKeys;
    use crate::master_key::MasterKey;

    /// A provider that hangs, and gives up when all that hang have been asked.
    #[derive(Debug)]
    struct Hanging(Arc<Barrier>);

    #[async_trait]
    impl MasterKeyProvider for Hanging {
        fn name(&self) -> &'static str {
            "hanging"
        }
        fn holds(&self, _: &str) -> bool {
            false
        }
        async fn keys(&self) -> Result<Vec<String>, KeyError> {
            self.0.wait().await;
            Err(KeyError::Away { provider: "hanging", reason: "it doesn't answer in time".to_owned() })
        }
        async fn wrap(&self, id: &str, _: &str, _: &[u8; 32]) -> Result<String, KeyError> {
            Err(KeyError::Unknown { wanted: id.to_owned(), known: vec![] })
        }
        async fn unwrap(&self, id: &str, _: &str, _: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
            Err(KeyError::Unknown { wanted: id.to_owned(), known: vec![] })
        }
    }

    /// Far longer than what is asked in memory takes: whoever asks one after the other waits without an end.
    async fn at_once<T>(asking: impl Future<Output = T>) -> T {
        tokio::time::timeout(Duration::from_secs(20), asking).await.expect("asked one after the other")
    }

    #[tokio::test]
    async fn providers_that_hang_are_waited_for_together_and_cost_the_others_nothing() {
        let master = MasterKey::generate();
        let meeting = Arc::new(Barrier::new(2));
        let ring = KeyRing::new(vec![
            Arc::new(Hanging(Arc::clone(&meeting))),
            Arc::new(LocalKeys::new(vec![master.clone()])),
            Arc::new(Hanging(meeting)),
        ]);
        let health = at_once(ring.health()).await;
        let told: Vec<_> = health.iter().map(|one| (one.provider, one.keys.is_ok())).collect();
        assert_eq!(told, [("hanging", false), ("local", true), ("hanging", false)]);
        assert!(health[1].answered_in <= health[0].answered_in, "{health:?}");
        let known: Vec<_> = health.iter().flat_map(ProviderHealth::known).collect();
        assert_eq!(known, [KnownKey { id: master.id().to_owned(), provider: "local" }]);
        let wrong = health[0].keys.as_ref().unwrap_err().to_string();
        assert_eq!(wrong, "hanging can't be reached: it doesn't answer in time");
        assert!(!format!("{health:?}").contains(master.to_hex().expose_secret()), "{health:?}");

        let (known, away) = at_once(ring.keys()).await;
        assert_eq!((known.len(), away.len()), (1, 2));
    }
}
