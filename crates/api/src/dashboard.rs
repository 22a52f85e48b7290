//! The operator's dashboard at `/admin`: pages that talk to the operator API, built from `dashboard/` and compiled in.
//!
//! They are compressed when they are built (`dashboard/build/compress.mjs`), so that serving one is handing out bytes.

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, header};
use include_dir::{Dir, include_dir};
use problem::Problem;

static FILES: Dir<'static> = include_dir!("$OUT_DIR/dashboard");

/// The page that all addresses of the dashboard share; its script looks at the address.
const PAGE: &str = "index.html";

/// A file whose name changes with what is in it.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A file that the next version replaces.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The encodings in which files may lie there, the best one first, with their endings.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The dashboard's files and addresses, and the way there from `/`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(async || Redirect::to("/admin")))
        .route("/admin", get(page))
        .route("/admin/", get(page))
        .route("/admin/{*path}", get(file_or_page))
}

async fn page(headers: HeaderMap) -> Result<Response, Problem> {
    answer(PAGE, &headers, ASK_AGAIN).ok_or_else(|| Problem::not_found("This build has no dashboard."))
}

async fn file_or_page(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    // What is compressed lies beside what it is of, and has no address of its own.
    let is_compressed = ENCODINGS.iter().any(|(_, ending)| path.ends_with(ending));
    let is_asset = path.starts_with("assets/");
    let cache = if is_asset { FOR_EVER } else { ASK_AGAIN };
    if !is_compressed && let Some(found) = answer(&path, &headers, cache) {
        return Ok(found);
    }
    if is_asset || is_compressed {
        // Not the page: a script of an earlier version is missed, not mistaken.
        return Err(Problem::not_found(
            "There is no such file in this version of the dashboard. Reload the page.",
        ));
    }
    page(headers).await
}

/// The file, in the best encoding that the browser takes.
fn answer(path: &str, headers: &HeaderMap, cache: HeaderValue) -> Option<Response> {
    let plain = FILES.get_file(path)?;
    let mut encoding = None;
    let mut contents = plain.contents();
    for (name, ending) in ENCODINGS {
        if takes(headers, name)
            && let Some(smaller) = FILES.get_file(format!("{path}{ending}"))
        {
            encoding = Some(HeaderValue::from_static(name));
            contents = smaller.contents();
            break;
        }
    }
    let kind = HeaderValue::from_static(media_type(path));
    let vary = HeaderValue::from_static("accept-encoding");
    let mut response =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache), (header::VARY, vary)].into_response();
    if let Some(encoding) = encoding {
        response.headers_mut().insert(header::CONTENT_ENCODING, encoding);
    }
    *response.body_mut() = contents.into();
    Some(response)
}

/// Whether the browser takes this encoding: it is named, and not with a weight of nothing.
fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|offer| {
            let mut parts = offer.split(';').map(str::trim);
            let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
            let refused =
                parts.filter_map(|part| part.strip_prefix("q=")).any(|weight| weight.parse() == Ok(0.0));
            is_named && !refused
        })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("txt") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use http::{Request, StatusCode};
    use tower::ServiceExt as _;

    use super::*;

    async fn asked(path: &str) -> Response {
        let request =
            Request::get(path).header("accept-encoding", "gzip;q=0, deflate").body(Body::empty()).unwrap();
        router::<()>().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn every_address_of_the_dashboard_is_its_page_and_nothing_else_is() {
        for path in ["/admin", "/admin/", "/admin/customers/acme", "/admin/settings/operators"] {
            let answer = asked(path).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8", "{path}");
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-cache", "{path}");
            assert!(answer.headers().get(header::CONTENT_ENCODING).is_none(), "{path}");
        }
        assert_eq!(asked("/").await.headers()[header::LOCATION], "/admin");
        for path in ["/admin/assets/gone.js", "/admin/index.html.br"] {
            assert_eq!(asked(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn nothing_outside_of_the_dashboard_is_handed_out() {
        let page = FILES.get_file(PAGE).map(|page| page.contents());
        for way in ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "%252e%252e%252f", "....//", "..%00/"] {
            for file in ["Cargo.toml", "src/dashboard.rs", "etc/passwd", "proc/self/environ"] {
                for begin in ["/admin/assets/", "/admin/", "/admin//", "/admin/%2f"] {
                    let path = format!("{begin}{}{file}", way.repeat(8));
                    let answer = asked(&path).await;
                    let is_found = answer.status() == StatusCode::OK;
                    let told = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
                    // An address that is no file's is the page's.
                    assert!(!is_found || Some(&*told) == page, "{path}");
                }
            }
        }
    }

    #[test]
    fn an_encoding_is_taken_when_it_is_named_and_not_refused() {
        let with = |value: &str| HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]);
        assert!(takes(&with("gzip, deflate, br, zstd"), "br"));
        assert!(takes(&with("deflate, BR;q=0.5"), "br"));
        assert!(!takes(&with("br;q=0, gzip"), "br"));
        assert!(!takes(&with("brx"), "br"));
        assert!(!takes(&HeaderMap::new(), "gzip"));
    }
}
