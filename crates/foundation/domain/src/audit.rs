//! What the control plane does, as the audit log calls it.

use crate::customer::named_enum;
use serde::{Deserialize, Serialize};

named_enum!(
    /// What was done: the `action` of an audit row.
    AuditAction {
        /// A customer was signed up.
        CustomerCreated = "customer_created",
        /// A customer's fields were changed.
        CustomerUpdated = "customer_updated",
        /// A customer was removed.
        CustomerDeleted = "customer_deleted",
        /// A feature module was turned on.
        ModuleEnabled = "module_enabled",
        /// A feature module was turned off.
        ModuleDisabled = "module_disabled",
        /// An API key was made.
        ApiKeyCreated = "api_key_created",
        /// An API key was taken back.
        ApiKeyRevoked = "api_key_revoked",
        /// An API key was used for the first time, or for something worth noting.
        ApiKeyUsed = "api_key_used",
        /// A customer's own AI key was stored.
        AiKeyAdded = "ai_key_added",
        /// A customer's own AI key was removed.
        AiKeyRemoved = "ai_key_removed",
        /// A larger plan began.
        SubscriptionUpgraded = "subscription_upgraded",
        /// A smaller plan began.
        SubscriptionDowngraded = "subscription_downgraded",
        /// The customer ended the subscription.
        SubscriptionCanceled = "subscription_canceled",
        /// An operator stopped serving a customer.
        CustomerSuspended = "customer_suspended",
        /// An operator serves a customer again.
        CustomerResumed = "customer_resumed",
        /// A sign-up could not be done and was taken back.
        CustomerProvisioningFailed = "customer_provisioning_failed",
        /// A customer's database passwords were changed.
        CredentialsRotated = "credentials_rotated",
        /// An operator was shown a customer's database password.
        CredentialsRevealed = "credentials_revealed",
        /// A backup was made.
        BackupCreated = "backup_created",
        /// A backup was restored.
        BackupRestored = "backup_restored",
        /// An API key's time ran out.
        ApiKeyExpired = "api_key_expired",
        /// A trial or a paid period ran out.
        SubscriptionExpired = "subscription_expired",
        /// A dead operation or job was queued again.
        OperationRetried = "operation_retried",
        /// An operation or a job was taken back because somebody asked for it.
        OperationCanceled = "operation_canceled",
        /// An API key's name, permissions, networks, limit or time were changed.
        ApiKeyUpdated = "api_key_updated",
        /// An API key was replaced by a new one.
        ApiKeyRotated = "api_key_rotated",
        /// A module's limit, expiry or reason was changed, but not whether it is on.
        ModuleChanged = "module_changed",
        /// Another master key wraps the data keys.
        MasterKeyRotated = "master_key_rotated",
        /// A master key that wraps nothing any more is no longer accepted.
        MasterKeyRetired = "master_key_retired",
        /// A customer's secrets, or the platform's own, are sealed with a new data key.
        DataKeyRotated = "data_key_rotated",
        /// Somebody asked for what they may not do.
        AccessDenied = "access_denied",
        /// An operator was made.
        OperatorCreated = "operator_created",
        /// An operator's name, roles or state were changed.
        OperatorUpdated = "operator_updated",
        /// An operator came in.
        OperatorSignedIn = "operator_signed_in",
        /// An operator's password was changed.
        OperatorPasswordChanged = "operator_password_changed",
        /// An operator's second factor was set up or taken away.
        OperatorSecondFactorChanged = "operator_second_factor_changed",
        /// A session of an operator was ended.
        OperatorSessionEnded = "operator_session_ended",
        /// An operator's API token was made.
        OperatorTokenCreated = "operator_token_created",
        /// An operator's API token was taken back.
        OperatorTokenRevoked = "operator_token_revoked",
        /// An operator began to act in a customer's place.
        ImpersonationStarted = "impersonation_started",
        /// An operator no longer acts in a customer's place.
        ImpersonationEnded = "impersonation_ended",
        /// The audit log is told to somebody else from now on.
        AuditStreamCreated = "audit_stream_created",
        /// A stream of the audit log was paused, resumed or changed.
        AuditStreamUpdated = "audit_stream_updated",
        /// The audit log is no longer told to somebody.
        AuditStreamDeleted = "audit_stream_deleted",
        /// An operator kept a list as they want to see it again.
        SavedViewCreated = "saved_view_created",
        /// A kept list was changed.
        SavedViewUpdated = "saved_view_updated",
        /// A kept list was thrown away.
        SavedViewDeleted = "saved_view_deleted",
        /// Who signs the certificates of customers' instances, or whose signature counts, has changed.
        CertificateAuthoritiesChanged = "certificate_authorities_changed",
        /// The servers have another certificate of their own, from an ACME authority.
        ServerCertificateIssued = "server_certificate_issued",
    }
);
