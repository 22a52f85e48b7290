//! Passwords: argon2id with the parameters that OWASP names as the least (19 MiB, 2 passes), which are also the library's.
//!
//! Each takes some 20 ms of one processor and 19 MiB. A bounded number is looked at at once, and a bounded number waits, so
//! that a storm of sign-ins takes neither the server's memory nor its processors.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use customers::{FieldCheck, UseCaseError};
use secrets::bearer::one_time_password;
use secrets::{ExposeSecret, SecretString};
use tokio::sync::{OnceCell, Semaphore};
use zxcvbn::Score;

use crate::SignInError;

/// How many are looked at at once.
const AT_ONCE: usize = 2;
/// How many more wait.
const WAITING: usize = 32;
/// In characters.
const SHORTEST: usize = 12;
/// In bytes, so that nobody has us hash a novel.
const LONGEST: usize = 256;

/// Hashes and verifies passwords. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    at_work: Arc<Semaphore>,
    room: Arc<Semaphore>,
    /// A hash of a password that nobody knows, for accounts that don't exist: they take as long.
    decoy: Arc<OnceCell<SecretString>>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self {
            at_work: Arc::new(Semaphore::new(AT_ONCE)),
            room: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            decoy: Arc::new(OnceCell::new()),
        }
    }

    /// The password's hash, to be stored.
    pub(crate) async fn hash(&self, password: &SecretString) -> Result<SecretString, SignInError> {
        let password = password.clone();
        self.work(move || {
            let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| SecretString::from(hash.to_string()))
        })
        .await?
        .map_err(|error| SignInError::UseCase(UseCaseError::Unexpected(error.to_string().into())))
    }

    /// Whether it is the password of this hash. Without a hash it never is, and takes as long to tell.
    pub(crate) async fn verify(
        &self,
        hash: Option<&SecretString>,
        password: &SecretString,
    ) -> Result<bool, SignInError> {
        let decoy = self.decoy.get_or_try_init(|| async { self.hash(&one_time_password()).await }).await?;
        let (known, hash) = (hash.is_some(), hash.unwrap_or(decoy).clone());
        let password = password.clone();
        let is_right = self
            .work(move || {
                let bytes = password.expose_secret().as_bytes();
                PasswordHash::new(hash.expose_secret())
                    .is_ok_and(|hash| Argon2::default().verify_password(bytes, &hash).is_ok())
            })
            .await?;
        Ok(known && is_right)
    }

    /// Notes what is wrong with a password that somebody chose. `about` are words that others would try for this person.
    pub(crate) fn check(check: &mut FieldCheck, field: &str, password: &SecretString, about: &[&str]) {
        let text = password.expose_secret();
        if text.chars().count() < SHORTEST {
            check.wrong(field, format!("must have at least {SHORTEST} characters"));
        } else if text.len() > LONGEST {
            check.wrong(field, format!("must have at most {LONGEST} bytes"));
        } else {
            let estimate = zxcvbn::zxcvbn(text, about);
            if estimate.score() < Score::Three {
                let reason = estimate.feedback().and_then(|feedback| feedback.warning());
                let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
                check.wrong(
                    field,
                    format!("is easily guessed{reason}: take several words that don't belong together"),
                );
            }
        }
    }

    async fn work<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, SignInError> {
        let _room = self.room.try_acquire().map_err(|_| SignInError::Busy)?;
        let _turn = self.at_work.acquire().await.map_err(|_| SignInError::Busy)?;
        tokio::task::spawn_blocking(task)
            .await
            .map_err(|error| SignInError::UseCase(UseCaseError::Unexpected(Box::new(error))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_opens_its_own_hash_and_nothing_opens_none() {
        let passwords = Passwords::new();
        let right = SecretString::from("correct horse battery staple");
        let hash = passwords.hash(&right).await.unwrap();
        assert!(hash.expose_secret().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.verify(Some(&hash), &right).await.unwrap());
        assert!(!passwords.verify(Some(&hash), &SecretString::from("wrong")).await.unwrap());
        assert!(!passwords.verify(None, &right).await.unwrap());
        assert_ne!(
            passwords.hash(&right).await.unwrap().expose_secret(),
            hash.expose_secret(),
            "each has a salt of its own"
        );
    }

    #[test]
    fn what_others_would_try_is_refused() {
        let told = |text: &str| {
            let mut check = FieldCheck::default();
            Passwords::check(&mut check, "password", &SecretString::from(text), &["ann@example.org", "Ann"]);
            check.finish().err().map(|fields| fields[0].message.clone())
        };
        assert!(told("Tr0ub4dor&3").unwrap().contains("at least 12"));
        assert!(told("password1234").unwrap().contains("easily guessed"));
        assert!(told("ann@example.org").unwrap().contains("easily guessed"));
        assert!(told(&"x".repeat(300)).unwrap().contains("at most 256"));
        assert_eq!(told("quarry lantern fjord mittens"), None);
    }

    #[tokio::test]
    async fn a_storm_is_turned_away_and_not_queued_for_ever() {
        let passwords = Passwords::new();
        let _all = passwords.room.clone().acquire_many_owned((AT_ONCE + WAITING) as u32).await.unwrap();
        let refused = passwords.hash(&SecretString::from("x")).await;
        assert!(matches!(refused, Err(SignInError::Busy)));
    }
}
