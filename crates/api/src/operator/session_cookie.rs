//! The session of a browser: a cookie that no script can read, and that no other site can use.

use std::time::Duration;

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use problem::Problem;
use secrets::{ExposeSecret as _, SecretString};

/// `__Host-`: browsers take it over HTTPS (or from this machine) only, for this host alone.
pub(crate) const NAME: &str = "__Host-sixty_session";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The cookie that holds a token.
pub(super) fn holding(token: &SecretString, lasts: Duration) -> Option<HeaderValue> {
    let seconds = i64::try_from(lasts.as_secs()).unwrap_or(i64::MAX);
    set(token.expose_secret().to_owned(), seconds)
}

/// The cookie that takes it away.
pub(super) fn gone() -> Option<HeaderValue> {
    set(String::new(), 0)
}

fn set(value: String, seconds: i64) -> Option<HeaderValue> {
    let cookie = Cookie::build((NAME, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(cookie::time::Duration::seconds(seconds));
    let mut value = HeaderValue::try_from(cookie.to_string()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The token in a request's cookie.
pub(super) fn shown(headers: &HeaderMap) -> Option<SecretString> {
    named(headers, NAME)
}

/// What is in a cookie of this name.
pub(super) fn named(headers: &HeaderMap, name: &str) -> Option<SecretString> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| SecretString::from(cookie.value().to_owned()))
}

/// Refuses a change that a page of another site asks for with the cookie of whoever looks at it. Browsers say which site
/// asks, in Sec-Fetch-Site or, the older ones, in Origin, and no page can make them say otherwise. Who says neither is no
/// browser, and has no business with a cookie.
///
/// # Errors
/// `cross-site-request`.
pub(super) fn refuse_other_sites(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() || is_from_here(headers) {
        return Ok(());
    }
    Err(Problem::cross_site_request(
        "With a session's cookie only pages of this server may ask for changes. Programs send a token: Authorization: \
         Bearer op_...",
    ))
}

/// Whether a page of another site sends the browser here, as far as the browser says so.
pub(super) fn is_from_another_site(headers: &HeaderMap) -> bool {
    headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site" || site == "same-site")
}

fn is_from_here(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else { return false };
    let origin: Option<Uri> = origin.parse().ok();
    origin
        .and_then(|origin| origin.authority().map(|authority| authority.as_str().eq_ignore_ascii_case(host)))
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_script_reads_the_cookie_and_no_other_site_sends_it() {
        let value = holding(&SecretString::from("os_abc"), Duration::from_secs(60)).unwrap();
        assert_eq!(
            value.to_str().unwrap(),
            "__Host-sixty_session=os_abc; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=60"
        );
        assert!(value.is_sensitive());
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b"));
        assert!(shown(&headers).is_none());
        headers.append(header::COOKIE, HeaderValue::from_static("c=d; __Host-sixty_session=os_abc"));
        assert_eq!(shown(&headers).unwrap().expose_secret(), "os_abc");
        assert!(gone().unwrap().to_str().unwrap().contains("__Host-sixty_session=; "));
    }

    #[test]
    fn pages_of_other_sites_change_nothing() {
        let asked = |method: Method, pairs: &[(HeaderName, &'static str)]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("sixty.example.com"));
            for (name, value) in pairs {
                headers.insert(name, HeaderValue::from_static(value));
            }
            refuse_other_sites(&method, &headers).is_ok()
        };
        let own = "https://sixty.example.com";
        assert!(
            asked(Method::GET, &[(SEC_FETCH_SITE, "cross-site")]),
            "it only reads, and can't be read there"
        );
        assert!(asked(Method::POST, &[(SEC_FETCH_SITE, "same-origin")]));
        assert!(asked(Method::POST, &[(header::ORIGIN, own)]));
        for refused in [
            &[(SEC_FETCH_SITE, "cross-site"), (header::ORIGIN, own)][..],
            &[(SEC_FETCH_SITE, "same-site")],
            &[(SEC_FETCH_SITE, "none")],
            &[(header::ORIGIN, "https://evil.example")],
            &[(header::ORIGIN, "https://sixty.example.com.evil.example")],
            &[(header::ORIGIN, "null")],
            &[],
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert!(!asked(method, refused), "{refused:?}");
            }
        }
    }
}
