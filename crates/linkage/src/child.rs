//! Are two records the same child? Exact facts only; the weighing of imperfect ones comes behind the same function.

use domain::{PersonDetails, PersonKind, PersonName, Sex};
use serde::{Deserialize, Serialize};

use crate::evidence::{Evidence, EvidenceCode as E};
use crate::tokens::tokens;

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

/// Whether two records are the same child. An identifier in common and the same given name, with nothing against it, is a
/// match. An identifier in common with anything against it, or the same full name and date of birth without one, is for
/// a person to decide. Same birthday and family name with another given name is a twin, not the same child: family facts
/// never make a match.
#[must_use]
pub fn same_child(a: &PersonDetails, b: &PersonDetails) -> ChildDecision {
    let facts = Compared::of(a, b);
    let band = if facts.same_identifier {
        if facts.same_given && !facts.contradicted() { ChildBand::Match } else { ChildBand::Possible }
    } else if facts.same_name && facts.same_birth && !facts.kinds_differ {
        ChildBand::Possible
    } else {
        ChildBand::Different
    };
    ChildDecision { band, evidence: facts.evidence() }
}

#[allow(clippy::struct_excessive_bools, reason = "a list of independent facts, read by name in one place")]
struct Compared {
    same_identifier: bool,
    identifiers_differ: bool,
    same_name: bool,
    same_given: bool,
    same_family: bool,
    same_birth: bool,
    births_differ: bool,
    sex_differs: bool,
    kinds_differ: bool,
}

impl Compared {
    fn of(a: &PersonDetails, b: &PersonDetails) -> Self {
        let nhs = a.nhs_number.as_ref().zip(b.nhs_number.as_ref()).map(|(x, y)| x == y);
        let upn = a.upn.as_ref().zip(b.upn.as_ref()).map(|(x, y)| x == y);
        let births = a.birth.zip(b.birth).filter(|(x, y)| x.expected == y.expected).map(|(x, y)| x.date == y.date);
        let sexes = [a.sex, b.sex];
        Self {
            same_identifier: nhs == Some(true) || upn == Some(true),
            identifiers_differ: nhs == Some(false) || upn == Some(false),
            same_name: any_pair(a, b, |x, y| same(&given(x), &given(y)) && same(&family(x), &family(y))),
            same_given: any_pair(a, b, |x, y| same(&given(x), &given(y))),
            same_family: any_pair(a, b, |x, y| same(&family(x), &family(y))),
            same_birth: births == Some(true),
            births_differ: births == Some(false),
            sex_differs: sexes.contains(&Sex::Female) && sexes.contains(&Sex::Male),
            kinds_differ: (a.kind == PersonKind::Child) != (b.kind == PersonKind::Child),
        }
    }

    const fn contradicted(&self) -> bool {
        self.identifiers_differ || self.births_differ || self.sex_differs || self.kinds_differ
    }

    fn evidence(&self) -> Vec<Evidence> {
        let twin = self.same_birth && self.same_family && !self.same_given && !self.same_identifier;
        let all = [
            (self.same_identifier, E::SameIdentifier),
            (self.identifiers_differ, E::IdentifiersDiffer),
            (self.same_name, E::SameName),
            (self.same_given && !self.same_name, E::SameGivenName),
            (!self.same_given && !twin, E::NamesDiffer),
            (self.same_birth, E::SameBirth),
            (self.births_differ, E::BirthsDiffer),
            (twin, E::Twin),
            (self.sex_differs, E::SexDiffers),
            (self.kinds_differ, E::KindsDiffer),
        ];
        all.into_iter().filter(|(holds, _)| *holds).map(|(_, code)| Evidence::of(code)).collect()
    }
}

fn any_pair(a: &PersonDetails, b: &PersonDetails, holds: impl Fn(&PersonName, &PersonName) -> bool) -> bool {
    names(a).any(|x| names(b).any(|y| holds(x, y)))
}

fn names(person: &PersonDetails) -> impl Iterator<Item = &PersonName> {
    std::iter::once(&person.name).chain(&person.other_names)
}

fn given(name: &PersonName) -> Vec<String> {
    tokens(name.given.as_str())
}

fn family(name: &PersonName) -> Vec<String> {
    name.family.as_ref().map(|family| tokens(family.as_str())).unwrap_or_default()
}

/// Whether two names are given and the same.
fn same(one: &[String], other: &[String]) -> bool {
    !one.is_empty() && one == other
}
