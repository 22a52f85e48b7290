//! What operators do: `/api/admin/...` and `/api/provision`. One layer in front of all of it asks for the token.

mod api_keys;
mod audit_logs;
mod authenticate;
mod backups;
mod connection_urls;
mod customer_name;
mod customer_views;
mod customers;
mod entity_tag;
mod idempotency;
mod jobs;
mod key_rotation;
mod merge_patch;
mod modules;
mod operations;
mod page;
mod refusals;
mod secret_keys;
mod usage;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::known_parameters::known_parameters;
use crate::{ApiState, provision};

/// The routes with their documentation, not yet guarded.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(provision::provision))
        .routes(routes!(provision::provisioned))
        .routes(routes!(customers::list, customers::create))
        .routes(routes!(customers::read, customers::update, customers::remove))
        .routes(routes!(customers::suspend))
        .routes(routes!(customers::resume))
        .routes(routes!(connection_urls::reveal))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::read, api_keys::update))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(key_rotation::rotate))
        .routes(routes!(modules::catalogue))
        .routes(routes!(modules::of_customer))
        .routes(routes!(modules::set, modules::reset))
        .routes(routes!(operations::list))
        .routes(routes!(operations::read))
        .routes(routes!(operations::events))
        .routes(routes!(operations::retry))
        .routes(routes!(operations::cancel))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::retry))
        .routes(routes!(backups::list))
        .routes(routes!(backups::of_customer, backups::create))
        .routes(routes!(backups::restore))
        .routes(routes!(secret_keys::status))
        .routes(routes!(secret_keys::rotate_master_key))
        .routes(routes!(secret_keys::rotation))
        .routes(routes!(secret_keys::retire))
        .routes(routes!(secret_keys::rotate_platform_key))
        .routes(routes!(secret_keys::rotate_data_key))
        .routes(routes!(usage::usage))
        .routes(routes!(audit_logs::list))
}

/// The routes behind whatever shows who asks.
pub(crate) fn router(state: &ApiState) -> Router {
    guarded(state, routes())
        .route_layer(from_fn_with_state(state.clone(), authenticate::authenticate))
        .route_layer(from_fn(provision::for_old_clients))
        .with_state(state.clone())
}

/// What is behind the question who asks.
fn guarded(state: &ApiState, routes: OpenApiRouter<ApiState>) -> Router<ApiState> {
    let (router, _) = routes.split_for_parts();
    router
        .route_layer(from_fn_with_state(state.clone(), idempotency::idempotency))
        .route_layer(from_fn(known_parameters))
        .route_layer(from_fn_with_state(state.clone(), refusals::record))
}
