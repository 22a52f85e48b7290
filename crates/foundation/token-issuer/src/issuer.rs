//! An issuer whose keys are kept at hand: fetched once, fetched anew for a key that isn't known and now and then, and used
//! on while the issuer is away.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bounded_answer::AnswerError;
use bytes::Bytes;
use jsonwebtoken::jwk::JwkSet;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::verify::{Refused, SigningKeys, Verifier};

/// How long asking for the keys may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// For how long nobody asks again because of an unknown key: whoever invents key ids sends nobody to the issuer.
const BETWEEN_QUESTIONS: Duration = Duration::from_secs(5);
/// How often the keys are asked for without a reason, so that one that was taken back doesn't stay.
const REFRESH: Duration = Duration::from_secs(600);
/// The same while the last try has failed.
const RETRY: Duration = Duration::from_secs(15);
/// The largest set of keys that is read, in bytes.
const LARGEST: usize = 256 * 1024;

/// Whose tokens are taken.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// Where its keys are.
    pub keys_url: Url,
    /// For whom its tokens are made, where they say it.
    pub audience: Option<String>,
    /// A file in which the last keys are kept, for a start while the issuer is away. They are public.
    pub stored: Option<PathBuf>,
}

/// Why the keys couldn't be asked for.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The issuer didn't answer, or not as it should.
    #[error("the keys at {0} can't be asked for: {1}")]
    Unreachable(Url, #[source] reqwest::Error),
    /// What it said isn't a set of keys that signs anything.
    #[error("at {0} there is no set of RSA keys: {1}")]
    NoKeys(Url, String),
}

/// Why a token isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotVerify {
    /// It is wrong.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It may be right: it names a key that isn't known, and the issuer can't be asked.
    #[error("the issuer can't be asked for its keys")]
    IssuerAway,
}

/// When the issuer was last asked, and whether it answered.
#[derive(Default)]
struct LastQuestion {
    at: Option<Instant>,
    is_answered: bool,
}

/// An issuer and its keys.
pub struct Issuer {
    config: IssuerConfig,
    verifier: Verifier,
    http: reqwest::Client,
    keys: ArcSwap<SigningKeys>,
    generation: AtomicU64,
    asking: Mutex<LastQuestion>,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Issuer").field("issuer", &self.config.issuer).finish_non_exhaustive()
    }
}

impl Issuer {
    /// An issuer with the keys of the last time; nobody is asked yet.
    ///
    /// # Errors
    /// When the machine has no certificates to trust.
    pub fn open(config: IssuerConfig) -> Result<Self, IssuerError> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| IssuerError::Unreachable(config.keys_url.clone(), error))?;
        let stored = config.stored.as_deref().and_then(read_stored).unwrap_or_default();
        Ok(Self {
            verifier: Verifier::new(&config.issuer, config.audience.as_deref()),
            http,
            keys: ArcSwap::from_pointee(stored),
            generation: AtomicU64::new(0),
            asking: Mutex::default(),
            config,
        })
    }

    /// Keeps the keys fresh until `stop`.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let pause = match self.refresh().await {
                Ok(()) => REFRESH,
                Err(error) => {
                    let at_hand = !self.keys.load().is_empty();
                    tracing::warn!(%error, at_hand, "the keys of an issuer aren't fresh");
                    RETRY
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Grows when a key is taken back: what was believed because of it must be looked at again.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether any key is at hand.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.keys.load().is_empty()
    }

    /// The claims of a good token, by the keys at hand.
    ///
    /// # Errors
    /// Why it is refused; [`Refused::UnknownKey`] may be mended by [`Issuer::verify`].
    pub fn verify_at_hand<C: DeserializeOwned>(&self, token: &str) -> Result<C, Refused> {
        self.verifier.verify(token, &self.keys.load())
    }

    /// The claims of a good token. Asks for the keys when it is signed by one that isn't known, and nobody has asked just
    /// now; many tokens with one new key ask once.
    ///
    /// # Errors
    /// Why it isn't taken.
    pub async fn verify<C: DeserializeOwned>(&self, token: &str) -> Result<C, CannotVerify> {
        let before = self.keys.load_full();
        match self.verifier.verify(token, &before) {
            Err(Refused::UnknownKey) => {}
            verdict => return Ok(verdict?),
        }
        let mut last = self.asking.lock().await;
        // Whoever held the lock before us may have brought the key.
        let is_unchanged = Arc::ptr_eq(&before, &self.keys.load_full());
        if is_unchanged {
            if last.at.is_some_and(|at| at.elapsed() < BETWEEN_QUESTIONS) {
                return Err(unknown(last.is_answered));
            }
            self.ask(&mut last).await.unwrap_or_else(
                |error| tracing::warn!(%error, "a token is signed by a key that isn't known"),
            );
        }
        match self.verify_at_hand(token) {
            Err(Refused::UnknownKey) => Err(unknown(last.is_answered)),
            verdict => Ok(verdict?),
        }
    }

    /// Asks for the keys.
    ///
    /// # Errors
    /// When the issuer can't be asked, or has none. The keys at hand stay.
    pub async fn refresh(&self) -> Result<(), IssuerError> {
        let mut last = self.asking.lock().await;
        self.ask(&mut last).await
    }

    async fn ask(&self, last: &mut LastQuestion) -> Result<(), IssuerError> {
        *last = LastQuestion { at: Some(Instant::now()), is_answered: false };
        let text = self.fetch().await?;
        let url = &self.config.keys_url;
        let set: JwkSet = serde_json::from_slice(&text)
            .map_err(|error| IssuerError::NoKeys(url.clone(), error.to_string()))?;
        let keys = SigningKeys::of(&set);
        if keys.is_empty() {
            return Err(IssuerError::NoKeys(url.clone(), "it has none with an id".to_owned()));
        }
        let before = self.keys.load_full();
        let is_taken_back = before.lacks_in(&keys);
        let is_new = keys.lacks_in(&before);
        self.keys.store(Arc::new(keys));
        if is_taken_back {
            // After the store: who reads the new number verifies with the new keys.
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        if let Some(path) = self.config.stored.as_deref().filter(|_| is_taken_back || is_new)
            && let Err(error) = store(path, &text)
        {
            tracing::warn!(%error, path = %path.display(), "the keys of an issuer can't be kept");
        }
        last.is_answered = true;
        Ok(())
    }

    async fn fetch(&self) -> Result<Bytes, IssuerError> {
        let url = &self.config.keys_url;
        let away = |error| IssuerError::Unreachable(url.clone(), error);
        let answer = self.http.get(url.clone()).send().await.and_then(reqwest::Response::error_for_status);
        bounded_answer::read(answer.map_err(away)?, LARGEST).await.map_err(|error| match error {
            AnswerError::BrokenOff(error) => away(error),
            AnswerError::TooLarge(_) => IssuerError::NoKeys(url.clone(), error.to_string()),
        })
    }
}

fn unknown(is_answered: bool) -> CannotVerify {
    if is_answered { CannotVerify::Refused(Refused::UnknownKey) } else { CannotVerify::IssuerAway }
}

/// What can't be read is as good as nothing: the issuer is asked anyway.
fn read_stored(path: &Path) -> Option<SigningKeys> {
    let text = std::fs::read(path).ok()?;
    serde_json::from_slice(&text).ok().map(|set| SigningKeys::of(&set))
}

fn store(path: &Path, text: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use serde_json::{Value, json};
    use testkit::TokenSigner;

    /// Answers with these keys so often, then not at all.
    async fn serve(server: &MockServer, signer: &TokenSigner) {
        server.reset().await;
        Mock::given(method("GET"))
            .and(path("/keys"))
            .respond_with(ResponseTemplate::new(200).set_body_json(signer.key_set()))
            .mount(server)
            .await;
    }

    async fn questions(server: &MockServer) -> usize {
        server.received_requests().await.unwrap().len()
    }

    fn issuer(server: &MockServer, stored: Option<PathBuf>) -> Issuer {
        let config = IssuerConfig {
            issuer: "https://clerk.test".to_owned(),
            keys_url: format!("{}/keys", server.uri()).parse().unwrap(),
            audience: None,
            stored,
        };
        Issuer::open(config).unwrap()
    }

    #[tokio::test]
    async fn many_tokens_with_a_new_key_ask_once_and_invented_keys_ask_nobody() {
        let server = MockServer::start().await;
        let (signer, inventor) = (TokenSigner::new("one"), TokenSigner::new("invented"));
        serve(&server, &signer).await;
        let issuer = Arc::new(issuer(&server, None));
        let token = signer.token(&json!({}));
        let all = (0..20).map(|_| {
            let (issuer, token) = (Arc::clone(&issuer), token.clone());
            tokio::spawn(
                async move { issuer.verify::<Value>(&token).await.map(|claims| claims["sub"].clone()) },
            )
        });
        for verdict in all.collect::<Vec<_>>() {
            assert_eq!(verdict.await.unwrap(), Ok(json!("user_1")));
        }
        assert_eq!(questions(&server).await, 1);
        for _ in 0..20 {
            let verdict = issuer.verify::<Value>(&inventor.token(&json!({}))).await.map(drop);
            assert_eq!(verdict, Err(CannotVerify::Refused(Refused::UnknownKey)));
        }
        assert_eq!(questions(&server).await, 1);
    }

    #[tokio::test]
    async fn while_the_issuer_is_away_its_known_keys_hold_also_after_a_new_start() {
        let folder = tempfile::tempdir().unwrap();
        let stored = folder.path().join("keys.json");
        let server = MockServer::start().await;
        let (first, second) = (TokenSigner::new("one"), TokenSigner::new("two"));
        serve(&server, &first).await;
        let before = issuer(&server, Some(stored.clone()));
        before.refresh().await.unwrap();
        server.reset().await;
        assert!(before.refresh().await.is_err());
        assert!(before.verify::<Value>(&first.token(&json!({}))).await.is_ok());
        let after = issuer(&server, Some(stored));
        assert!(after.is_ready());
        assert!(after.verify::<Value>(&first.token(&json!({}))).await.is_ok());
        // A key that nobody has seen may be good: nobody says that it isn't.
        assert_eq!(
            after.verify::<Value>(&second.token(&json!({}))).await.map(drop),
            Err(CannotVerify::IssuerAway)
        );
    }

    #[tokio::test]
    async fn a_key_that_is_taken_back_signs_nobody_in() {
        let server = MockServer::start().await;
        let (first, second) = (TokenSigner::new("one"), TokenSigner::new("two"));
        serve(&server, &first).await;
        let issuer = issuer(&server, None);
        issuer.refresh().await.unwrap();
        assert!(issuer.verify_at_hand::<Value>(&first.token(&json!({}))).is_ok());
        let generation = issuer.generation();
        serve(&server, &second).await;
        issuer.refresh().await.unwrap();
        assert_eq!(
            issuer.verify_at_hand::<Value>(&first.token(&json!({}))).map(drop),
            Err(Refused::UnknownKey)
        );
        assert!(issuer.verify_at_hand::<Value>(&second.token(&json!({}))).is_ok());
        assert_eq!(issuer.generation(), generation + 1);
    }

    #[tokio::test]
    async fn an_answer_that_is_no_set_of_keys_takes_none_away() {
        let server = MockServer::start().await;
        let signer = TokenSigner::new("one");
        serve(&server, &signer).await;
        let issuer = issuer(&server, None);
        issuer.refresh().await.unwrap();
        for body in ["", "{}", r#"{"keys": []}"#, "<html>", &"x".repeat(LARGEST + 1)] {
            server.reset().await;
            Mock::given(method("GET"))
                .respond_with(ResponseTemplate::new(200).set_body_string(body))
                .mount(&server)
                .await;
            assert!(issuer.refresh().await.is_err());
            assert!(issuer.verify_at_hand::<Value>(&signer.token(&json!({}))).is_ok());
        }
    }
}
