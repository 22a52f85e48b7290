//! A value of Vault's key-value engine, version 2.

use reqwest::Method;
use secrets::SecretString;

use super::Vault;
use crate::ProviderError;

/// Reads one field. The path is the one of the HTTP API, with `data` in it: `kv/data/sixty`.
///
/// # Errors
/// [`ProviderError::Refused`] when there is no such path or field.
pub async fn read_kv(vault: &Vault, path: &str, field: &str) -> Result<SecretString, ProviderError> {
    let answer = vault.ask(Method::GET, path.trim_matches('/'), None).await?;
    let value = answer["data"]["data"][field].as_str();
    let missing = || ProviderError::Refused(format!("{path} has no text in its field {field:?}"));
    value.map(SecretString::from).ok_or_else(missing)
}
