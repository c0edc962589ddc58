//! Compares two families person by person. Pure functions: storing and acting on the result happens
//! elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use contract::PersonEvidenceOut;
use domain::{PersonDetails, PersonId, PersonKind};
use linkage::{
    ChildBand, ChildClusters, PersonFacts, Population, Reason, ReasonCode, cluster_children,
    same_child, same_person,
};

use crate::records::{FamilyView, PersonPair, person_facts};

/// Maximum number of questions about one child; the likeliest candidates are kept.
const MAX_QUESTIONS_PER_CHILD: usize = 3;

/// Pairs that have been decided already.
#[derive(Debug, Default)]
pub(crate) struct KnownPairs {
    /// Pairs that count as one person: their id to ours.
    pub(crate) same: BTreeMap<PersonId, PersonId>,
    /// Pairs that only a person may link.
    pub(crate) different: BTreeSet<PersonPair>,
}

/// A pair of records with the evidence for and against it.
#[derive(Debug)]
pub(crate) struct ScoredPair {
    pub(crate) pair: PersonPair,
    pub(crate) band: ChildBand,
    pub(crate) evidence: Vec<PersonEvidenceOut>,
    /// Whether an identifier contradicts the match. A person then decides, however strong the other
    /// evidence.
    contradicted: bool,
}

impl ScoredPair {
    fn new(pair: PersonPair, band: ChildBand, reasons: &[Reason]) -> Self {
        let against = [
            ReasonCode::NhsDifferent,
            ReasonCode::UpnDifferent,
            ReasonCode::NumberOfAnother,
        ];
        let contradicted = reasons.iter().any(|reason| against.contains(&reason.code));
        Self {
            pair,
            band,
            evidence: evidence_out(reasons),
            contradicted,
        }
    }
}

/// The result of comparing two families.
#[derive(Debug, Default)]
pub(crate) struct FamilyComparison {
    /// Matched people, adults included; a one-to-one mapping.
    pub(crate) same: Vec<ScoredPair>,
    /// Whether their family has children and every one of them is matched.
    pub(crate) complete: bool,
    /// Pairs for a person to decide; empty when no answer could make the match complete.
    pub(crate) undecided: Vec<ScoredPair>,
}

/// Compares a family that an agency recorded with the chronology's family.
pub(crate) fn compare_families(
    theirs: &FamilyView,
    ours: &FamilyView,
    known: &KnownPairs,
) -> FamilyComparison {
    let child_records = ChildRecords::new(
        facts_of_kind(theirs, PersonKind::Child),
        facts_of_kind(ours, PersonKind::Child),
    );
    let found: Vec<ChildMatch> = child_records
        .theirs
        .iter()
        .enumerate()
        .map(|(at, _)| child_records.match_child(at, known))
        .collect();
    let mut same: Vec<ScoredPair> = Vec::new();
    let mut undecided: Vec<ScoredPair> = Vec::new();
    let mut matched = 0;
    let mut any_unmatched = false;
    for one in found {
        match one {
            ChildMatch::Matched(scored) => {
                matched += 1;
                same.push(*scored);
            }
            ChildMatch::Possible(several) => undecided.extend(several),
            ChildMatch::Unmatched => any_unmatched = true,
        }
    }
    let complete = matched > 0 && matched == child_records.theirs.len() && is_one_to_one(&same);
    if !complete {
        return FamilyComparison {
            undecided: if any_unmatched { Vec::new() } else { undecided },
            ..FamilyComparison::default()
        };
    }
    same.extend(match_adults(theirs, ours, known));
    FamilyComparison {
        same,
        complete,
        undecided: Vec::new(),
    }
}

/// Scores a pair that a person named; `None` when one of them is not in its family.
pub(crate) fn score_pair(
    theirs: &FamilyView,
    ours: &FamilyView,
    (their, our): PersonPair,
) -> Option<ScoredPair> {
    let all = |view: &FamilyView| {
        [
            facts_of_kind(view, PersonKind::Child),
            facts_of_kind(view, PersonKind::Adult),
        ]
        .concat()
    };
    let find = |all: Vec<MemberFacts>, id: PersonId| {
        all.into_iter()
            .find(|(other, _)| *other == id)
            .map(|(_, facts)| facts)
    };
    let decision = same_person(&find(all(theirs), their)?, &find(all(ours), our)?);
    Some(ScoredPair::new(
        (their, our),
        decision.band,
        &decision.evidence,
    ))
}

fn is_one_to_one(same: &[ScoredPair]) -> bool {
    let ours: BTreeSet<PersonId> = same.iter().map(|scored| scored.pair.1).collect();
    ours.len() == same.len()
}

type MemberFacts = (PersonId, PersonFacts);

/// The children of both families, theirs first, with the clustering of all of them.
struct ChildRecords {
    theirs: Vec<MemberFacts>,
    ours: Vec<MemberFacts>,
    clustering: ChildClusters,
}

/// The match of one of their children.
enum ChildMatch {
    Matched(Box<ScoredPair>),
    Possible(Vec<ScoredPair>),
    Unmatched,
}

impl ChildRecords {
    fn new(theirs: Vec<MemberFacts>, ours: Vec<MemberFacts>) -> Self {
        let records: Vec<PersonFacts> = theirs
            .iter()
            .chain(&ours)
            .map(|(_, facts)| facts.clone())
            .collect();
        Self {
            clustering: cluster_children(&records, Population::Families, 1),
            theirs,
            ours,
        }
    }

    /// Matches one of their children. Linkage clusters all children of both families together, so
    /// that twins and runners-up count; among the pairs scored on their own, exactly one may match.
    fn match_child(&self, at: usize, known: &KnownPairs) -> ChildMatch {
        let Some((their, facts)) = self.theirs.get(at) else {
            return ChildMatch::Unmatched;
        };
        let mut scored = self.score_against_ours(*their, facts);
        if let Some(decided) = known.same.get(their) {
            let found = scored
                .into_iter()
                .find(|(_, scored)| scored.pair.1 == *decided);
            return found.map_or(ChildMatch::Unmatched, |(_, scored)| {
                ChildMatch::Matched(Box::new(scored))
            });
        }
        scored.retain(|(_, scored)| !known.different.contains(&scored.pair));
        let cluster = self.cluster_result(at);
        if let Some(index) = find_sole_match(&scored, &cluster) {
            return ChildMatch::Matched(Box::new(scored.swap_remove(index).1));
        }
        let questions = likeliest_candidates(scored, &cluster);
        if questions.is_empty() {
            ChildMatch::Unmatched
        } else {
            ChildMatch::Possible(questions)
        }
    }

    /// Scores one of their children with each of our children; the first number is the strength of
    /// the evidence for a match.
    fn score_against_ours(&self, their: PersonId, facts: &PersonFacts) -> Vec<(i32, ScoredPair)> {
        let score = |(our, other): &MemberFacts| {
            let decision = same_person(facts, other);
            let strength = decision
                .against_stranger
                .saturating_add(decision.against_sibling);
            let pair = ScoredPair::new((their, *our), decision.band, &decision.evidence);
            (strength, pair)
        };
        self.ours.iter().map(score).collect()
    }

    fn cluster_result(&self, at: usize) -> ClusterResult {
        let clustering = &self.clustering;
        let our = |index: &usize| {
            index
                .checked_sub(self.theirs.len())
                .and_then(|index| self.ours.get(index))
        };
        let cluster = clustering
            .clusters
            .iter()
            .find(|cluster| cluster.members.contains(&at));
        let members = cluster
            .map(|cluster| cluster.members.as_slice())
            .unwrap_or_default();
        let sole_match = match members {
            [first, second] => [first, second]
                .into_iter()
                .filter(|index| **index != at)
                .find_map(our),
            _ => None,
        };
        let mut undecided: BTreeMap<PersonId, Vec<PersonEvidenceOut>> = BTreeMap::new();
        for question in &clustering.questions {
            for (one, other) in [
                (question.first, question.second),
                (question.second, question.first),
            ] {
                if let (true, Some((id, _))) = (members.contains(&one), our(&other)) {
                    undecided
                        .entry(*id)
                        .or_default()
                        .extend(evidence_out(&question.evidence));
                }
            }
        }
        ClusterResult {
            sole_match: sole_match.map(|(id, _)| *id),
            undecided,
        }
    }
}

/// The index of the only pair that matches when scored on its own, if no identifier contradicts it
/// and the clustering matches the same child.
fn find_sole_match(scored: &[(i32, ScoredPair)], cluster: &ClusterResult) -> Option<usize> {
    let mut matching = scored
        .iter()
        .enumerate()
        .filter(|(_, (_, scored))| scored.band == ChildBand::Match);
    let (index, (_, sole)) = matching.next()?;
    let is_certain = !sole.contradicted && cluster.sole_match == Some(sole.pair.1);
    (matching.next().is_none() && is_certain).then_some(index)
}

/// The pairs to ask a person about, the likeliest first, with the evidence of the clustering added.
fn likeliest_candidates(
    mut scored: Vec<(i32, ScoredPair)>,
    cluster: &ClusterResult,
) -> Vec<ScoredPair> {
    scored.retain(|(_, scored)| {
        scored.band != ChildBand::Different || cluster.undecided.contains_key(&scored.pair.1)
    });
    scored.sort_by_key(|(strength, scored)| (std::cmp::Reverse(*strength), scored.pair.1));
    scored.truncate(MAX_QUESTIONS_PER_CHILD);
    let candidates = scored.into_iter().map(|(_, mut scored)| {
        if let Some(more) = cluster.undecided.get(&scored.pair.1) {
            scored.evidence.extend(
                more.iter()
                    .filter(|evidence| !scored.evidence.contains(evidence))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
        scored
    });
    candidates.collect()
}

/// What the clustering says about one of their children.
struct ClusterResult {
    /// Our only child in the cluster, when the cluster has no other child of theirs.
    sole_match: Option<PersonId>,
    /// Our children about whom linkage raises a question, with the evidence.
    undecided: BTreeMap<PersonId, Vec<PersonEvidenceOut>>,
}

/// Matches the adults of two families whose children match: by identifier, or by name unless the
/// dates of birth differ. Adults with several candidates, or who share one, stay unmatched.
fn match_adults(theirs: &FamilyView, ours: &FamilyView, known: &KnownPairs) -> Vec<ScoredPair> {
    let their_adults = facts_of_kind(theirs, PersonKind::Adult);
    let our_adults = facts_of_kind(ours, PersonKind::Adult);
    let details = |view: &FamilyView, id: PersonId| {
        view.members
            .iter()
            .find(|(other, _)| *other == id)
            .map(|(_, details)| details.clone())
    };
    let mut same: Vec<ScoredPair> = Vec::new();
    for (their, facts) in &their_adults {
        let decided = known.same.get(their);
        let is_match =
            |our: &PersonId| match (decided, details(theirs, *their), details(ours, *our)) {
                (Some(decided), ..) => our == decided,
                (None, Some(a), Some(b)) => {
                    !known.different.contains(&(*their, *our)) && is_same_adult(&a, &b)
                }
                _ => false,
            };
        let candidates: Vec<&MemberFacts> =
            our_adults.iter().filter(|(our, _)| is_match(our)).collect();
        if let [(our, other)] = candidates.as_slice() {
            let reasons = same_person(facts, other).evidence;
            same.push(ScoredPair::new((*their, *our), ChildBand::Match, &reasons));
        }
    }
    let counts = same.iter().fold(
        BTreeMap::new(),
        |mut counts: BTreeMap<PersonId, usize>, scored| {
            *counts.entry(scored.pair.1).or_default() += 1;
            counts
        },
    );
    same.retain(|scored| counts.get(&scored.pair.1) == Some(&1));
    same
}

fn is_same_adult(a: &PersonDetails, b: &PersonDetails) -> bool {
    if same_child(a, b).band == ChildBand::Match {
        return true;
    }
    let normalized_name = |person: &PersonDetails| {
        let family = person
            .name
            .family
            .as_ref()
            .map(|family| family.as_str().trim().to_lowercase());
        (person.name.given.as_str().trim().to_lowercase(), family)
    };
    let births_agree = a.birth.zip(b.birth).is_none_or(|(a, b)| a.date == b.date);
    births_agree && normalized_name(a) == normalized_name(b)
}

/// Linkage facts of the members of one kind, relationships included.
fn facts_of_kind(view: &FamilyView, kind: PersonKind) -> Vec<MemberFacts> {
    let of_kind = view
        .members
        .iter()
        .filter(|(_, details)| details.kind == kind);
    of_kind
        .map(|(id, details)| (*id, person_facts(view, *id, details)))
        .collect()
}

fn evidence_out(reasons: &[Reason]) -> Vec<PersonEvidenceOut> {
    let code = |reason: &Reason| {
        serde_json::to_value(reason.code)
            .ok()
            .and_then(|code| code.as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    let out = |reason: &Reason| PersonEvidenceOut {
        code: code(reason),
        words: reason.words().to_owned(),
        weight: reason.weight,
    };
    reasons.iter().map(out).collect()
}
