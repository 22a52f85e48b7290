//! How the holders of master keys fare: each is asked now, all of them at once.

use std::sync::{Mutex, PoisonError};
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

/// When each provider was last well, and what it said.
pub(super) struct LastGood(Mutex<Vec<Option<(Instant, ProviderHealth)>>>);

impl LastGood {
    pub(super) fn of(providers: usize) -> Self {
        Self(Mutex::new(vec![None; providers]))
    }

    fn within(&self, place: usize, age: Duration) -> Option<ProviderHealth> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, health) = last[place].as_ref()?;
        (at.elapsed() < age).then(|| health.clone())
    }

    fn keep(&self, place: usize, health: &ProviderHealth) {
        let good = health.keys.is_ok().then(|| (Instant::now(), health.clone()));
        self.0.lock().unwrap_or_else(PoisonError::into_inner)[place] = good;
    }
}

impl KeyRing {
    /// How each provider fares, in the order of the configuration. They are asked at once: one that hangs takes as long as
    /// its own patience, and nobody else's time. One whose answers cost something was asked a moment ago, at most as long as
    /// [`super::MasterKeyProvider::good_for`].
    pub async fn health(&self) -> Vec<ProviderHealth> {
        join_all(self.0.providers.iter().enumerate().map(|(place, provider)| async move {
            if let Some(health) = self.0.healthy.within(place, provider.good_for()) {
                return health;
            }
            let asked = Instant::now();
            let keys = provider.check().await;
            let health = ProviderHealth { provider: provider.name(), keys, answered_in: asked.elapsed() };
            self.0.healthy.keep(place, &health);
            health
        }))
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

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

    /// A provider that counts how often it is asked.
    #[derive(Debug, Default)]
    struct Dear {
        asked: AtomicUsize,
        is_away: AtomicBool,
        good_for: Duration,
    }

    #[async_trait]
    impl MasterKeyProvider for Dear {
        fn name(&self) -> &'static str {
            "dear"
        }
        fn holds(&self, _: &str) -> bool {
            false
        }
        async fn keys(&self) -> Result<Vec<String>, KeyError> {
            Ok(vec!["dear/one".to_owned()])
        }
        async fn check(&self) -> Result<Vec<String>, KeyError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let away = KeyError::Away { provider: "dear", reason: "cut off".to_owned() };
            if self.is_away.load(Ordering::SeqCst) { Err(away) } else { self.keys().await }
        }
        fn good_for(&self) -> Duration {
            self.good_for
        }
        async fn wrap(&self, id: &str, _: &str, _: &[u8; 32]) -> Result<String, KeyError> {
            Err(KeyError::Unknown { wanted: id.to_owned(), known: vec![] })
        }
        async fn unwrap(&self, id: &str, _: &str, _: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
            Err(KeyError::Unknown { wanted: id.to_owned(), known: vec![] })
        }
    }

    #[tokio::test]
    async fn a_provider_whose_answers_cost_something_is_asked_seldom_while_it_is_well() {
        // How often it is asked: twice while it is well, twice while it isn't, twice when it is well again.
        for (good_for, wanted) in [(Duration::ZERO, [2, 4, 6]), (Duration::from_secs(3600), [1, 3, 4])] {
            let dear = Arc::new(Dear { good_for, ..Dear::default() });
            let ring = KeyRing::new(vec![Arc::<Dear>::clone(&dear)]);
            let mut asked = Vec::new();
            for is_away in [false, true, false] {
                dear.is_away.store(is_away, Ordering::SeqCst);
                if is_away {
                    // As if the time were over.
                    ring.0.healthy.0.lock().unwrap()[0] = None;
                }
                for _ in 0..2 {
                    assert_eq!(ring.health().await[0].keys.is_ok(), !is_away);
                }
                asked.push(dear.asked.load(Ordering::SeqCst));
            }
            assert_eq!(asked, wanted);
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
