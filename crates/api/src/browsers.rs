//! What browsers are told of every answer: how little they may do with it.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What a page of ours may load and do. Styles may stand in elements: the components of pages set sizes and places so.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                           font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
                           frame-ancestors 'none'";

/// For a year. Other names of the domain are somebody else's to decide about.
const HTTPS_ALWAYS: &str = "max-age=31536000";

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

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::response::Html;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

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
        // Whoever loosens it does so here too.
        assert_eq!(
            page[CONTENT_SECURITY_POLICY],
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
             font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        assert_eq!(
            (&page[CROSS_ORIGIN_OPENER_POLICY], &page[CROSS_ORIGIN_RESOURCE_POLICY]),
            (&"same-origin".parse().unwrap(), &"same-origin".parse().unwrap())
        );
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
}
