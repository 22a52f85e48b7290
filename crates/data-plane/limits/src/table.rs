//! The limits that this node knows, by key.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use foldhash::fast::RandomState;

use crate::limit::Limit;
use crate::limit_key::LimitKey;

/// A power of two. More than the threads of any server, so that they seldom meet.
const SHARDS: usize = 64;

type Shard = RwLock<HashMap<LimitKey, Arc<Limit>, RandomState>>;

/// A map whose locks are held for a look-up only.
#[derive(Debug)]
pub(crate) struct Table {
    shards: Box<[Shard]>,
}

impl Table {
    pub(crate) fn new() -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        Self { shards }
    }

    fn shard(&self, key: &LimitKey) -> &Shard {
        // The end of a customer's id is random, whoever made it.
        let [.., last] = *key.subject.customer.uuid().as_bytes();
        &self.shards[usize::from(last) % SHARDS]
    }

    /// Does something with the limit of this key, if there is one. No other limit of its shard can be made meanwhile.
    pub(crate) fn with<T>(&self, key: &LimitKey, act: impl FnOnce(&Arc<Limit>) -> T) -> Option<T> {
        read(self.shard(key)).get(key).map(act)
    }

    pub(crate) fn get(&self, key: &LimitKey) -> Option<Arc<Limit>> {
        read(self.shard(key)).get(key).cloned()
    }

    /// The limit of this key; `new` makes it when there is none.
    pub(crate) fn get_or_insert(&self, key: &LimitKey, new: impl FnOnce() -> Limit) -> Arc<Limit> {
        let shard = self.shard(key);
        if let Some(limit) = read(shard).get(key) {
            return Arc::clone(limit);
        }
        Arc::clone(write(shard).entry(key.clone()).or_insert_with(|| Arc::new(new())))
    }

    /// All limits that satisfy `wanted`.
    pub(crate) fn select(&self, wanted: impl Fn(&Limit) -> bool) -> Vec<Arc<Limit>> {
        self.shards
            .iter()
            .flat_map(|shard| read(shard).values().filter(|limit| wanted(limit)).cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Forgets the limits that `keep` doesn't want and that nobody uses at this moment, and returns them.
    pub(crate) fn evict(&self, keep: impl Fn(&Limit) -> bool) -> Vec<Arc<Limit>> {
        let mut evicted = Vec::new();
        for shard in &self.shards {
            // Whoever decides a request holds an Arc; nobody can get one while the shard is locked for writing.
            write(shard).retain(|_, limit| {
                let stays = Arc::strong_count(limit) > 1 || keep(limit);
                if !stays {
                    evicted.push(Arc::clone(limit));
                }
                stays
            });
        }
        evicted
    }

    /// How many policies were checked by the limits that are here.
    pub(crate) fn checks(&self) -> u64 {
        self.shards
            .iter()
            .map(|shard| read(shard).values().map(|limit| limit.state().checks).sum::<u64>())
            .sum()
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| read(shard).len()).sum()
    }
}

fn read(shard: &Shard) -> RwLockReadGuard<'_, HashMap<LimitKey, Arc<Limit>, RandomState>> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &Shard) -> RwLockWriteGuard<'_, HashMap<LimitKey, Arc<Limit>, RandomState>> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}
