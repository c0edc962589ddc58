//! Two families compared, person by person. Pure: what is stored and what follows from it is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use domain::{PersonDetails, PersonId, PersonKind, RelationshipKind as R, Sensitive};
use linkage::{
    ChildBand, Children, PersonFacts, Population, Reason, ReasonCode, RelationFacts, cluster_children, same_child,
    same_person,
};

use crate::people::FamilyView;
use crate::{PersonEvidenceOut, Relationship};

/// The most questions about one child: the likeliest.
const MOST_ASKED: usize = 3;

/// Their person, our person.
pub(crate) type Pair = (PersonId, PersonId);

/// What people have decided already.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Pairs decided to be one person.
    pub(crate) same: BTreeMap<PersonId, PersonId>,
    /// Pairs that nothing but a person links.
    pub(crate) apart: BTreeSet<Pair>,
}

/// Two records with what the facts say of them.
#[derive(Debug)]
pub(crate) struct Weighed {
    pub(crate) pair: Pair,
    pub(crate) band: ChildBand,
    pub(crate) evidence: Vec<PersonEvidenceOut>,
    /// Whether a number speaks against it: then it goes to a person, however much else agrees.
    contradicted: bool,
}

impl Weighed {
    fn new(pair: Pair, band: ChildBand, reasons: &[Reason]) -> Self {
        let against = [ReasonCode::NhsDifferent, ReasonCode::UpnDifferent, ReasonCode::NumberOfAnother];
        let contradicted = reasons.iter().any(|reason| against.contains(&reason.code));
        Self { pair, band, evidence: evidence(reasons), contradicted }
    }
}

/// What comparing two families brought.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// Who of their family is who of ours, adults too. Nobody stands in it twice, on either side.
    pub(crate) same: Vec<Weighed>,
    /// Whether every child of theirs is in it, and there is one.
    pub(crate) complete: bool,
    /// Pairs on which somebody is asked to decide; none when no answer could make it complete.
    pub(crate) asked: Vec<Weighed>,
}

/// Compares a family that an agency recorded with that of a chronology.
pub(crate) fn compare(theirs: &FamilyView, ours: &FamilyView, known: &Known) -> Compared {
    let sides = Sides::new(facts_of(theirs, PersonKind::Child), facts_of(ours, PersonKind::Child));
    let found: Vec<Found> = sides.theirs.iter().enumerate().map(|(at, _)| sides.find(at, known)).collect();
    let mut same: Vec<Weighed> = Vec::new();
    let mut asked: Vec<Weighed> = Vec::new();
    let (mut placed, mut hopeless) = (0, false);
    for one in found {
        match one {
            Found::Is(weighed) => {
                placed += 1;
                same.push(*weighed);
            }
            Found::MayBe(several) => asked.extend(several),
            Found::Nobody => hopeless = true,
        }
    }
    let complete = placed > 0 && placed == sides.theirs.len() && nobody_twice(&same);
    if !complete {
        return Compared { asked: if hopeless { Vec::new() } else { asked }, ..Compared::default() };
    }
    same.extend(adults(theirs, ours, known));
    Compared { same, complete, asked: Vec::new() }
}

/// What the facts say of one pair that somebody names.
pub(crate) fn weigh(theirs: &FamilyView, ours: &FamilyView, (their, our): Pair) -> Option<Weighed> {
    let all = |view: &FamilyView| [facts_of(view, PersonKind::Child), facts_of(view, PersonKind::Adult)].concat();
    let find = |all: Vec<Facts>, id: PersonId| all.into_iter().find(|(other, _)| *other == id).map(|(_, facts)| facts);
    let decision = same_person(&find(all(theirs), their)?, &find(all(ours), our)?);
    Some(Weighed::new((their, our), decision.band, &decision.evidence))
}

fn nobody_twice(same: &[Weighed]) -> bool {
    let ours: BTreeSet<PersonId> = same.iter().map(|weighed| weighed.pair.1).collect();
    ours.len() == same.len()
}

type Facts = (PersonId, PersonFacts);

/// The children of both families, theirs first, and what linkage says having seen all of them.
struct Sides {
    theirs: Vec<Facts>,
    ours: Vec<Facts>,
    sorted: Children,
}

/// Who a child of theirs is.
enum Found {
    Is(Box<Weighed>),
    MayBe(Vec<Weighed>),
    Nobody,
}

impl Sides {
    fn new(theirs: Vec<Facts>, ours: Vec<Facts>) -> Self {
        let records: Vec<PersonFacts> = theirs.iter().chain(&ours).map(|(_, facts)| facts.clone()).collect();
        Self { sorted: cluster_children(&records, Population::Families, 1), theirs, ours }
    }

    /// Who the child of theirs at this place is. Linkage sees all children of both families at once, so that twins and
    /// runners-up count; and of the pairs looked at by themselves one alone may match.
    fn find(&self, at: usize, known: &Known) -> Found {
        let Some((their, facts)) = self.theirs.get(at) else { return Found::Nobody };
        let weighed = self.ours.iter().map(|(our, other)| {
            let decision = same_person(facts, other);
            let strength = decision.against_stranger.saturating_add(decision.against_sibling);
            (strength, Weighed::new((*their, *our), decision.band, &decision.evidence))
        });
        let mut weighed: Vec<(i32, Weighed)> = weighed.collect();
        if let Some(decided) = known.same.get(their) {
            let found = weighed.into_iter().find(|(_, weighed)| weighed.pair.1 == *decided);
            return found.map_or(Found::Nobody, |(_, weighed)| Found::Is(Box::new(weighed)));
        }
        weighed.retain(|(_, weighed)| !known.apart.contains(&weighed.pair));
        let together = self.linkage(at);
        let matching = weighed.iter().filter(|(_, weighed)| weighed.band == ChildBand::Match).count();
        let certain = |weighed: &Weighed| {
            weighed.band == ChildBand::Match && !weighed.contradicted && together.only == Some(weighed.pair.1)
        };
        if matching == 1
            && let Some(place) = weighed.iter().position(|(_, weighed)| certain(weighed))
        {
            return Found::Is(Box::new(weighed.swap_remove(place).1));
        }
        weighed.retain(|(_, weighed)| {
            weighed.band != ChildBand::Different || together.asked.contains_key(&weighed.pair.1)
        });
        weighed.sort_by_key(|(strength, weighed)| (std::cmp::Reverse(*strength), weighed.pair.1));
        weighed.truncate(MOST_ASKED);
        let doubts = weighed.into_iter().map(|(_, mut weighed)| {
            if let Some(more) = together.asked.get(&weighed.pair.1) {
                weighed
                    .evidence
                    .extend(more.iter().filter(|one| !weighed.evidence.contains(one)).cloned().collect::<Vec<_>>());
            }
            weighed
        });
        let doubts: Vec<Weighed> = doubts.collect();
        if doubts.is_empty() { Found::Nobody } else { Found::MayBe(doubts) }
    }

    fn linkage(&self, at: usize) -> Together {
        let sorted = &self.sorted;
        let our = |place: &usize| place.checked_sub(self.theirs.len()).and_then(|place| self.ours.get(place));
        let cluster = sorted.clusters.iter().find(|cluster| cluster.members.contains(&at));
        let members = cluster.map(|cluster| cluster.members.as_slice()).unwrap_or_default();
        let only = match members {
            [first, second] => [first, second].into_iter().filter(|place| **place != at).find_map(our),
            _ => None,
        };
        let mut asked: BTreeMap<PersonId, Vec<PersonEvidenceOut>> = BTreeMap::new();
        for question in &sorted.questions {
            for (one, other) in [(question.one, question.other), (question.other, question.one)] {
                if let (true, Some((id, _))) = (members.contains(&one), our(&other)) {
                    asked.entry(*id).or_default().extend(evidence(&question.evidence));
                }
            }
        }
        Together { only: only.map(|(id, _)| *id), asked }
    }
}

/// What linkage says of one child of theirs, having seen all children.
struct Together {
    /// The one child of ours it is, when nobody else of theirs is too.
    only: Option<PersonId>,
    /// Children of ours about whom it asks, and why.
    asked: BTreeMap<PersonId, Vec<PersonEvidenceOut>>,
}

/// Adults of a family whose children are the same: by an identifier, or by name unless the dates of birth differ. Those
/// who fit several, or share one with another, stay who they are.
fn adults(theirs: &FamilyView, ours: &FamilyView, known: &Known) -> Vec<Weighed> {
    let their_adults = facts_of(theirs, PersonKind::Adult);
    let our_adults = facts_of(ours, PersonKind::Adult);
    let details = |view: &FamilyView, id: PersonId| {
        view.members.iter().find(|(other, _)| *other == id).map(|(_, details)| details.clone())
    };
    let mut same: Vec<Weighed> = Vec::new();
    for (their, facts) in &their_adults {
        let decided = known.same.get(their);
        let is = |our: &PersonId| match (decided, details(theirs, *their), details(ours, *our)) {
            (Some(decided), ..) => our == decided,
            (None, Some(a), Some(b)) => !known.apart.contains(&(*their, *our)) && same_adult(&a, &b),
            _ => false,
        };
        let fitting: Vec<&Facts> = our_adults.iter().filter(|(our, _)| is(our)).collect();
        if let [(our, other)] = fitting.as_slice() {
            let reasons = same_person(facts, other).evidence;
            same.push(Weighed::new((*their, *our), ChildBand::Match, &reasons));
        }
    }
    let counts = same.iter().fold(BTreeMap::new(), |mut counts: BTreeMap<PersonId, usize>, weighed| {
        *counts.entry(weighed.pair.1).or_default() += 1;
        counts
    });
    same.retain(|weighed| counts.get(&weighed.pair.1) == Some(&1));
    same
}

fn same_adult(a: &PersonDetails, b: &PersonDetails) -> bool {
    if same_child(a, b).band == ChildBand::Match {
        return true;
    }
    let plain = |person: &PersonDetails| {
        let family = person.name.family.as_ref().map(|family| family.as_str().trim().to_lowercase());
        (person.name.given.as_str().trim().to_lowercase(), family)
    };
    let births_agree = a.birth.zip(b.birth).is_none_or(|(a, b)| a.date == b.date);
    births_agree && plain(a) == plain(b)
}

/// The members of one kind as linkage sees them, with what the family says of who they are to each other.
fn facts_of(view: &FamilyView, kind: PersonKind) -> Vec<Facts> {
    let of_kind = view.members.iter().filter(|(_, details)| details.kind == kind);
    of_kind.map(|(id, details)| (*id, facts(view, *id, details))).collect()
}

/// One member as linkage sees them.
pub(crate) fn facts(view: &FamilyView, id: PersonId, details: &PersonDetails) -> PersonFacts {
    let of = |other: PersonId| view.members.iter().find(|(member, _)| *member == other);
    let relations = view.relationships().iter().filter_map(|relationship| {
        let both_ways = matches!(relationship.kind, R::SiblingOf | R::HalfSiblingOf | R::TwinOf);
        match relationship {
            Relationship { from, to, .. } if *to == id => Some((relationship.kind, *from)),
            Relationship { from, to, .. } if *from == id && both_ways => Some((relationship.kind, *to)),
            _ => None,
        }
    });
    let relations = relations.filter_map(|(kind, other)| {
        let (other, details) = of(other)?;
        Some(RelationFacts {
            kind,
            name: details.name.clone(),
            birth: details.birth.filter(|birth| !birth.expected).map(|birth| birth.date),
            nhs_number: details.nhs_number.as_ref().map(|number| Sensitive::from(number.as_str())),
            reference: Some(other.to_string()),
        })
    });
    PersonFacts {
        agency: view.row.created_by_agency.to_string(),
        reference: Some(id.to_string()),
        relations: relations.collect(),
        ..PersonFacts::of(id.to_string(), details)
    }
}

fn evidence(reasons: &[Reason]) -> Vec<PersonEvidenceOut> {
    let code = |reason: &Reason| {
        serde_json::to_value(reason.code).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let out = |reason: &Reason| PersonEvidenceOut {
        code: code(reason),
        words: reason.words().to_owned(),
        weight: reason.weight,
    };
    reasons.iter().map(out).collect()
}
