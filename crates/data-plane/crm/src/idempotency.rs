//! The header Idempotency-Key: a program that doesn't know whether its request arrived repeats it, and it has its effect
//! once.
//!
//! The answer is written into the customer's own database, by the transaction that has the effect: if the server or the
//! database dies in between, both are there or neither is, and a repetition is answered or does it anew. Only successful
//! answers are kept; a refused request has changed nothing, and may be repeated when what was wrong is mended.
//!
//! An advisory lock of the transaction tells a first request that still runs from one that has ended: who doesn't get it
//! is told to come back. It is taken in a statement of its own, before the answer is looked for: a statement sees what
//! was committed before it began, and the first request commits before it gives up the lock.

use aws_lc_rs::digest;
use customer_db::{Error, Session};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use problem::{IDEMPOTENCY_KEY, Problem, idempotency_key};
use serde_json::Value as Json;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use crate::answer::Answer;
use crate::observe::Repeat;

/// How many expired answers a new one removes at most. More than one, so that the table doesn't grow for ever.
const REMOVED: i64 = 20;

/// The organization is that of the transaction: the same key of another organization is another key.
const LOCK: &str = "select pg_try_advisory_xact_lock(hashtextextended( \
     concat_ws(' ', current_setting('app.org_id', true), $1::text, $2::text, $3::text), 0))";

const FIND: &str = "select fingerprint, status, location, etag, body from idempotency_keys \
     where method = $1 and path = $2 and key = $3 and created_at > now() - interval '24 hours'";

/// An expired answer to the same key is replaced; there can be no other one under the lock. What is removed is chosen
/// once (materialized): a sub-select could be run again for every row, and its limit would limit nothing.
const KEEP: &str = "with old as materialized ( \
         select method, path, key from idempotency_keys \
         where created_at <= now() - interval '24 hours' and (method, path, key) <> ($1, $2, $3) \
         order by created_at limit $9 for update skip locked \
     ), removed as ( \
         delete from idempotency_keys as kept using old \
         where (kept.method, kept.path, kept.key) = (old.method, old.path, old.key) \
     ) \
     insert into idempotency_keys (method, path, key, fingerprint, status, location, etag, body) \
     values ($1, $2, $3, $4, $5, $6, $7, $8) \
     on conflict (org_id, method, path, key) do update set fingerprint = excluded.fingerprint, \
         status = excluded.status, location = excluded.location, etag = excluded.etag, body = excluded.body, \
         created_at = excluded.created_at";

/// What the head of a request with a key says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdempotencyKey {
    key: String,
    method: &'static str,
    path: String,
    content_type: Vec<u8>,
}

impl IdempotencyKey {
    /// The key of a POST, if it has one.
    ///
    /// # Errors
    /// 400 for a key that is none.
    pub(crate) fn of_post(path: &str, headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(key) = idempotency_key(headers)? else { return Ok(None) };
        let content_type = headers.get(CONTENT_TYPE).map(|value| value.as_bytes()).unwrap_or_default();
        let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
        let content_type = essence.trim_ascii().to_ascii_lowercase();
        Ok(Some(Self { key, method: "POST", path: path.to_owned(), content_type }))
    }

    /// The whole request.
    pub(crate) fn with_body(self, body: &Json) -> IdempotentRequest {
        let mut text = String::new();
        write_canonical(body, &mut text);
        let mut digest = digest::Context::new(&digest::SHA256);
        for part in [self.method.as_bytes(), self.path.as_bytes(), &self.content_type, text.as_bytes()] {
            // With its length first, no part can be taken for the end of another.
            digest.update(&part.len().to_be_bytes());
            digest.update(part);
        }
        let fingerprint = digest.finish().as_ref().to_vec();
        IdempotentRequest { key: self.key, method: self.method, path: self.path, fingerprint }
    }
}

/// A request that names a key, with the fingerprint of what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdempotentRequest {
    key: String,
    method: &'static str,
    path: String,
    fingerprint: Vec<u8>,
}

/// What is known of the key.
#[derive(Debug)]
pub(crate) enum Earlier {
    /// It is new, and nobody else works on it until the transaction ends.
    Nothing,
    /// The request was answered so.
    Answered(Answer),
}

impl IdempotentRequest {
    /// Looks whether the request was answered before. To be called first in its transaction.
    pub(crate) async fn earlier(&self, session: &mut Session) -> Result<Earlier, Refused> {
        let [method, path, key] = self.name();
        let lock = session.query_opt(LOCK, &[method, path, key]).await?;
        if lock.is_none_or(|row| row.get::<_, Option<bool>>(0) != Some(true)) {
            Repeat::InProgress.count();
            return Err(Refused::Problem(in_progress()));
        }
        let Some(row) = session.query_opt(FIND, &[method, path, key]).await? else {
            return Ok(Earlier::Nothing);
        };
        if row.get::<_, &[u8]>(0) != self.fingerprint {
            Repeat::Reused.count();
            return Err(Refused::Problem(reused()));
        }
        Repeat::Replayed.count();
        let status =
            u16::try_from(row.get::<_, i16>(1)).ok().and_then(|code| StatusCode::from_u16(code).ok());
        Ok(Earlier::Answered(Answer {
            status: status.unwrap_or(StatusCode::OK),
            location: row.get(2),
            etag: row.get(3),
            body: row.get(4),
            replayed: true,
        }))
    }

    /// Keeps the answer and commits, in one round trip.
    pub(crate) async fn keep_and_commit(&self, session: Session, answer: &Answer) -> Result<(), Error> {
        let [method, path, key] = self.name();
        // Every status that HTTP has fits.
        let status = i16::try_from(answer.status.as_u16()).unwrap_or(i16::MAX);
        session
            .query_and_commit(
                KEEP,
                &[
                    method,
                    path,
                    key,
                    &self.fingerprint,
                    &status,
                    &answer.location,
                    &answer.etag,
                    &answer.body,
                    &REMOVED,
                ],
            )
            .await?;
        Repeat::New.count();
        Ok(())
    }

    fn name(&self) -> [&(dyn ToSql + Sync); 3] {
        [&self.method, &self.path, &self.key]
    }
}

/// Why a request with a key isn't carried out.
#[derive(Debug)]
pub(crate) enum Refused {
    Problem(Problem),
    Database(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        // The customer's database has yet to be migrated: without the header nothing of this is needed.
        match error.as_db_error() {
            Some(refusal) if *refusal.code() == SqlState::UNDEFINED_TABLE => Self::Problem(not_yet()),
            _ => Self::Database(error),
        }
    }
}

fn in_progress() -> Problem {
    Problem::idempotency_in_progress(
        "The first request with this Idempotency-Key is still running. Repeat this one in a moment to get its answer.",
    )
    .retry_after(1)
}

fn reused() -> Problem {
    Problem::idempotency_key_reused(
        "This Idempotency-Key was used for another request in the last 24 hours. Use a new key for a new request; \
         repeat a request exactly as it was.",
    )
}

fn not_yet() -> Problem {
    Problem::unavailable(format!(
        "Your database can't keep the answers to requests with {IDEMPOTENCY_KEY} yet: it is about to be brought up to \
         date. Try again later, or leave the header out."
    ))
    .retry_after(60)
}

/// JSON with the members of objects in the order of their names: a program that repeats a request may write the same
/// object in another order, with other spaces.
fn write_canonical(value: &Json, text: &mut String) {
    match value {
        Json::Object(members) => {
            let mut names: Vec<_> = members.keys().collect();
            names.sort();
            text.push('{');
            for (index, name) in names.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Json::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(&members[name], text);
            }
            text.push('}');
        }
        Json::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(item, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_fingerprint_is_of_what_is_meant() {
        let of = |path: &str, content_type: &'static str, body: &Json| {
            let mut headers = HeaderMap::new();
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_static("k"));
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            IdempotencyKey::of_post(path, &headers).unwrap().unwrap().with_body(body).fingerprint
        };
        let body: Json = serde_json::from_str(r#"{"b": [1, {"y": null, "x": "z"}], "a": true}"#).unwrap();
        let same: Json = serde_json::from_str(r#"{"a":true,"b":[1,{"x":"z","y":null}]}"#).unwrap();
        let first = of("/a", "application/json", &body);
        assert_eq!(first.len(), 32);
        assert_eq!(first, of("/a", "Application/JSON; charset=utf-8", &same));
        assert_ne!(first, of("/b", "application/json", &body));
        assert_ne!(first, of("/a", "application/x+json", &body));
        for other in [json!({"a": true, "b": [{"x": "z", "y": null}, 1]}), json!({"a": true}), json!(null)] {
            assert_ne!(first, of("/a", "application/json", &other), "{other}");
        }
    }
}
