//! Who asks: from the bearer token to the [`Principal`] whose key or session may be used, now and from there.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::customer::{ApiKeyStatus, Lifecycle};
use domain::principal::{Caller, KeyCaller, Principal};
use http::{HeaderMap, Uri, header};
use percent_encoding::percent_decode_str;
use problem::Problem;
use secrets::{ApiKey, KeyHash};

use crate::KnownDirectory;
use crate::known::Fingerprint;
use crate::session::{self, SessionConfig, ShownSession};

/// Under which names strangers are counted. They are all told the same kind of problem: `unauthenticated`.
const KEY_MISSING: &str = "key-missing";
const KEY_TWICE: &str = "key-twice";
const KEY_NOT_BEARER: &str = "key-not-bearer";
/// Mistyped, or no key at all: the checksum says so.
const KEY_MALFORMED: &str = "key-malformed";
/// A key by its form, but nobody's.
const KEY_UNKNOWN: &str = "key-unknown";

/// The bearer token of a request.
///
/// # Errors
/// 401 when there is none, when there are two, or when it isn't one.
pub fn bearer_token(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (given.next(), given.next()) {
        (Some(value), None) => value,
        (first, _) => {
            let outcome = if first.is_none() { KEY_MISSING } else { KEY_TWICE };
            let detail = "Send exactly one header Authorization: Bearer <key>.";
            return Err(Problem::unauthenticated(detail).counted_as(outcome));
        }
    };
    // A value that isn't ASCII holds no token; one that is holds no other space than blanks and tabs.
    let value = if value.as_bytes().is_ascii() { value.as_bytes() } else { &[] };
    let (scheme, token) = value.split_at_checked("bearer ".len()).unwrap_or_default();
    let token = std::str::from_utf8(token.trim_ascii()).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case(b"bearer ") || token.is_empty() {
        let detail = "The Authorization header must read: Bearer <key>.";
        return Err(Problem::unauthenticated(detail).counted_as(KEY_NOT_BEARER));
    }
    Ok(token)
}

/// What a request shows.
pub(crate) enum Shown<'a> {
    /// A key, by its hash.
    Key(KeyHash),
    /// A session token, and the issuer that may have made it.
    Session(ShownSession<'a>),
}

/// The bearer token of a request that shows none elsewhere.
pub(crate) fn token<'a>(headers: &'a HeaderMap, uri: &Uri) -> Result<&'a str, Problem> {
    refuse_secrets_in_url(uri)?;
    bearer_token(headers)
}

/// What a request shows with its token. Most wrong keys end here: the checksum needs no look-up.
pub(crate) fn shown<'a>(token: &'a str, sessions: Option<&'a SessionConfig>) -> Result<Shown<'a>, Problem> {
    if session::looks_like_one(token) {
        return session::shown(token, sessions).map(Shown::Session);
    }
    ApiKey::hash_shown(token).map(Shown::Key).map_err(|error| {
        Problem::unauthenticated(format!("The bearer token is {error}.")).counted_as(KEY_MALFORMED)
    })
}

/// A key in a URL ends up in logs, histories and referrers: it is refused even if it is right, and whoever sent it is
/// told to replace it. A session token dies by itself.
fn refuse_secrets_in_url(uri: &Uri) -> Result<(), Problem> {
    if uri.query().is_some_and(session::is_in_query) {
        return Err(Problem::key_in_url(
            "A session token must not be in a URL, where logs keep it. Send it in the header Authorization: Bearer <token>.",
        ));
    }
    if has_key(uri.path()) || uri.query().is_some_and(has_key) {
        return Err(Problem::key_in_url(
            "An API key must not be in a URL, where logs keep it. Send it in the header Authorization: Bearer <key>, and \
             replace the key that was in the URL.",
        ));
    }
    Ok(())
}

/// Whether a path or a query string shows a key, however it is encoded. Most have neither of the two characters without which
/// none can stand there.
fn has_key(part: &str) -> bool {
    if part.contains('%') {
        return ApiKey::stands_in(&percent_decode_str(part).collect::<Vec<_>>());
    }
    part.contains('_') && ApiKey::stands_in(part.as_bytes())
}

/// Who owns the key that this thread recognises.
pub(crate) fn principal_seen(directory: &KnownDirectory, key: Fingerprint) -> Option<Arc<Principal>> {
    directory.principal_seen(key).filter(|principal| is_there(principal))
}

/// Who shows this, if that is known for sure without asking.
pub(crate) fn principal_at_hand(
    directory: &KnownDirectory,
    shown: &Shown<'_>,
    fingerprint: Option<Fingerprint>,
) -> Option<Arc<Principal>> {
    match shown {
        Shown::Key(key) => {
            directory.principal_at_hand(key, fingerprint).filter(|principal| is_there(principal))
        }
        Shown::Session(session) => directory.session_at_hand(&session.key),
    }
}

/// Who owns the key, if anybody who is there.
pub(crate) async fn principal(directory: &KnownDirectory, key: &KeyHash) -> Result<Arc<Principal>, Problem> {
    let principal = directory.principal_of(key).await.map_err(|error| {
        tracing::warn!(%error, "a key can't be looked up");
        Problem::unavailable("Keys can't be checked right now. Try again in a moment.").retry_after(2)
    })?;
    principal.filter(|principal| is_there(principal)).ok_or_else(|| {
        let detail = "The API key is not known. Check it, or ask for a new one.";
        Problem::unauthenticated(detail).counted_as(KEY_UNKNOWN)
    })
}

fn is_there(principal: &Principal) -> bool {
    principal.customer.lifecycle == Lifecycle::Ready
}

/// Refuses a key or a session that may not be used, or not any more, or not from there.
pub(crate) fn check_caller(
    caller: &Caller,
    address: Option<IpAddr>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    match caller {
        Caller::Key(key) => check_key(key, address, now),
        Caller::User(user) => session::check(user, now),
    }
}

fn check_key(key: &KeyCaller, address: Option<IpAddr>, now: DateTime<Utc>) -> Result<(), Problem> {
    let expired = key.expires_at.is_some_and(|expires_at| expires_at <= now);
    match key.status {
        ApiKeyStatus::Revoked => {
            Err(Problem::api_key_revoked("This API key was revoked. Use another one, or ask for a new one."))
        }
        ApiKeyStatus::Active if !expired => check_network(key, address),
        ApiKeyStatus::Active | ApiKeyStatus::Expired => {
            Err(Problem::api_key_expired("This API key has expired. Use another one, or ask for a new one."))
        }
    }
}

fn check_network(key: &KeyCaller, address: Option<IpAddr>) -> Result<(), Problem> {
    if key.may_come_from(address) {
        return Ok(());
    }
    let from = address.map_or_else(|| "an unknown address".to_owned(), |address| address.to_string());
    Err(Problem::network_not_allowed(format!(
        "This API key may not be used from {from}. Use it from one of its allowed networks, or ask for this one to be added."
    )))
}

#[cfg(test)]
mod tests {
    use secrets::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_bearer_token_is_what_stands_behind_the_scheme() {
        let found = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, http::HeaderValue::from_bytes(value).unwrap());
            bearer_token(&headers).map(str::to_owned).ok()
        };
        for value in ["Bearer sk_x", "bearer sk_x", "BEARER  \tsk_x \t"] {
            assert_eq!(found(value.as_bytes()).as_deref(), Some("sk_x"), "{value}");
        }
        assert_eq!(found(b"Bearer a b").as_deref(), Some("a b"));
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer \t ",
            "Basic sk_x",
            "Bearersk_x",
            "Bearer\tsk_x",
            " Bearer x",
            "Bearer \u{e9}",
        ] {
            assert_eq!(found(value.as_bytes()), None, "{value:?}");
        }
        let mut two = HeaderMap::new();
        two.append(header::AUTHORIZATION, http::HeaderValue::from_static("Bearer sk_x"));
        two.append(header::AUTHORIZATION, http::HeaderValue::from_static("Bearer sk_x"));
        assert!(bearer_token(&two).is_err());
        assert!(bearer_token(&HeaderMap::new()).is_err());
    }

    #[test]
    fn a_key_in_the_url_is_refused_wherever_and_however_it_stands_there() {
        let key = ApiKey::generate();
        let key = key.secret().expose_secret();
        let last = &key[key.len() - 1..];
        let wrong = format!("{}{}", &key[..key.len() - 1], if last == "0" { "1" } else { "0" });
        let encoded: String = key.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let (underscore, first) = (key.replace('_', "%5F"), key.replacen('s', "%73", 1));
        for key in [key, &wrong, &encoded, &underscore, &first] {
            for url in [
                format!("/api/v1/deals?api_key={key}"),
                format!("/api/v1/deals?a=1&{key}"),
                format!("/api/v1/deals?q=%20{key}&b=1"),
                format!("/api/v1/deals/{key}"),
                format!("/{key}/api/v1/deals"),
                format!("/api/v1/deals/key_{key}?limit=5"),
            ] {
                assert!(refuse_secrets_in_url(&url.parse().unwrap()).is_err(), "{url}");
            }
        }
        for url in [
            "/api/v1/deals?q=desk",
            "/api/v1/deals?q=sk_team",
            "/api/v1/deals?q=sk_x&sk=1&a=%73k_",
            "/api/v1/deals?task_title=Call&q=a%20desk_",
            "/api/v1/deals/01a20924-2f49-7193-9117-8df8841cddab",
            "/api/v1/deals/sk_",
            &format!("/api/v1/deals?q=ta{key}"),
            &format!("/api/v1/deals?q={}", &key[..key.len() - 1]),
        ] {
            assert!(refuse_secrets_in_url(&url.parse().unwrap()).is_ok(), "{url}");
        }
    }
}
