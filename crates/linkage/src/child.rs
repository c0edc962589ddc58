//! Are two records the same child?

use domain::PersonDetails;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::person::{self, PersonFacts};

/// Whether two records are the same child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChildBand {
    /// The same child.
    Match,
    /// Perhaps: a person decides.
    Possible,
    /// Two people.
    Different,
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildDecision {
    /// What was decided.
    pub band: ChildBand,
    /// The facts for and against.
    pub evidence: Vec<Evidence>,
}

/// Whether two records are the same child, on what the service holds of a person; a wrapper for the weighing in `person`.
/// Child facts decide. Same birthday and family name with another given name is a twin, not the same child: family facts
/// never make a match.
#[must_use]
pub fn same_child(a: &PersonDetails, b: &PersonDetails) -> ChildDecision {
    person::decide(&PersonFacts::of("a", a), &PersonFacts::of("b", b))
}
