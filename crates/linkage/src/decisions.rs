//! Applies the decisions of people to the events that linkage found.
//!
//! Decisions do not change how entries are compared. They are applied afterwards, in the order in
//! which they were made, so that withdrawing a decision restores the result without it.

use std::collections::{BTreeMap, BTreeSet};

use domain::LinkVerdict;

use crate::cluster::{EventCluster, RelatedEvents, SortedEvents};
use crate::evidence::{EvidenceCode, LinkEvidence};

/// A person's decision about entries, which are indexes into the entries that were sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkDecision {
    /// The decision.
    pub verdict: LinkVerdict,
    /// The entries on the first side.
    pub entries: Vec<usize>,
    /// The entries on the second side. Without them, a decision that entries are of the same event
    /// concerns the first side alone.
    pub others: Vec<usize>,
}

/// The sorted events with the decisions applied; a later decision overrides an earlier one. Every
/// index stays in exactly one cluster. A decision that needs two sides and has an empty one changes
/// nothing.
#[must_use]
pub fn apply_decisions(sorted: SortedEvents, decisions: &[LinkDecision]) -> SortedEvents {
    decisions
        .iter()
        .fold(sorted, |sorted, decision| match decision.verdict {
            LinkVerdict::SameEvent => join_clusters(sorted, decision),
            LinkVerdict::DifferentEvents => {
                without_answered_suggestions(separate(sorted, decision), decision)
            }
            LinkVerdict::Related => {
                without_answered_suggestions(add_relation(sorted, decision), decision)
            }
            LinkVerdict::NotRelated => remove_relations(sorted, decision),
        })
}

/// Removes the suggestions that a decision has answered: those between its two sides.
fn without_answered_suggestions(mut sorted: SortedEvents, decision: &LinkDecision) -> SortedEvents {
    let cluster_of = cluster_indexes(&sorted);
    let clusters = |side: &[usize]| -> BTreeSet<usize> {
        side.iter()
            .filter_map(|entry| cluster_of.get(entry).copied())
            .collect()
    };
    let first_side = clusters(&decision.entries);
    let second_side = clusters(&decision.others);
    let is_answered = |one: Option<&usize>, other: Option<&usize>| {
        one.is_some_and(|cluster| first_side.contains(cluster))
            && other.is_some_and(|cluster| second_side.contains(cluster))
    };
    sorted.suggested.retain(|suggested| {
        let first = cluster_of.get(&suggested.first);
        let second = cluster_of.get(&suggested.second);
        !is_answered(first, second) && !is_answered(second, first)
    });
    sorted
}

/// Joins the clusters of all entries of a decision, at the position of the first of these clusters.
fn join_clusters(mut sorted: SortedEvents, decision: &LinkDecision) -> SortedEvents {
    let named: BTreeSet<usize> = decision
        .entries
        .iter()
        .chain(&decision.others)
        .copied()
        .collect();
    let is_concerned =
        |cluster: &EventCluster| cluster.members.iter().any(|member| named.contains(member));
    if sorted
        .clusters
        .iter()
        .filter(|cluster| is_concerned(cluster))
        .count()
        < 2
    {
        return sorted;
    }
    let evidence = vec![LinkEvidence::new(EvidenceCode::DecidedSame)];
    let mut joined = EventCluster {
        members: Vec::new(),
        evidence,
        against: Vec::new(),
    };
    let mut position = None;
    let mut kept = Vec::with_capacity(sorted.clusters.len());
    for cluster in sorted.clusters {
        if is_concerned(&cluster) {
            position.get_or_insert(kept.len());
            joined.members.extend(cluster.members);
            joined.evidence.extend(cluster.evidence);
            joined.against.extend(cluster.against);
        } else {
            kept.push(cluster);
        }
    }
    for evidence in [&mut joined.evidence, &mut joined.against] {
        evidence.sort();
        evidence.dedup();
    }
    kept.insert(position.unwrap_or_default(), joined);
    sorted.clusters = kept;
    without_relations_within_clusters(sorted)
}

/// Moves the entries of the first side out of every cluster that also has entries of the second
/// side; the other entries of the cluster stay together.
fn separate(mut sorted: SortedEvents, decision: &LinkDecision) -> SortedEvents {
    let mut kept = Vec::with_capacity(sorted.clusters.len() + 1);
    let first: BTreeSet<usize> = decision.entries.iter().copied().collect();
    let mut second: BTreeSet<usize> = decision.others.iter().copied().collect();
    second.retain(|other| !first.contains(other));
    for cluster in sorted.clusters {
        let has_entry_of =
            |side: &BTreeSet<usize>| cluster.members.iter().any(|member| side.contains(member));
        if !has_entry_of(&first) || !has_entry_of(&second) {
            kept.push(cluster);
            continue;
        }
        let (leaving, staying): (Vec<usize>, Vec<usize>) = cluster
            .members
            .iter()
            .partition(|member| first.contains(member));
        for members in [staying, leaving] {
            // A cluster of one entry needs no evidence.
            let has_several = members.len() > 1;
            let keep = |evidence: &[LinkEvidence]| {
                if has_several {
                    evidence.to_vec()
                } else {
                    Vec::new()
                }
            };
            let evidence = keep(&cluster.evidence);
            let against = keep(&cluster.against);
            kept.push(EventCluster {
                members,
                evidence,
                against,
            });
        }
    }
    sorted.clusters = kept;
    sorted
}

/// Adds a relation between the clusters of the two sides, unless there is one.
fn add_relation(mut sorted: SortedEvents, decision: &LinkDecision) -> SortedEvents {
    let cluster_of = cluster_indexes(&sorted);
    let (Some(&first), Some(&second)) = (decision.entries.first(), decision.others.first()) else {
        return sorted;
    };
    let (Some(&x), Some(&y)) = (cluster_of.get(&first), cluster_of.get(&second)) else {
        return sorted;
    };
    if x != y
        && !sorted
            .related
            .iter()
            .any(|related| connects(&cluster_of, related, x, y))
    {
        let evidence = vec![LinkEvidence::new(EvidenceCode::DecidedRelated)];
        sorted.related.push(RelatedEvents {
            first,
            second,
            evidence,
        });
    }
    sorted
}

/// Removes all relations between the clusters of the two sides.
fn remove_relations(mut sorted: SortedEvents, decision: &LinkDecision) -> SortedEvents {
    let cluster_of = cluster_indexes(&sorted);
    let (Some(&first), Some(&second)) = (decision.entries.first(), decision.others.first()) else {
        return sorted;
    };
    if let (Some(&x), Some(&y)) = (cluster_of.get(&first), cluster_of.get(&second)) {
        sorted
            .related
            .retain(|related| !connects(&cluster_of, related, x, y));
    }
    sorted
}

/// Removes relations and suggestions between two entries of one cluster.
fn without_relations_within_clusters(mut sorted: SortedEvents) -> SortedEvents {
    let cluster_of = cluster_indexes(&sorted);
    sorted
        .suggested
        .retain(|suggested| cluster_of.get(&suggested.first) != cluster_of.get(&suggested.second));
    sorted
        .related
        .retain(|related| cluster_of.get(&related.first) != cluster_of.get(&related.second));
    sorted
}

/// Whether a relation connects the clusters `x` and `y`.
fn connects(
    cluster_of: &BTreeMap<usize, usize>,
    related: &RelatedEvents,
    x: usize,
    y: usize,
) -> bool {
    let ends = [
        cluster_of.get(&related.first),
        cluster_of.get(&related.second),
    ];
    ends == [Some(&x), Some(&y)] || ends == [Some(&y), Some(&x)]
}

/// The index of each entry's cluster.
fn cluster_indexes(sorted: &SortedEvents) -> BTreeMap<usize, usize> {
    let clusters = sorted.clusters.iter().enumerate();
    clusters
        .flat_map(|(cluster_of, cluster)| {
            cluster
                .members
                .iter()
                .map(move |&member| (member, cluster_of))
        })
        .collect()
}
