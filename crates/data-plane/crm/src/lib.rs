//! The customer API's resources: what a customer's programs list, read, create, change and delete in their CRM.
//!
//! Each resource is described once, in a file of [`resources`]. Validation, SQL, filters, routes, checks and the API's
//! description derive from it, so a new column or a new resource is a line or a file there, and its migration.

mod answer;
mod audit;
mod body;
mod caller;
mod cursor;
mod etag;
mod failure;
mod formats;
mod handlers;
mod idempotency;
pub mod impersonation;
mod json_limits;
mod list;
mod observe;
mod openapi;
pub mod people;
mod query_string;
pub mod resources;
mod routes;
mod smart_tasks;
pub mod spec;
mod sql;
mod store;
pub mod users;
mod value;

pub use openapi::openapi;
pub use resources::RESOURCES;
pub use routes::{Operation, ROUTES, RouteInfo, router};
