//! A value of AWS Secrets Manager.

use secrets::SecretString;
use serde_json::{Value, json};

use super::Aws;
use crate::ProviderError;

/// Reads a secret: the whole text, or one field of a JSON object.
///
/// # Errors
/// [`ProviderError::Refused`] when there is no such secret or field.
pub async fn read_secret(aws: &Aws, name: &str, field: Option<&str>) -> Result<SecretString, ProviderError> {
    let answer =
        aws.call("secretsmanager", "secretsmanager.GetSecretValue", &json!({ "SecretId": name })).await?;
    let text = answer["SecretString"].as_str().ok_or_else(|| ProviderError::unexpected("SecretString"))?;
    let Some(field) = field else { return Ok(SecretString::from(text)) };
    let object: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    let value = object[field].as_str().map(SecretString::from);
    value.ok_or_else(|| ProviderError::Refused(format!("secret {name:?} has no text in its field {field:?}")))
}
