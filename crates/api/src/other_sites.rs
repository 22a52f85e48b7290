//! Which pages of other sites may ask.

use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::extract::Request;
use futures_util::FutureExt as _;
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, IF_MATCH, IF_NONE_MATCH, LOCATION, ORIGIN, RETRY_AFTER,
};
use http::{HeaderName, HeaderValue, Method, Response, Uri};
use pin_project_lite::pin_project;
use telemetry::RequestContext;
use tower::{Layer, Service, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser remembers which other sites may ask, in seconds.
const PREFLIGHT_SECONDS: u64 = 600;

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

    /// Lets pages of these origins ask these routes, and read what is answered in the place of a handler, too. They show a bearer
    /// token, so cookies never take part.
    pub(crate) fn open(self, routes: Router) -> Router {
        if self.0.is_empty() {
            return routes;
        }
        let cors = CorsLayer::new()
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
            .max_age(std::time::Duration::from_secs(PREFLIGHT_SECONDS));
        routes.layer((AnswersInstead(Arc::new(cors.clone())), cors))
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

/// Leaves what the routes' answers say to a page for the answer that is given in a handler's place, because it panicked or took
/// too long: who gives that one is outside of all routes, and doesn't know whose they are.
#[derive(Clone)]
struct AnswersInstead(Arc<CorsLayer>);

impl<S> Layer<S> for AnswersInstead {
    type Service = Asked<S>;

    fn layer(&self, inner: S) -> Asked<S> {
        Asked { inner, cors: self.0.clone() }
    }
}

/// Routes that pages may ask.
#[derive(Clone)]
struct Asked<S> {
    inner: S,
    cors: Arc<CorsLayer>,
}

impl<S: Service<Request>> Service<Request> for Asked<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // Programs that are no browsers have none, and then there is nothing to leave.
        let page = request.headers().get(ORIGIN).map(|origin| (origin.clone(), self.cors.clone()));
        Answer { answer: self.inner.call(request), page }
    }
}

pin_project! {
    /// An answer that is given, or for which something is left.
    struct Answer<F> {
        #[pin]
        answer: F,
        // Who asks, until it is answered.
        page: Option<(HeaderValue, Arc<CorsLayer>)>,
    }

    impl<F> PinnedDrop for Answer<F> {
        fn drop(this: Pin<&mut Self>) {
            if let Some((origin, cors)) = this.project().page.take() {
                RequestContext::leave(told(&cors, origin));
            }
        }
    }
}

impl<F: Future> Future for Answer<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(context));
        *this.page = None;
        Poll::Ready(answer)
    }
}

/// What an answer says to a page of this origin.
fn told(cors: &CorsLayer, origin: HeaderValue) -> HeaderMap {
    let says_nothing = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(()))));
    let mut request = Request::new(());
    request.headers_mut().insert(ORIGIN, origin);
    // The origins are a list: nothing is waited for.
    match cors.layer(says_nothing).call(request).now_or_never() {
        Some(Ok(mut answer)) => std::mem::take(answer.headers_mut()),
        None => HeaderMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use axum::routing::get;
    use http::StatusCode;
    use http::header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, VARY,
    };
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
    async fn only_named_sites_may_ask_and_the_question_needs_no_key() {
        let origins = AllowedOrigins::parse(["https://crm.example.com"]).unwrap();
        let refusing = get(async || StatusCode::UNAUTHORIZED);
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
        assert_eq!(preflight.status(), StatusCode::OK);
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

    /// Leaves something for the answer, as the gateway does, when its handler is dropped.
    struct Leaving;

    impl Drop for Leaving {
        fn drop(&mut self) {
            let limit = (HeaderName::from_static("ratelimit"), HeaderValue::from_static("9"));
            RequestContext::leave(HeaderMap::from_iter([limit]));
        }
    }

    #[tokio::test]
    async fn a_page_of_a_named_site_reads_what_is_answered_in_a_handlers_place() {
        async fn panics() {
            let _leaving = Leaving;
            panic!("nobody knows why");
        }
        async fn hangs() {
            let _leaving = Leaving;
            std::future::pending::<()>().await;
        }
        let origins = AllowedOrigins::parse(["https://crm.example.com"]).unwrap();
        let routes = Router::new().route("/panics", get(panics)).route("/hangs", get(hangs));
        let routes = crate::with_common_layers_for(origins.open(routes), Duration::from_millis(1));
        for (path, status) in [("/panics", 500), ("/hangs", 408)] {
            let asked = async |origin: Option<&'static str>| {
                let mut request = Request::get(path).body(Body::empty()).unwrap();
                request.headers_mut().extend(origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin))));
                let answer = routes.clone().oneshot(request).await.unwrap();
                assert_eq!(answer.status().as_u16(), status, "{path}");
                assert_eq!(answer.headers()["ratelimit"], "9", "{path}");
                answer.headers().clone()
            };
            let own = asked(Some("https://crm.example.com")).await;
            assert_eq!(own[ACCESS_CONTROL_ALLOW_ORIGIN], "https://crm.example.com", "{path}");
            assert!(!own.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS), "{path}");
            assert!(own[ACCESS_CONTROL_EXPOSE_HEADERS].to_str().unwrap().contains("x-request-id"));
            assert!(own[VARY].to_str().unwrap().contains("origin"), "{own:?}");
            for stranger in [Some("https://crm.example.com.evil.example"), Some("null"), None] {
                let told = asked(stranger).await;
                assert!(!told.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), "{path} {stranger:?}");
            }
        }
    }
}
