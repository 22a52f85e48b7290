//! Errors for people: RFC 9457 problem documents, and extractors that answer with them.
//!
//! Each kind of problem has a stable `type`, a path under `/problems/`. The request id is filled in by the layer
//! that knows it ([`Problem::instance`]); internals are logged, never sent.

mod extract;
mod idempotency_key;
mod query;
mod unambiguous;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

pub use extract::{JsonBody, LARGEST_BODY, NoRoomForBody, PathParam, QueryParams, RawBody};
pub use idempotency_key::{IDEMPOTENCY_KEY, LONGEST_IDEMPOTENCY_KEY, idempotency_key};
pub use query::query_parameters;
pub use unambiguous::UnambiguousJson;

/// One wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// A JSON pointer into the body (`/plan`), or the name of a query parameter or header.
    pub field: String,
    /// What is wrong, and how to mend it.
    pub message: String,
}

impl FieldError {
    /// An error of one field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// A problem document.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    #[serde(serialize_with = "status_number")]
    status: StatusCode,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(flatten)]
    extensions: serde_json::Map<String, serde_json::Value>,
    #[serde(skip)]
    retry_after_seconds: Option<u64>,
    #[serde(skip)]
    counted_as: Option<&'static str>,
}

fn status_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $kind:literal, $title:literal;)+) => {
        impl Problem {
            $($(#[$doc])* pub fn $name(detail: impl Into<String>) -> Self {
                Self::new(StatusCode::$status, concat!("/problems/", $kind), $title, detail.into())
            })+

            /// Every kind of problem: status, type and title. The documentation derives from it.
            pub const KINDS: &'static [(StatusCode, &'static str, &'static str)] =
                &[$((StatusCode::$status, concat!("/problems/", $kind), $title)),+];
        }
    };
}

problems! {
    /// 400: the request can't be understood as it is.
    bad_request = BAD_REQUEST, "bad-request", "The request can't be understood";
    /// 400: fields of the request are wrong; give them with [`Problem::with_errors`].
    invalid_fields = BAD_REQUEST, "invalid-fields", "Some fields are wrong";
    /// 400: an API key in the URL, where logs keep it.
    key_in_url = BAD_REQUEST, "key-in-url", "An API key must not be in a URL";
    /// 401: no credentials, or none that we know.
    unauthenticated = UNAUTHORIZED, "unauthenticated", "Authentication is needed";
    /// 401: the API key has expired.
    api_key_expired = UNAUTHORIZED, "api-key-expired", "The API key has expired";
    /// 401: the API key was revoked.
    api_key_revoked = UNAUTHORIZED, "api-key-revoked", "The API key was revoked";
    /// 401: the session token has expired.
    session_expired = UNAUTHORIZED, "session-expired", "The session token has expired";
    /// 401: the session token is not one that we take.
    session_refused = UNAUTHORIZED, "session-refused", "The session token is refused";
    /// 401: address, password or code are wrong.
    sign_in_refused = UNAUTHORIZED, "sign-in-refused", "The sign-in is refused";
    /// 401: the message of a webhook isn't signed by its sender.
    webhook_refused = UNAUTHORIZED, "webhook-refused", "The message is refused";
    /// 403: known, but not allowed.
    forbidden = FORBIDDEN, "forbidden", "This is not allowed";
    /// 403: the API key lacks the permission.
    permission_missing = FORBIDDEN, "permission-missing", "The API key lacks a permission";
    /// 403: the operator, or the token, lacks the permission.
    operator_permission_missing = FORBIDDEN, "operator-permission-missing", "The operator lacks a permission";
    /// 403: the sign-in has a step that isn't done yet.
    sign_in_unfinished = FORBIDDEN, "sign-in-unfinished", "The sign-in is not finished";
    /// 403: a page of another site asks with the cookie of a session.
    cross_site_request = FORBIDDEN, "cross-site-request", "A page of another site may not ask this";
    /// 403: the session has no organization, so that nobody knows whose data is asked for.
    organization_needed = FORBIDDEN, "organization-needed", "The session needs an organization";
    /// 403: the organization of the session is no customer's.
    organization_unknown = FORBIDDEN, "organization-unknown", "No customer has this organization";
    /// 403: the user was removed from the organization.
    membership_ended = FORBIDDEN, "membership-ended", "The membership has ended";
    /// 403: the API key may not be used from this network.
    network_not_allowed = FORBIDDEN, "network-not-allowed", "The API key may not be used from here";
    /// 403: the customer doesn't have the feature module.
    module_disabled = FORBIDDEN, "module-disabled", "The feature module is not enabled";
    /// 403: the customer has used the feature module as often as they may.
    module_limit_reached = FORBIDDEN, "module-limit-reached", "The limit of the feature module is reached";
    /// 403: the customer is suspended.
    customer_suspended = FORBIDDEN, "customer-suspended", "The customer is suspended";
    /// 403: the customer's subscription was canceled.
    subscription_canceled = FORBIDDEN, "subscription-canceled", "The subscription was canceled";
    /// 403: the customer's trial or subscription has expired.
    subscription_expired = FORBIDDEN, "subscription-expired", "The subscription has expired";
    /// 404: there is no such thing, or the caller may not know of it.
    not_found = NOT_FOUND, "not-found", "Not found";
    /// 405: the path exists, but not with this method.
    method_not_allowed = METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not allowed";
    /// 408: the request took too long to arrive.
    request_timeout = REQUEST_TIMEOUT, "request-timeout", "The request took too long";
    /// 409: it contradicts what is there.
    conflict = CONFLICT, "conflict", "It contradicts what is there";
    /// 409: the name is taken.
    already_exists = CONFLICT, "already-exists", "It exists already";
    /// 409: the first request with this Idempotency-Key is still being done.
    idempotency_in_progress = CONFLICT, "idempotency-in-progress", "The request is being done already";
    /// 409: a request with this Idempotency-Key was begun, and nobody knows whether it took effect.
    idempotency_outcome_unknown = CONFLICT, "idempotency-outcome-unknown", "It is not known whether it was done";
    /// 412: the object was changed since the caller read it.
    precondition_failed = PRECONDITION_FAILED, "precondition-failed", "The object has changed";
    /// 413: the body is too large.
    payload_too_large = PAYLOAD_TOO_LARGE, "payload-too-large", "The body is too large";
    /// 415: the body is not JSON.
    unsupported_media_type = UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "The body must be JSON";
    /// 422: the Idempotency-Key was used for another request.
    idempotency_key_reused = UNPROCESSABLE_ENTITY, "idempotency-key-reused", "The Idempotency-Key belongs to another request";
    /// 429: too many requests for now.
    rate_limited = TOO_MANY_REQUESTS, "rate-limited", "Too many requests";
    /// 429: too many guesses at a password or a code.
    too_many_guesses = TOO_MANY_REQUESTS, "too-many-guesses", "Too many guesses";
    /// 429: as many event streams are open as may be.
    too_many_streams = TOO_MANY_REQUESTS, "too-many-streams", "Too many event streams";
    /// 429: the quota of the period is used up.
    quota_exceeded = TOO_MANY_REQUESTS, "quota-exceeded", "The quota is used up";
    /// 431: the headers are too large.
    headers_too_large = REQUEST_HEADER_FIELDS_TOO_LARGE, "headers-too-large", "The headers are too large";
    /// 500: our fault. The detail must not tell internals.
    internal = INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side";
    /// 503: a part that is needed is away; trying again helps.
    unavailable = SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable";
    /// 503: something that is needed went away at the very end, so that nobody knows whether it was done.
    outcome_unknown = SERVICE_UNAVAILABLE, "outcome-unknown", "It is not known whether it was done";
    /// 503: a new customer's database could not be made; nothing is left of it.
    provisioning_failed = SERVICE_UNAVAILABLE, "provisioning-failed", "The customer could not be provisioned";
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str, detail: String) -> Self {
        Self {
            kind,
            title,
            status,
            detail,
            instance: None,
            errors: Vec::new(),
            extensions: serde_json::Map::new(),
            retry_after_seconds: None,
            counted_as: None,
        }
    }

    /// 400 with the wrong fields. The detail counts them.
    #[must_use]
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}.", only.field, only.message),
            _ => format!("{} fields are wrong; see errors.", errors.len()),
        };
        Self::invalid_fields(detail).with_errors(errors)
    }

    /// 400 with one wrong field.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError::new(field, message)])
    }

    /// 500 for an unexpected error, which is logged here and not sent.
    pub fn from_unexpected(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!(error = causes, "unexpected error");
        Self::internal(
            "The error has been logged. Try again; if it persists, report the instance given here.",
        )
    }

    /// Adds the wrong fields.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// Adds a member of our own, such as the module's key.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.extensions.insert(name.to_owned(), value.into());
        self
    }

    /// Says when trying again makes sense, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Sets the request id.
    #[must_use]
    pub fn instance(mut self, request_id: impl Into<String>) -> Self {
        self.instance = Some(request_id.into());
        self
    }

    /// Counts it under a name of its own, where callers see one kind of problem and operators want to tell several apart.
    #[must_use]
    pub fn counted_as(mut self, outcome: &'static str) -> Self {
        self.counted_as = Some(outcome);
        self
    }

    /// Under which name it is counted: that of [`Problem::counted_as`], or its kind.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        self.counted_as.unwrap_or_else(|| self.kind())
    }

    /// The kind of problem: the last part of its type, such as `not-found`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind.rsplit('/').next().unwrap_or(self.kind)
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// A member of our own that was added with [`Problem::with`].
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&serde_json::Value> {
        self.extensions.get(name)
    }

    /// The sentence for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for Problem {
    /// The document itself travels in the response's extensions too, so that the outermost layer can add the
    /// request id and write the body once more.
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"sixty\""));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}
