//! What operators do: `/api/admin/...` and `/api/provision`. One layer in front of all of it asks who it is,
//! but for signing in.

mod api_keys;
mod audit_export;
mod audit_logs;
mod audit_streams;
mod audit_verification;
mod audit_words;
mod authenticate;
mod backups;
mod choices;
mod clerk;
mod clerk_reconciliations;
mod connection_urls;
mod customer_database;
mod customer_limits;
mod customer_list;
mod customer_name;
mod customer_users;
mod customer_views;
mod customers;
mod data_key_list;
mod download;
mod entity_tag;
mod events;
mod health;
mod idempotency;
mod impersonations;
mod jobs;
mod key_rotation;
mod limit_simulation;
mod merge_patch;
mod module_preview;
mod modules;
mod openid;
mod openid_refusals;
mod operations;
mod operator_access;
mod operators;
mod own_account;
mod own_authenticator;
mod page;
mod passkey_sign_in;
mod passkeys;
mod plans;
mod refusals;
mod roles;
mod saved_views;
mod schemas;
mod search;
mod secret_key_views;
mod secret_keys;
pub(crate) mod session_cookie;
mod settings;
mod sign_in;
mod sign_in_ways;
mod statistics;
mod statistics_modules;
mod statistics_work;
mod stored_secrets;
pub(crate) mod streams;
mod time_range;
mod timeline;
mod usage;
mod usage_filter;
mod usage_labels;
mod usage_movers;
mod usage_requests;
mod usage_series;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::bodies::STRANGERS_BODY;
use crate::known_parameters::known_parameters;
use crate::{ApiState, provision};

/// The routes with their documentation, not yet guarded.
pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(provision::provision))
        .routes(routes!(provision::provisioned))
        .routes(routes!(customer_list::list, customers::create))
        .routes(routes!(customer_list::file))
        .routes(routes!(customers::read, customers::update, customers::remove))
        .routes(routes!(customers::suspend))
        .routes(routes!(customers::resume))
        .routes(routes!(plans::preview))
        .routes(routes!(plans::change))
        .routes(routes!(connection_urls::reveal))
        .routes(routes!(timeline::timeline))
        .routes(routes!(customer_database::inspect))
        .routes(routes!(customer_users::list))
        .routes(routes!(customer_limits::list_all))
        .routes(routes!(customer_limits::list, customer_limits::set, customer_limits::remove))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::read, api_keys::update))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(key_rotation::rotate))
        .routes(routes!(limit_simulation::limit_simulation))
        .routes(routes!(modules::catalogue))
        .routes(routes!(modules::change_price))
        .routes(routes!(modules::of_customer))
        .routes(routes!(modules::set, modules::reset))
        .routes(routes!(module_preview::preview))
        .routes(routes!(operations::list))
        .routes(routes!(operations::read))
        .routes(routes!(operations::events))
        .routes(routes!(operations::retry))
        .routes(routes!(operations::cancel))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::read))
        .routes(routes!(jobs::retry))
        .routes(routes!(jobs::cancel))
        .routes(routes!(backups::list))
        .routes(routes!(backups::of_customer, backups::create))
        .routes(routes!(backups::restore))
        .routes(routes!(secret_keys::status))
        .routes(routes!(data_key_list::list))
        .routes(routes!(stored_secrets::list))
        .routes(routes!(secret_keys::rotate_master_key))
        .routes(routes!(secret_keys::rotation))
        .routes(routes!(secret_keys::retire))
        .routes(routes!(secret_keys::rotate_platform_key))
        .routes(routes!(secret_keys::rotate_data_key))
        .routes(routes!(statistics::of_customers))
        .routes(routes!(statistics_modules::of_modules))
        .routes(routes!(statistics_work::of_work))
        .routes(routes!(usage::usage))
        .routes(routes!(usage_series::usage_series))
        .routes(routes!(health::health))
        .routes(routes!(usage_movers::usage_movers))
        .routes(routes!(usage_requests::usage_requests))
        .routes(routes!(settings::settings))
        .routes(routes!(audit_logs::list))
        .routes(routes!(audit_logs::read))
        .routes(routes!(audit_export::export))
        .routes(routes!(audit_verification::verify))
        .routes(routes!(audit_streams::list, audit_streams::create))
        .routes(routes!(audit_streams::read, audit_streams::update, audit_streams::remove))
        .routes(routes!(clerk::status))
        .routes(routes!(clerk::list))
        .routes(routes!(clerk::read))
        .routes(routes!(clerk::replay))
        .routes(routes!(clerk_reconciliations::list, clerk_reconciliations::reconcile))
        .routes(routes!(clerk_reconciliations::differences))
        .routes(routes!(impersonations::list, impersonations::create))
        .routes(routes!(roles::list))
        .routes(routes!(operators::list, operators::create))
        .routes(routes!(operators::read, operators::update))
        .routes(routes!(operators::reset_password))
        .routes(routes!(operators::reset_second_factor))
        .routes(routes!(operators::sign_out))
        .routes(routes!(operator_access::sessions))
        .routes(routes!(operator_access::end_session))
        .routes(routes!(operator_access::tokens))
        .routes(routes!(operator_access::revoke_token))
}

/// What operators do with their own account, and what shows each of them only what they may see; no permission is asked for.
pub(crate) fn own_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(own_account::sessions))
        .routes(routes!(own_account::end_session))
        .routes(routes!(own_account::tokens, own_account::create_token))
        .routes(routes!(own_account::revoke_token))
        .routes(routes!(own_account::recovery_codes))
        .routes(routes!(own_authenticator::ask))
        .routes(routes!(own_authenticator::confirm))
        .routes(routes!(own_authenticator::remove))
        .routes(routes!(passkeys::list, passkeys::create))
        .routes(routes!(passkeys::ask))
        .routes(routes!(passkeys::update))
        .routes(routes!(passkeys::remove))
        .routes(routes!(saved_views::list, saved_views::create))
        .routes(routes!(saved_views::read, saved_views::update, saved_views::remove))
        .routes(routes!(impersonations::own))
        .routes(routes!(impersonations::end))
        .routes(routes!(events::events))
        .routes(routes!(search::search))
}

/// Signing in and out. Who isn't known yet comes here.
pub(crate) fn sign_in_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(sign_in::sign_in, sign_in::who, sign_in::sign_out))
        .routes(routes!(sign_in::set_up_authenticator))
        .routes(routes!(sign_in::show_code))
        .routes(routes!(passkey_sign_in::ask))
        .routes(routes!(passkey_sign_in::show))
        .routes(routes!(passkey_sign_in::ask_for_first))
        .routes(routes!(passkey_sign_in::add_first))
        .routes(routes!(sign_in::change_password))
        .routes(routes!(sign_in_ways::ways))
}

/// Signing in by OpenID Connect. What a provider adds to the address of the callback is its own affair.
pub(crate) fn openid_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(openid::begin))
        .routes(routes!(openid::callback))
        .routes(routes!(openid::claim))
}

/// Every route of operators.
pub(crate) fn all_routes() -> OpenApiRouter<ApiState> {
    routes().merge(own_routes()).merge(sign_in_routes()).merge(openid_routes())
}

/// The routes behind whatever shows who asks.
pub(crate) fn router(state: &ApiState) -> Router {
    let (sign_in, _) = sign_in_routes().split_for_parts();
    let (openid, _) = openid_routes().split_for_parts();
    guarded(state, routes().merge(own_routes()))
        .route_layer(from_fn_with_state(state.clone(), authenticate::authenticate))
        .route_layer(from_fn(provision::for_old_clients))
        .merge(sign_in.route_layer(from_fn(known_parameters)).layer(short_bodies()))
        .merge(openid.layer(short_bodies()))
        .with_state(state.clone())
}

/// Who isn't known yet can be nobody's guest: what they say is kept in memory until it is all there.
fn short_bodies() -> DefaultBodyLimit {
    DefaultBodyLimit::max(STRANGERS_BODY)
}

/// What is behind the question who asks.
fn guarded(state: &ApiState, routes: OpenApiRouter<ApiState>) -> Router<ApiState> {
    let (router, _) = routes.split_for_parts();
    router
        .route_layer(from_fn_with_state(state.clone(), idempotency::idempotency))
        .route_layer(from_fn(known_parameters))
        .route_layer(from_fn_with_state(state.clone(), refusals::record))
}
