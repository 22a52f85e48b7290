//! Clerk, the identity provider of the customers' users: its organizations become customers, its members their users.
//!
//! Clerk tells of changes by webhook. A message is written down before it is answered, and a job does what it says, once,
//! in whatever order messages come: each carries the time of its change, and the later one says what holds. What a webhook
//! missed, a comparison with Clerk's Backend API finds and mends.

mod apply;
mod backend;
mod event;
mod inspect;
mod people;
mod process;
mod receive;
mod reconcile;
mod scan;
mod signature;

pub use backend::{Backend, BackendError};
pub use event::{Event, InvalidEvent};
pub use inspect::{Status, replay, request_reconciliation, status};
pub use people::{CustomerPeople, PeopleError, Person, SyncPeople};
pub use process::ProcessMessage;
pub use receive::{NotReceived, Received, Webhook, receive};
pub use reconcile::Reconcile;
pub use scan::ClerkScan;
pub use signature::{BadSignature, InvalidSecret, SignedHead, WebhookSecrets};
