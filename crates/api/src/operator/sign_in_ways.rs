//! Which ways in there are: what a sign-in page asks before it knows who is there.

use axum::Json;
use axum::extract::State;
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::session_cookie;
use crate::ApiState;

/// Where a browser is sent to sign in by OpenID Connect.
const OPENID: &str = "/api/admin/session/openid";

/// The ways to sign in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignInWaysView {
    /// With a password, and a code of an authenticator app: always.
    password: bool,
    /// By an OpenID provider; null when none is set up.
    #[schema(required)]
    openid: Option<OpenIdWayView>,
    /// Whether the browser has the cookie of a session, which its pages can't see; it may have ended.
    has_session: bool,
}

/// An OpenID provider that vouches for operators.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenIdWayView {
    /// What people know it by: the host of its address.
    name: String,
    /// The `iss` of its tokens.
    issuer: String,
    /// Where the browser goes to begin.
    url: &'static str,
}

/// How operators sign in here. Asked by whoever isn't known yet; says nothing of who has an account.
#[utoipa::path(get, path = "/api/admin/session/ways", tag = "session", security(()),
    responses((status = 200, body = SignInWaysView)))]
pub(crate) async fn ways(State(state): State<ApiState>, headers: HeaderMap) -> Json<SignInWaysView> {
    let openid = state.openid.as_deref().map(|provider| {
        let issuer = provider.issuer().to_owned();
        let host = url::Url::parse(&issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
        OpenIdWayView { name: host.unwrap_or_else(|| issuer.clone()), issuer, url: OPENID }
    });
    let has_session = session_cookie::shown(&headers).is_some();
    Json(SignInWaysView { password: true, openid, has_session })
}
