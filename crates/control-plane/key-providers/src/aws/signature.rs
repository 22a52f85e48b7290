//! Signature version 4 of AWS, for a POST with a body and nothing in its path or query.

use aws_lc_rs::{digest, hmac};
use chrono::{DateTime, Utc};
use secrets::ExposeSecret;

use super::Credentials;

/// What is signed.
pub(super) struct Signed<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// With its port, as the Host header has it.
    pub(super) host: &'a str,
    /// X-Amz-Target.
    pub(super) target: &'a str,
    pub(super) body: &'a [u8],
    pub(super) now: DateTime<Utc>,
}

/// The form of X-Amz-Date.
pub(super) fn timestamp(now: DateTime<Utc>) -> String {
    now.format("%Y%m%dT%H%M%SZ").to_string()
}

/// The Authorization header.
pub(super) fn authorization(signed: &Signed<'_>, credentials: &Credentials) -> String {
    let Signed { region, service, host, target, body, now } = signed;
    let (time, date) = (timestamp(*now), now.format("%Y%m%d").to_string());
    let mut headers = vec![
        ("content-type", "application/x-amz-json-1.1".to_owned()),
        ("host", (*host).to_owned()),
        ("x-amz-date", time.clone()),
    ];
    if let Some(token) = &credentials.session_token {
        headers.push(("x-amz-security-token", token.expose_secret().to_owned()));
    }
    headers.push(("x-amz-target", (*target).to_owned()));
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let request = format!("POST\n/\n\n{lines}\n{names}\n{}", sha256(body));
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", sha256(request.as_bytes()));
    let mut key = format!("AWS4{}", credentials.secret_access_key.expose_secret()).into_bytes();
    for part in [date.as_str(), region, service, "aws4_request", to_sign.as_str()] {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    let id = &credentials.access_key_id;
    format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={}", hex::encode(key))
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}
