//! Same child, same family: what agencies say of people, compared fact by fact.
//!
//! `prepared` reads a record, `compare` sets two beside each other, `weights` and `bands` say what that is worth, `cluster`
//! and `growing` sort many records into children, judging all records of a group together, and `family` sorts children.

mod addresses;
mod bands;
mod blocking;
mod cluster;
mod compare;
mod dates;
mod evidence;
mod facts;
mod family;
mod growing;
mod identifiers;
mod name_forms;
mod names;
mod nicknames;
mod prepared;
mod weights;
mod words;

pub use blocking::blocking_keys;
pub use cluster::{ChildCluster, Children, Question, cluster_children};
pub use evidence::{Reason, ReasonCode};
pub use facts::{AddressFacts, PersonFacts, RelationFacts};
pub use family::{Family, cluster_families, cluster_families_with};
pub use weights::Population;

use crate::child::{ChildBand, ChildDecision};
use compare::Comparison;
use prepared::Person;
use words::Words;

/// Whether two records are the same person, with the reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonDecision {
    /// What was decided.
    pub band: ChildBand,
    /// How plainly it is the same child and not a stranger, in hundredths of a bit.
    pub against_stranger: i32,
    /// How plainly it is the same child and not a brother or sister.
    pub against_sibling: i32,
    /// The facts for and against.
    pub evidence: Vec<Reason>,
}

/// Whether two records are the same person, looked at by themselves. Among many records, [`cluster_children`] also sees
/// runners-up and contradictions.
#[must_use]
pub fn same_person(a: &PersonFacts, b: &PersonFacts) -> PersonDecision {
    let compared = compared(a, b);
    let judged = bands::judge(&compared, Population::Families);
    PersonDecision {
        band: judged.band,
        against_stranger: judged.stranger,
        against_sibling: judged.sibling,
        evidence: evidence::reasons(&compared, Population::Families),
    }
}

/// The same decision with the evidence that timelines and the API know.
pub(crate) fn decide(a: &PersonFacts, b: &PersonFacts) -> ChildDecision {
    let compared = compared(a, b);
    ChildDecision {
        band: bands::judge(&compared, Population::Families).band,
        evidence: evidence::as_evidence(&compared),
    }
}

fn compared(a: &PersonFacts, b: &PersonFacts) -> Comparison {
    let mut words = Words::default();
    let (a, b) = (Person::read(&mut words, a), Person::read(&mut words, b));
    Comparison::of(&words, &a, &b)
}
