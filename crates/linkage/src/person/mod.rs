//! Decides which records are of the same child and which children are of the same family, by
//! comparing facts about people.
//!
//! `prepared` reads a record, `compare` compares two of them, `weights` and `bands` turn the
//! comparison into a decision, `cluster` and `merging` sort many records into children, and
//! `family` sorts children into families.

mod addresses;
mod bands;
mod blocking;
mod cluster;
mod compare;
mod dates;
mod evidence;
mod facts;
mod family;
mod identifiers;
mod merging;
mod name_forms;
mod name_tables;
mod names;
mod prepared;
mod weights;
mod words;

pub use blocking::blocking_keys;
pub use cluster::{ChildCluster, ChildClusters, MatchQuestion, cluster_children};
pub use evidence::{Reason, ReasonCode};
pub use facts::{AddressFacts, PersonFacts, RelationFacts};
pub use family::{Family, cluster_families, cluster_families_with};
pub use weights::Population;

use crate::child::{ChildBand, ChildDecision};
use compare::Comparison;
use prepared::PreparedRecord;
use words::WordInterner;

/// A decision on whether two records are of the same person, with the reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonDecision {
    /// The decision.
    pub band: ChildBand,
    /// The weight for the same child against two strangers, in hundredths of a bit.
    pub against_stranger: i32,
    /// The weight for the same child against two siblings.
    pub against_sibling: i32,
    /// The facts for and against.
    pub evidence: Vec<Reason>,
}

/// Decides on two records alone. Among many records, [`cluster_children`] also considers other
/// matches and contradictions.
#[must_use]
pub fn same_person(a: &PersonFacts, b: &PersonFacts) -> PersonDecision {
    let comparison = compare_facts(a, b);
    let judgement = bands::judge(&comparison, Population::Families);
    PersonDecision {
        band: judgement.band,
        against_stranger: judgement.stranger,
        against_sibling: judgement.sibling,
        evidence: evidence::reasons(&comparison, Population::Families),
    }
}

/// The same decision with the evidence codes of timelines and the API.
pub(crate) fn decide(a: &PersonFacts, b: &PersonFacts) -> ChildDecision {
    let comparison = compare_facts(a, b);
    ChildDecision {
        band: bands::judge(&comparison, Population::Families).band,
        evidence: evidence::to_evidence(&comparison),
    }
}

fn compare_facts(a: &PersonFacts, b: &PersonFacts) -> Comparison {
    let mut words = WordInterner::default();
    let a = PreparedRecord::read(&mut words, a);
    let b = PreparedRecord::read(&mut words, b);
    Comparison::new(&words, &a, &b)
}
