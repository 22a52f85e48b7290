//! The worker's jobs, a file each. Backups are in their own crate.

mod audit_anchors;
mod audit_retention;
mod denied_attempts;
mod idempotency_keys;
mod impersonation_ends;
mod key_expiry;
mod module_overrides;
mod provisioning_nudge;
mod reconciler_scan;
mod sign_in_tidy;
mod trial_expiry;
mod usage_nights;

pub(crate) use audit_anchors::{AuditAnchors, Journal};
pub(crate) use audit_retention::AuditRetention;
pub(crate) use denied_attempts::DeniedAttempts;
pub(crate) use idempotency_keys::IdempotencyKeys;
pub(crate) use impersonation_ends::ImpersonationEnds;
pub(crate) use key_expiry::KeyExpiry;
pub(crate) use module_overrides::ModuleOverrides;
pub(crate) use provisioning_nudge::ProvisioningNudge;
pub(crate) use reconciler_scan::ReconcilerScan;
pub(crate) use sign_in_tidy::SignInTidy;
pub(crate) use trial_expiry::TrialExpiry;
pub(crate) use usage_nights::UsageNights;

use customers::UseCaseError;
use jobs::JobError;

/// A use case that failed in a job: a database that is away comes back, everything else is tried again too, since
/// nobody's input is to blame.
fn retry(error: UseCaseError) -> JobError {
    JobError::retry(error)
}
