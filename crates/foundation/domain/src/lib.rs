//! The words of the house as types: ids, customers, plans, modules, keys' permissions and the principals that ask.
//!
//! Nothing here does any input or output, so every other crate may depend on it.

pub mod ai;
pub mod audit;
pub mod backup;
pub mod clerk;
pub mod customer;
pub mod customer_limit;
pub mod entitlement;
pub mod ids;
pub mod invoice;
pub mod job;
pub mod modules;
pub mod news;
pub mod operation;
pub mod operator;
pub mod permission;
pub mod principal;
pub mod recognise;
pub mod route;
pub mod slug;
pub mod usage;

pub use ai::{AiProvider, KeyOwner};
pub use audit::AuditAction;
pub use backup::{BackupKind, BackupStatus};
pub use customer::{Plan, RateLimitPeriod, SubscriptionStatus};
pub use ids::{ApiKeyId, BackupId, CustomerId, InstanceId, JobId, OperationId, OrganizationId};
pub use invoice::InvoiceStatus;
pub use job::JobStatus;
pub use operation::{OperationKind, OperationStatus, StepStatus};
pub use operator::{Actor, Forbidden, Permit, Right, Rights, Role};
pub use permission::Permission;
pub use slug::CustomerSlug;
