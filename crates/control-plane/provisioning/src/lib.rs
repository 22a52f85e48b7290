//! Brings customers' databases into being and takes them away.
//!
//! The catalog holds the intent, a [`Provisioner`] observes what is there, [`plan()`] is pure, steps are
//! idempotent and recorded, and the engine's scan finishes what a crash left.

pub mod backend;
#[cfg(feature = "conformance")]
pub mod conformance;
mod engine;
mod error;
mod finish;
mod plan;
mod restore;
pub mod roles;
mod steps;
mod watch;

pub use backend::{
    AdminAccess, BackendError, DatabaseRoles, InstanceFacts, InstanceSpec, InstanceState, Observed,
    Provisioner, RoleCredential,
};
pub use engine::{Engine, EngineConfig, NUDGE_KIND};
pub use error::StepError;
pub use finish::customer_password_context;
pub use plan::{Intent, Plan, Step, plan};
pub use restore::Restorer;

pub use watch::{Changes, OperationWatcher};
