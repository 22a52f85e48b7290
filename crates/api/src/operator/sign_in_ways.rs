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
    /// With a password, and a second factor: always.
    password: bool,
    /// Where a passkey does as the second factor; null when this server has no address that browsers make passkeys for.
    #[schema(required)]
    passkeys: Option<PasskeyWayView>,
    /// By an OpenID provider; null when none is set up.
    #[schema(required)]
    openid: Option<OpenIdWayView>,
    /// Whether the browser has the cookie of a session, which its pages can't see; it may have ended.
    has_session: bool,
}

/// Passkeys of this server.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasskeyWayView {
    /// The only origin whose pages may ask for them, such as `https://sixty.example.com`.
    origin: String,
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
    let passkeys = state.identity.relying_party().ok();
    let passkeys = passkeys.map(|own| PasskeyWayView { origin: own.origin().to_owned() });
    Json(SignInWaysView { password: true, passkeys, openid, has_session })
}
