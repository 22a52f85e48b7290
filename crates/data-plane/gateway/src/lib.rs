//! The layers that every customer request passes, each in one file: meter, authenticate, customer status.
//!
//! Module and permission are checked where the routes are declared (`crm`), because only there it is known which
//! a route needs.

mod authenticate;
mod customer_status;
mod meter;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use domain::principal::Directory;
use metering::Meter;

pub use authenticate::bearer_token;
pub use meter::RequestId;

/// What the layers work with. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    directory: Arc<dyn Directory>,
    meter: Meter,
}

impl Gateway {
    /// A gateway that asks this directory who a key belongs to, and hands usage to this meter.
    pub fn new(directory: Arc<dyn Directory>, meter: Meter) -> Self {
        Self { directory, meter }
    }

    /// Puts the layers round the customer's routes. The first to see a request stands last.
    pub fn guard(&self, routes: Router) -> Router {
        routes
            .route_layer(axum::middleware::from_fn(customer_status::customer_status))
            .route_layer(from_fn_with_state(self.clone(), authenticate::authenticate))
            .route_layer(from_fn_with_state(self.clone(), meter::meter))
    }
}
