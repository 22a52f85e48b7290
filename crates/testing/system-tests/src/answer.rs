//! An answer of the server. What every answer must have is checked for every answer.

use reqwest::header::HeaderMap;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use uuid::Uuid;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked, for messages.
    pub asked: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null when there is none, a text when it isn't JSON.
    pub body: Value,
}

impl Answer {
    /// Reads an answer, and checks what every answer must have: a request id, and with an error a problem document
    /// that names it.
    ///
    /// # Panics
    /// When it doesn't have that.
    pub(crate) async fn read(asked: String, response: Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await?;
        let body = match serde_json::from_str(&text) {
            _ if text.is_empty() => Value::Null,
            Ok(json) => json,
            Err(_) => Value::String(text),
        };
        let answer = Self { asked, status, headers, body };
        answer.check();
        Ok(answer)
    }

    fn check(&self) {
        let id = self.header("x-request-id");
        assert!(id.parse::<Uuid>().is_ok(), "{self}: X-Request-Id is {id:?}");
        // An unready server tells what is down, which is no problem document.
        if self.status.as_u16() < 400 || self.asked.ends_with("/api/ready") {
            return;
        }
        assert_eq!(self.header("content-type"), "application/problem+json", "{self}");
        assert_eq!(self.body["instance"], id, "{self}");
        assert_eq!(self.body["status"], self.status.as_u16(), "{self}");
        assert!(self.body["type"].as_str().is_some_and(|kind| kind.starts_with("/problems/")), "{self}");
        for member in ["title", "detail"] {
            assert!(self.body[member].as_str().is_some_and(|text| !text.is_empty()), "{self}: no {member}");
        }
        if self.status == StatusCode::UNAUTHORIZED {
            assert!(self.header("www-authenticate").starts_with("Bearer"), "{self}");
        }
    }

    /// A header; empty when it isn't there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body, of an answer that must have this status.
    ///
    /// # Panics
    /// When it has another one.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self}");
        self.body
    }

    /// The body, of an answer that must be this problem: status and the last part of its type.
    ///
    /// # Panics
    /// When it is something else.
    pub fn expect_problem(self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self}");
        assert_eq!(self.body["type"], format!("/problems/{kind}"), "{self}");
        self.body
    }

    /// The fields that a problem document calls wrong.
    #[must_use]
    pub fn wrong_fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().filter_map(|error| error["field"].as_str()).collect()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} -> {} {}", self.asked, self.status, self.body)
    }
}
