//! Values of which there are a few, named one by one so that the document of the API has them.

use domain::customer::ApiKeyStatus;
use domain::{Plan, SubscriptionStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// How a customer's subscription stands.
#[derive(Serialize, Clone, Copy, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum StatusName {
    Active,
    Trial,
    Suspended,
    Canceled,
    Expired,
}

impl From<SubscriptionStatus> for StatusName {
    fn from(status: SubscriptionStatus) -> Self {
        match status {
            SubscriptionStatus::Active => Self::Active,
            SubscriptionStatus::Trial => Self::Trial,
            SubscriptionStatus::Suspended => Self::Suspended,
            SubscriptionStatus::Canceled => Self::Canceled,
            SubscriptionStatus::Expired => Self::Expired,
        }
    }
}

/// What a customer bought.
#[derive(Serialize, Clone, Copy, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum PlanName {
    Starter,
    Pro,
    Enterprise,
}

impl From<Plan> for PlanName {
    fn from(plan: Plan) -> Self {
        match plan {
            Plan::Starter => Self::Starter,
            Plan::Pro => Self::Pro,
            Plan::Enterprise => Self::Enterprise,
        }
    }
}

/// Whether an API key may be used.
#[derive(Serialize, Clone, Copy, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeyStatusName {
    Active,
    Revoked,
    Expired,
}

impl From<ApiKeyStatus> for KeyStatusName {
    fn from(status: ApiKeyStatus) -> Self {
        match status {
            ApiKeyStatus::Active => Self::Active,
            ApiKeyStatus::Revoked => Self::Revoked,
            ApiKeyStatus::Expired => Self::Expired,
        }
    }
}
