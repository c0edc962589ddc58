//! Decides whether two records are of the same child.

use domain::PersonDetails;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::person::{self, PersonFacts};

/// Whether two records are of the same child.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChildBand {
    /// The same child.
    Match,
    /// Possibly the same child: a person decides.
    Possible,
    /// Two different people.
    Different,
}

/// A decision on two records, with the evidence for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildDecision {
    /// The decision.
    pub band: ChildBand,
    /// The facts for and against.
    pub evidence: Vec<Evidence>,
}

/// Decides whether two records that the service holds are of the same child. Facts about the child
/// decide; facts about the family alone never make a match: two children with the same birthday and
/// family name and different given names are twins.
#[must_use]
pub fn same_child(a: &PersonDetails, b: &PersonDetails) -> ChildDecision {
    person::decide(
        &PersonFacts::from_details("a", a),
        &PersonFacts::from_details("b", b),
    )
}
