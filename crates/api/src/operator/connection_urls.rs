//! How to connect to a customer's database with psql or any other client. Asked for by POST because every answer
//! leaves an audit row, and because what is in it is secret.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use customers::Actor;
use customers::connection::{self, Connection};
use http::{HeaderValue, header};
use problem::{JsonBody, PathParam, Problem};
use secrets::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ApiState;
use crate::problems::problem_of;

/// The route: its answers aren't kept for whoever asks again.
pub(super) const PATH: &str = "/api/admin/customers/{customer}/connection-urls";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionBody {
    /// `owner`, `app` or `readonly`.
    #[schema(example = "readonly")]
    role: String,
}

/// Everything that a client needs to connect.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConnectionView {
    /// The whole URL, with the password. Keep it out of shell histories and process lists. It demands that the certificate is
    /// verified: write `ca_certificate` to a file and name it to your client (`&sslrootcert=FILE` for libpq).
    url: String,
    role: String,
    host: String,
    port: u16,
    database: String,
    user: String,
    password: String,
    /// The certificate authority that signed the instance's certificate, PEM; several while they change.
    ca_certificate: Option<String>,
}

impl From<Connection> for ConnectionView {
    fn from(connection: Connection) -> Self {
        let Connection { role, host, port, database, user, password, ca_certificate } = connection;
        let password = password.expose_secret().to_owned();
        // Names and passwords are letters, digits, _ and -: nothing needs escaping.
        let url = format!("postgresql://{user}:{password}@{host}:{port}/{database}?sslmode=verify-full");
        Self { url, role, host, port, database, user, password, ca_certificate }
    }
}

/// Shows how to connect to a customer's database as one of its roles. Leaves an audit row each time, with an
/// `Idempotency-Key` too: this answer isn't kept.
#[utoipa::path(post, path = "/api/admin/customers/{customer}/connection-urls", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    request_body = ConnectionBody, responses((status = 200, body = ConnectionView),
        (status = 409, description = "The database was not made by this platform", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn reveal(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
    JsonBody(body): JsonBody<ConnectionBody>,
) -> Result<Response, Problem> {
    let found =
        connection::reveal(&state.control_plane, &actor, &customer, &body.role).await.map_err(problem_of)?;
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((no_store, Json(ConnectionView::from(found))).into_response())
}
