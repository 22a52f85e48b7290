//! What browsers are told: how little they may do with an answer, and which pages of other sites may ask at all.

use axum::Router;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, IF_MATCH,
    IF_NONE_MATCH, LOCATION, REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, Uri};
use tower_http::cors::{AllowOrigin, CorsLayer};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What a page of ours may load and do. Styles may stand in elements: the components of pages set sizes and places so.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                           font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
                           frame-ancestors 'none'";

/// For a year. Other names of the domain are somebody else's to decide about.
const HTTPS_ALWAYS: &str = "max-age=31536000";

/// How long a browser remembers which other sites may ask, in seconds.
const PREFLIGHT_SECONDS: u64 = 600;

/// Adds to an answer what keeps it from being used for something else: every answer is only what it says it is and is
/// kept by nobody, unless its handler said otherwise; a page loads nothing from elsewhere and is shown in no frame.
/// Where the server is reached over HTTPS, browsers are told to come in no other way from then on.
pub(crate) fn harden(headers: &mut HeaderMap, is_https: bool) {
    if is_https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HTTPS_ALWAYS));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if is_page(headers) {
        harden_page(headers);
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn harden_page(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (REFERRER_POLICY, "no-referrer"),
        // For browsers that don't know frame-ancestors.
        (X_FRAME_OPTIONS, "DENY"),
        (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        (PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// The sites whose pages may ask the customer API from a browser. Nobody's may unless named; operators' routes never
/// take part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<HeaderValue>);

/// Text that is no origin.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{text:?} is no origin: write scheme and host, and a port if it isn't the usual one, such as https://crm.example.com"
)]
pub struct OriginError {
    text: String,
}

impl AllowedOrigins {
    /// Exactly these origins.
    ///
    /// # Errors
    /// [`OriginError`] for the first that has a path, a wildcard, no scheme, or another one than http and https.
    pub fn parse<'a>(origins: impl IntoIterator<Item = &'a str>) -> Result<Self, OriginError> {
        origins.into_iter().map(origin).collect::<Result<_, _>>().map(Self)
    }

    /// Lets pages of these origins ask these routes. They show a bearer token, so cookies never take part.
    pub(crate) fn open(self, routes: Router) -> Router {
        if self.0.is_empty() {
            return routes;
        }
        routes.layer(
            CorsLayer::new()
                .allow_origin(AllowOrigin::list(self.0))
                .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE])
                .allow_headers([
                    AUTHORIZATION,
                    CONTENT_TYPE,
                    IF_MATCH,
                    IF_NONE_MATCH,
                    HeaderName::from_static("idempotency-key"),
                    HeaderName::from_static("x-organization-id"),
                    HeaderName::from_static("x-request-id"),
                ])
                .expose_headers([
                    ETAG,
                    LOCATION,
                    RETRY_AFTER,
                    HeaderName::from_static("idempotent-replayed"),
                    HeaderName::from_static("x-impersonated-by"),
                    HeaderName::from_static("ratelimit"),
                    HeaderName::from_static("ratelimit-policy"),
                    HeaderName::from_static("x-request-id"),
                ])
                .max_age(std::time::Duration::from_secs(PREFLIGHT_SECONDS)),
        )
    }
}

fn origin(text: &str) -> Result<HeaderValue, OriginError> {
    let refused = || OriginError { text: text.to_owned() };
    let uri: Uri = text.parse().map_err(|_| refused())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(refused()) };
    // As browsers send it: in lower case, without anything behind the port. A name and password would be compared too.
    let canonical = format!("{scheme}://{authority}").to_ascii_lowercase();
    let has_more = text.len() != canonical.len() || authority.as_str().contains(['@', '*']);
    if !matches!(scheme, "http" | "https") || has_more {
        return Err(refused());
    }
    HeaderValue::from_str(&canonical).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use axum::response::Html;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        let origins = AllowedOrigins::parse(["https://CRM.example.com", "http://localhost:5173"]).unwrap();
        assert_eq!(origins.0, ["https://crm.example.com", "http://localhost:5173"]);
        for wrong in [
            "*",
            "null",
            "",
            "crm.example.com",
            "https://crm.example.com/",
            "https://*.example.com",
            "ftp://a",
            "https://u@a",
        ] {
            assert_eq!(AllowedOrigins::parse([wrong]), Err(OriginError { text: wrong.to_owned() }));
        }
    }

    #[tokio::test]
    async fn every_answer_is_only_what_it_says_and_a_page_loads_nothing_from_elsewhere() {
        let routes = Router::new()
            .route("/data", get(async || "{}"))
            .route("/file", get(async || ([(CACHE_CONTROL, "max-age=5")], "body{}")))
            .route("/page", get(async || Html("<p>")));
        let routes = crate::with_common_layers(routes, false);
        let asked = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let headers = routes.clone().oneshot(request).await.unwrap().headers().clone();
            assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
            headers
        };
        assert_eq!(asked("/data").await[CACHE_CONTROL], "no-store");
        assert_eq!(asked("/nothing").await[CACHE_CONTROL], "no-store");
        assert_eq!(asked("/file").await[CACHE_CONTROL], "max-age=5");
        let page = asked("/page").await;
        assert_eq!(
            (&page[X_FRAME_OPTIONS], &page[REFERRER_POLICY]),
            (&"DENY".parse().unwrap(), &"no-referrer".parse().unwrap())
        );
        assert!(page[CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none';"));
    }

    #[tokio::test]
    async fn browsers_come_back_over_https_where_they_came_in_so() {
        for is_https in [true, false] {
            let routes = Router::new().route("/", get(async || "{}"));
            let routes = crate::with_common_layers(routes, is_https);
            for path in ["/", "/nothing"] {
                let request = Request::get(path).body(Body::empty()).unwrap();
                let answer = routes.clone().oneshot(request).await.unwrap();
                let told = answer.headers().get(STRICT_TRANSPORT_SECURITY);
                assert_eq!(told.map(|told| told.to_str().unwrap()), is_https.then_some("max-age=31536000"));
            }
        }
    }

    #[tokio::test]
    async fn only_named_sites_may_ask_and_the_question_needs_no_key() {
        use http::header::{
            ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD,
            ORIGIN,
        };
        let origins = AllowedOrigins::parse(["https://crm.example.com"]).unwrap();
        let refusing = get(async || http::StatusCode::UNAUTHORIZED);
        let routes = origins.open(Router::new().route("/api/v1/deals", refusing));
        let asked = async |method: Method, origin: &str| {
            let request = Request::builder()
                .method(method)
                .uri("/api/v1/deals")
                .header(ORIGIN, origin)
                .header(ACCESS_CONTROL_REQUEST_METHOD, "POST");
            routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
        };
        let preflight = asked(Method::OPTIONS, "https://crm.example.com").await;
        assert_eq!(preflight.status(), http::StatusCode::OK);
        assert_eq!(preflight.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "https://crm.example.com");
        assert!(!preflight.headers().contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS));
        let own = asked(Method::GET, "https://crm.example.com").await;
        assert_eq!(own.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "https://crm.example.com");
        for stranger in ["https://evil.example", "https://crm.example.com.evil.example", "null"] {
            for method in [Method::OPTIONS, Method::GET] {
                let answer = asked(method, stranger).await;
                assert!(!answer.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), "{stranger}");
            }
        }
    }
}
