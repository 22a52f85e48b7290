//! Master keys in Vault's transit engine: the key never leaves Vault. Each of its versions is a master key of ours, with the
//! id `vault/<mount>/<name>/v<version>`, so that rotating the key in Vault and then the master key here is one more rotation.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::Method;
use secrets::{KeyError, MasterKeyProvider};
use serde_json::json;
use zeroize::Zeroizing;

use super::Vault;
use crate::ProviderError;

const PROVIDER: &str = "vault";

/// What an id must not have.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'.').add(b' ').add(b'%');

/// A key of a transit engine. It must be of a type with associated data: `aes256-gcm96` (the default) or
/// `chacha20-poly1305`.
#[derive(Debug)]
pub struct VaultTransit {
    vault: Arc<Vault>,
    mount: String,
    name: String,
}

impl VaultTransit {
    /// The key by this name of the engine that is mounted there (`transit`).
    #[must_use]
    pub fn new(vault: Arc<Vault>, mount: &str, name: &str) -> Self {
        Self { vault, mount: mount.trim_matches('/').to_owned(), name: name.to_owned() }
    }

    fn prefix(&self) -> String {
        let escaped = |text| utf8_percent_encode(text, ESCAPED).to_string();
        format!("vault/{}/{}/v", escaped(&self.mount), escaped(&self.name))
    }

    fn version(&self, id: &str) -> Option<u64> {
        id.strip_prefix(&self.prefix())?.parse().ok()
    }

    fn unknown(&self, id: &str) -> KeyError {
        KeyError::Unknown { wanted: id.to_owned(), known: vec![format!("{}...", self.prefix())] }
    }
}

#[async_trait]
impl MasterKeyProvider for VaultTransit {
    fn name(&self) -> &'static str {
        PROVIDER
    }

    fn holds(&self, id: &str) -> bool {
        self.version(id).is_some()
    }

    async fn keys(&self) -> Result<Vec<String>, KeyError> {
        let path = format!("{}/keys/{}", self.mount, self.name);
        let answer = self.vault.ask(Method::GET, &path, None).await.map_err(|error| error.of(PROVIDER))?;
        let data = &answer["data"];
        let latest = data["latest_version"].as_u64();
        let latest = latest.ok_or_else(|| ProviderError::unexpected("data.latest_version").of(PROVIDER))?;
        // Nothing new comes under an older version, so only the latest is there to wrap with.
        Ok(vec![format!("{}{latest}", self.prefix())])
    }

    async fn wrap(&self, id: &str, context: &str, key: &[u8; 32]) -> Result<String, KeyError> {
        let version = self.version(id).ok_or_else(|| self.unknown(id))?;
        let body = json!({
            "plaintext": STANDARD.encode(key),
            "associated_data": STANDARD.encode(context),
            "key_version": version,
        });
        let path = format!("{}/encrypt/{}", self.mount, self.name);
        let answer =
            self.vault.ask(Method::POST, &path, Some(&body)).await.map_err(|error| error.of(PROVIDER))?;
        let ciphertext = answer["data"]["ciphertext"].as_str();
        let payload = ciphertext.and_then(|text| text.strip_prefix(&format!("vault:v{version}:")));
        Ok(payload
            .ok_or_else(|| ProviderError::unexpected("ciphertext of this version").of(PROVIDER))?
            .to_owned())
    }

    async fn unwrap(&self, id: &str, context: &str, payload: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let version = self.version(id).ok_or_else(|| self.unknown(id))?;
        let body = json!({
            "ciphertext": format!("vault:v{version}:{payload}"),
            "associated_data": STANDARD.encode(context),
        });
        let path = format!("{}/decrypt/{}", self.mount, self.name);
        let answer =
            self.vault.ask(Method::POST, &path, Some(&body)).await.map_err(|error| error.of(PROVIDER))?;
        let plain = answer["data"]["plaintext"].as_str().and_then(|text| STANDARD.decode(text).ok());
        Ok(Zeroizing::new(plain.ok_or_else(|| ProviderError::unexpected("plaintext").of(PROVIDER))?))
    }
}
