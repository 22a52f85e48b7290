//! The OpenAPI document and a page to read it by. The page's files are compiled in: it loads nothing from elsewhere.

use axum::Router;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::openapi;

pub(crate) fn router() -> Router {
    let config =
        Config::default().try_it_out_enabled(true).persist_authorization(false).doc_expansion("none");
    SwaggerUi::new("/api/docs").url("/api/openapi.json", openapi::document()).config(config).into()
}
