//! What a request's method is called wherever it is kept: in usage, in log lines and in traces.

use http::Method;

/// The name of HTTP's own methods, and `OTHER` for every other one: its caller has made it up, as long as a head may be, and
/// another one each time.
#[must_use]
pub fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_have_the_names_that_http_gives_them_and_all_others_one() {
        for name in ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"] {
            assert_eq!(method_name(&name.parse().unwrap()), name);
        }
        for made_up in ["get", "GETX", "PROPFIND", &"X".repeat(60_000)] {
            assert_eq!(method_name(&made_up.parse().unwrap()), "OTHER");
        }
    }
}
