//! Inputs and outputs of legal holds.

use domain::{HoldId, HoldScope, Instant, PractitionerId, Sensitive};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

/// A legal hold to place. It prevents destruction until it is released.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldIn {
    /// What the hold covers.
    pub scope: HoldScope,
    /// The chronology or child; absent when the scope is `all`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub target_id: Option<uuid::Uuid>,
    /// The reason: the order, request or inquiry; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
    /// When the hold has to be reviewed; at most a year ahead.
    pub review_at: Instant,
}

/// A request to release a hold.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldReleaseIn {
    /// The reason for the release; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// A legal hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldOut {
    /// The unique identifier.
    pub id: HoldId,
    /// What the hold covers.
    pub scope: HoldScope,
    /// The chronology or child that the hold covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub target_id: Option<uuid::Uuid>,
    /// The reason for the hold; not shown to auditors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Sensitive<String>>,
    /// When the hold has to be reviewed.
    pub review_at: Instant,
    /// Whether the review is overdue. The hold stays active until it is released.
    #[serde(default)]
    pub review_overdue: bool,
    /// The practitioner who placed the hold.
    pub placed_by: PractitionerId,
    /// When that happened.
    pub placed_at: Instant,
    /// The practitioner who released the hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_by: Option<PractitionerId>,
    /// When that happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Instant>,
    /// Whether the hold still needs the confirmation of a second person, without which it has no
    /// effect.
    #[serde(default)]
    pub awaiting_confirmation: bool,
    /// The practitioner who confirmed the hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<PractitionerId>,
    /// The version, as in the `ETag`.
    pub version: i64,
}
