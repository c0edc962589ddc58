//! Legal holds.

use domain::{HoldId, Instant, PractitionerId, Sensitive};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

/// What a legal hold covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldScope {
    /// One chronology.
    Chronology,
    /// Every chronology of one child.
    Child,
    /// Everything in the partnership.
    All,
}

/// A legal hold to place: it stops destruction until it is released.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldIn {
    /// What it covers.
    pub scope: HoldScope,
    /// The chronology or child; absent when the scope is `all`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub target_id: Option<uuid::Uuid>,
    /// Why: the order, request or inquiry; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
    /// By when the hold is reviewed; at most a year ahead.
    pub review_at: Instant,
}

/// Releasing a hold.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldReleaseIn {
    /// Why it is released; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// A legal hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldOut {
    /// Identifier.
    pub id: HoldId,
    /// What it covers.
    pub scope: HoldScope,
    /// The chronology or child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub target_id: Option<uuid::Uuid>,
    /// Why it was placed; not shown to auditors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Sensitive<String>>,
    /// By when it is reviewed.
    pub review_at: Instant,
    /// Whether it stands past that date: somebody is to review it. It holds on until it is released.
    #[serde(default)]
    pub review_overdue: bool,
    /// Who placed it.
    pub placed_by: PractitionerId,
    /// When.
    pub placed_at: Instant,
    /// Who released it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_by: Option<PractitionerId>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_at: Option<Instant>,
    /// Whether somebody else has still to confirm it: until then it holds nothing.
    #[serde(default)]
    pub awaiting_confirmation: bool,
    /// Who confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<PractitionerId>,
    /// Version, as in the `ETag`.
    pub version: i64,
}
