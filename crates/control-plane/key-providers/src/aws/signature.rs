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

#[cfg(test)]
mod tests {
    use super::*;

    /// What botocore, AWS's own client for Python, makes of the same request.
    #[test]
    fn a_request_is_signed_as_awss_own_clients_do() {
        let signed = Signed {
            region: "eu-central-1",
            service: "kms",
            host: "kms.eu-central-1.amazonaws.com",
            target: "TrentService.Encrypt",
            body: b"{\"KeyId\":\"x\"}",
            now: "2026-01-02T03:04:05Z".parse().unwrap(),
        };
        let mut credentials = Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "the-secret-access-key".into(),
            session_token: None,
            expires_at: None,
        };
        let plain = authorization(&signed, &credentials);
        assert!(
            plain.ends_with("Signature=3f60d1d8dd322a61a4b4f37974c62fec0a77e59e26f5f0e1bc7276fd0302cb11")
        );
        credentials.session_token = Some("the-session-token".into());
        let session = authorization(&signed, &credentials);
        assert!(
            session.ends_with("Signature=eff38c986b8002a37a878f9b87ac2923ff0d17a0d868917aff3c63cc0a021bd6")
        );
    }
}
