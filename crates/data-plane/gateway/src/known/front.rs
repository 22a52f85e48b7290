//! The keys that a thread has seen lately: in front of what all threads share.
//!
//! A look-up here writes nothing that another thread reads, and needs no cryptographic hash of the key: it is recognised by
//! a fingerprint of 128 bits under a key that only this process knows, so that nobody can make another text with the same
//! one. What is found is as good as what the shared answers hold: the same answer, with the same test of whether it is
//! current. It is a copy of it, because who holds a principal counts that beside it: threads that share one wait for each
//! other's counting.

use std::cell::RefCell;
use std::sync::Arc;

use siphasher::sip128::SipHasher24;
use uuid::Uuid;

use super::Principal;
use super::answer::Dated;
use super::changes::ChangeLog;

/// Keys of one thread. A power of two; two keys with the same place push each other out.
const PLACES: usize = 512;
/// So many times a key is found here, and then it is looked up among the shared answers, which forget what isn't used.
const USES: u8 = 100;
/// A longer text is no key.
const LONGEST: usize = 64;

/// Makes fingerprints.
pub(super) struct Front(SipHasher24);

/// A key as it is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64, u64);

struct Seen {
    fingerprint: Fingerprint,
    answer: Dated<Arc<Principal>>,
    uses: u8,
}

thread_local! {
    /// Of all directories of the process: their fingerprints differ.
    static SEEN: RefCell<Vec<Option<Seen>>> = RefCell::new((0..PLACES).map(|_| None).collect());
}

impl Front {
    pub(super) fn new() -> Self {
        Self(SipHasher24::new_with_key(Uuid::new_v4().as_bytes()))
    }

    /// None for what can't be a key.
    pub(super) fn fingerprint(&self, token: &str) -> Option<Fingerprint> {
        let hash = (token.len() <= LONGEST).then(|| self.0.hash(token.as_bytes()))?;
        Some(Fingerprint(hash.h1, hash.h2))
    }
}

impl Fingerprint {
    fn place(self) -> usize {
        usize::try_from(self.0 % PLACES as u64).unwrap_or(0)
    }

    /// Who owns the key, if this thread knows it for sure.
    pub(super) fn principal(self, changes: &ChangeLog) -> Option<Arc<Principal>> {
        SEEN.with_borrow_mut(|seen| {
            let place = seen.get_mut(self.place())?;
            let found = place.as_mut().filter(|found| found.fingerprint == self)?;
            found.uses += 1;
            if found.uses > USES {
                *place = None;
                return None;
            }
            found.answer.is_current(changes).then(|| Arc::clone(&found.answer.value))
        })
    }

    /// Remembers the answer about a key.
    pub(super) fn remember(self, answer: Dated<Arc<Principal>>) {
        let answer = answer.map(|shared| Arc::new(Principal::clone(&shared)));
        SEEN.with_borrow_mut(|seen| {
            if let Some(place) = seen.get_mut(self.place()) {
                *place = Some(Seen { fingerprint: self, answer, uses: 0 });
            }
        });
    }
}
