//! What people decided, laid over what linkage found.
//!
//! Decisions never change how entries are compared: they are applied afterwards, in the order in which they were made,
//! so that taking one back gives exactly what was there before it.

use std::collections::{BTreeMap, BTreeSet};

use domain::LinkVerdict;

use crate::cluster::{EventCluster, RelatedEvents, SortedEvents};
use crate::evidence::{EvidenceCode, LinkEvidence};

/// One decision about entries, named by their index among those that were sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What was decided.
    pub verdict: LinkVerdict,
    /// The first side.
    pub entries: Vec<usize>,
    /// The second side. Without it, a decision that entries tell the same event is about the first side alone.
    pub others: Vec<usize>,
}

/// The sorted events as people have decided. A later decision goes over an earlier one. Every index stays in exactly one
/// cluster; a decision of which a side is empty changes nothing.
#[must_use]
pub fn decided_events(sorted: SortedEvents, decisions: &[Decided]) -> SortedEvents {
    decisions.iter().fold(sorted, |sorted, decided| match decided.verdict {
        LinkVerdict::SameEvent => join(sorted, decided),
        LinkVerdict::DifferentEvents => without_answered(part(sorted, decided), decided),
        LinkVerdict::Related => without_answered(relate(sorted, decided), decided),
        LinkVerdict::NotRelated => unrelate(sorted, decided),
    })
}

/// Leaves out the suggestions that a decision has answered: those between the two sides.
fn without_answered(mut sorted: SortedEvents, decided: &Decided) -> SortedEvents {
    let place = places(&sorted);
    let rows = |side: &[usize]| side.iter().filter_map(|entry| place.get(entry).copied()).collect::<BTreeSet<usize>>();
    let (ones, others) = (rows(&decided.entries), rows(&decided.others));
    let answered = |one: Option<&usize>, other: Option<&usize>| {
        one.is_some_and(|row| ones.contains(row)) && other.is_some_and(|row| others.contains(row))
    };
    sorted.suggested.retain(|suggested| {
        let (x, y) = (place.get(&suggested.first), place.get(&suggested.second));
        !answered(x, y) && !answered(y, x)
    });
    sorted
}

/// Brings the clusters of all entries named together, at the place of the first of them.
fn join(mut sorted: SortedEvents, decided: &Decided) -> SortedEvents {
    let named: BTreeSet<usize> = decided.entries.iter().chain(&decided.others).copied().collect();
    let concerned = |cluster: &EventCluster| cluster.members.iter().any(|member| named.contains(member));
    if sorted.clusters.iter().filter(|cluster| concerned(cluster)).count() < 2 {
        return sorted;
    }
    let evidence = vec![LinkEvidence::of(EvidenceCode::DecidedSame)];
    let mut joined = EventCluster { members: Vec::new(), evidence, against: Vec::new() };
    let mut place = None;
    let mut kept = Vec::with_capacity(sorted.clusters.len());
    for cluster in sorted.clusters {
        if concerned(&cluster) {
            place.get_or_insert(kept.len());
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
    kept.insert(place.unwrap_or_default(), joined);
    sorted.clusters = kept;
    without_own_relations(sorted)
}

/// Takes the first side out of every cluster that also holds some of the second; what it leaves behind stays together.
fn part(mut sorted: SortedEvents, decided: &Decided) -> SortedEvents {
    let mut kept = Vec::with_capacity(sorted.clusters.len() + 1);
    let (first, mut second): (BTreeSet<usize>, BTreeSet<usize>) =
        (decided.entries.iter().copied().collect(), decided.others.iter().copied().collect());
    second.retain(|other| !first.contains(other));
    for cluster in sorted.clusters {
        let of = |side: &BTreeSet<usize>| cluster.members.iter().any(|member| side.contains(member));
        if !of(&first) || !of(&second) {
            kept.push(cluster);
            continue;
        }
        let (leaving, staying): (Vec<usize>, Vec<usize>) =
            cluster.members.iter().partition(|member| first.contains(member));
        for members in [staying, leaving] {
            // What spoke for the whole need not speak for a part.
            let several = members.len() > 1;
            let of_part = |evidence: &[LinkEvidence]| if several { evidence.to_vec() } else { Vec::new() };
            let (evidence, against) = (of_part(&cluster.evidence), of_part(&cluster.against));
            kept.push(EventCluster { members, evidence, against });
        }
    }
    sorted.clusters = kept;
    sorted
}

fn relate(mut sorted: SortedEvents, decided: &Decided) -> SortedEvents {
    let place = places(&sorted);
    let (Some(&first), Some(&second)) = (decided.entries.first(), decided.others.first()) else { return sorted };
    let (Some(&x), Some(&y)) = (place.get(&first), place.get(&second)) else { return sorted };
    if x != y && !sorted.related.iter().any(|related| connects(&place, related, x, y)) {
        let evidence = vec![LinkEvidence::of(EvidenceCode::DecidedRelated)];
        sorted.related.push(RelatedEvents { first, second, evidence });
    }
    sorted
}

fn unrelate(mut sorted: SortedEvents, decided: &Decided) -> SortedEvents {
    let place = places(&sorted);
    let (Some(&first), Some(&second)) = (decided.entries.first(), decided.others.first()) else { return sorted };
    if let (Some(&x), Some(&y)) = (place.get(&first), place.get(&second)) {
        sorted.related.retain(|related| !connects(&place, related, x, y));
    }
    sorted
}

/// Relations and suggestions between two entries of one cluster say nothing.
fn without_own_relations(mut sorted: SortedEvents) -> SortedEvents {
    let place = places(&sorted);
    sorted.suggested.retain(|suggested| place.get(&suggested.first) != place.get(&suggested.second));
    sorted.related.retain(|related| place.get(&related.first) != place.get(&related.second));
    sorted
}

fn connects(place: &BTreeMap<usize, usize>, related: &RelatedEvents, x: usize, y: usize) -> bool {
    let ends = [place.get(&related.first), place.get(&related.second)];
    ends == [Some(&x), Some(&y)] || ends == [Some(&y), Some(&x)]
}

/// The cluster of each entry.
fn places(sorted: &SortedEvents) -> BTreeMap<usize, usize> {
    let clusters = sorted.clusters.iter().enumerate();
    clusters.flat_map(|(place, cluster)| cluster.members.iter().map(move |&member| (member, place))).collect()
}
