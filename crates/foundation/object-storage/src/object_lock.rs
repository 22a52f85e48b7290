//! Whether a bucket lets nobody change or remove what it has.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
use object_store::aws::AmazonS3;
use serde::Deserialize;

use crate::BucketError;
use crate::request::{BucketRequest, Requests};

/// How a bucket keeps new objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectLock {
    /// Each version stays for so many days.
    Kept {
        /// Whether anybody may end that earlier.
        mode: LockMode,
        /// For how long; a year is 365.
        days: u32,
    },
    /// Who may write there may replace and remove.
    None,
}

/// Who may end a lock before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LockMode {
    /// Nobody, the owner of the account included.
    Compliance,
    /// Who has a special permission.
    Governance,
}

impl fmt::Display for ObjectLock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kept { mode: LockMode::Compliance, days } => {
                write!(formatter, "object lock for {days} days that nobody can end")
            }
            Self::Kept { mode: LockMode::Governance, days } => {
                write!(formatter, "object lock for {days} days that some may end (governance)")
            }
            Self::None => write!(formatter, "no object lock, so that who may write there may take them away"),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    rule: Option<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    default_retention: Option<Retention>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Retention {
    mode: LockMode,
    days: Option<u32>,
    years: Option<u32>,
}

pub(crate) async fn read(client: &AmazonS3, requests: &Requests) -> Result<ObjectLock, BucketError> {
    let request = BucketRequest {
        method: Method::GET,
        at: "?object-lock=".to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let (status, text) = requests.send(client, request).await?;
    if status == 200 {
        return parsed(&text)
            .ok_or_else(|| requests.refused(status, "<Code>with a lock that is unknown</Code>"));
    }
    if text.contains("ObjectLockConfigurationNotFoundError") {
        return Ok(ObjectLock::None);
    }
    Err(requests.refused(status, &text))
}

fn parsed(text: &str) -> Option<ObjectLock> {
    let configuration: Configuration = quick_xml::de::from_str(text).ok()?;
    // Without a rule for new objects each would need a lock of its own, which nobody gives it.
    let Some(retention) = configuration.rule.and_then(|rule| rule.default_retention) else {
        return Some(ObjectLock::None);
    };
    let years = retention.years.unwrap_or_default().saturating_mul(365);
    Some(ObjectLock::Kept { mode: retention.mode, days: retention.days.unwrap_or_default().max(years) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_says_how_it_keeps_what_is_new() {
        let with = |rule: &str| {
            parsed(&format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ObjectLockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                 <ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}</ObjectLockConfiguration>"
            ))
        };
        let rule = |rule: &str| with(&format!("<Rule><DefaultRetention>{rule}</DefaultRetention></Rule>"));
        let kept = |mode, days| Some(ObjectLock::Kept { mode, days });
        assert_eq!(rule("<Mode>COMPLIANCE</Mode><Days>30</Days>"), kept(LockMode::Compliance, 30));
        assert_eq!(rule("<Mode>GOVERNANCE</Mode><Years>2</Years>"), kept(LockMode::Governance, 730));
        assert_eq!(with(""), Some(ObjectLock::None));
        assert_eq!(rule("<Mode>NEVER</Mode><Days>30</Days>"), None);
        assert_eq!(parsed("<html>"), None);
    }
}
