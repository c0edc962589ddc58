//! Applying people's decisions to sorted events: no entry is lost, and the later decision counts.

use domain::LinkVerdict;
use linkage::{
    EventCluster, EvidenceCode, LinkDecision, LinkEvidence, RelatedEvents, SortedEvents,
    SuggestedEvents, apply_decisions,
};
use proptest::prelude::*;

fn sorted(clusters: &[&[usize]], related: &[(usize, usize)]) -> SortedEvents {
    let evidence = |members: &[usize]| match members.len() {
        1 => Vec::new(),
        _ => vec![LinkEvidence::new(EvidenceCode::SameWords)],
    };
    let cluster = |members: &&[usize]| EventCluster {
        members: members.to_vec(),
        evidence: evidence(members),
        against: Vec::new(),
    };
    let relation = |&(first, second): &(usize, usize)| RelatedEvents {
        first,
        second,
        evidence: Vec::new(),
    };
    SortedEvents {
        clusters: clusters.iter().map(cluster).collect(),
        related: related.iter().map(relation).collect(),
        suggested: Vec::new(),
    }
}

fn sorted_with_suggestions(clusters: &[&[usize]], suggested: &[(usize, usize)]) -> SortedEvents {
    let suggestion = |&(first, second): &(usize, usize)| SuggestedEvents {
        first,
        second,
        evidence: vec![LinkEvidence::new(EvidenceCode::SharedWords)],
        against: Vec::new(),
    };
    SortedEvents {
        suggested: suggested.iter().map(suggestion).collect(),
        ..sorted(clusters, &[])
    }
}

fn suggestions(sorted: &SortedEvents) -> Vec<(usize, usize)> {
    sorted
        .suggested
        .iter()
        .map(|suggested| (suggested.first, suggested.second))
        .collect()
}

#[test]
fn answered_suggestion_is_removed_until_decision_is_withdrawn() {
    let before = sorted_with_suggestions(&[&[0, 1], &[2], &[3]], &[(0, 2), (0, 3)]);
    let refused = apply_decisions(
        before.clone(),
        &[decision(LinkVerdict::DifferentEvents, &[2], &[1])],
    );
    assert_eq!(suggestions(&refused), [(0, 3)]);
    assert_eq!(members(&refused), members(&before));
    let related = apply_decisions(
        before.clone(),
        &[decision(LinkVerdict::Related, &[1], &[2])],
    );
    assert_eq!(suggestions(&related), [(0, 3)]);
    let accepted = apply_decisions(
        before.clone(),
        &[decision(LinkVerdict::SameEvent, &[2], &[1])],
    );
    assert_eq!(suggestions(&accepted), [(0, 3)]);
    assert_eq!(members(&accepted), [vec![0, 1, 2], vec![3]]);
    assert_eq!(
        suggestions(&apply_decisions(before.clone(), &[])),
        suggestions(&before)
    );
}

fn members(sorted: &SortedEvents) -> Vec<Vec<usize>> {
    sorted
        .clusters
        .iter()
        .map(|cluster| cluster.members.clone())
        .collect()
}

fn decision(verdict: LinkVerdict, entries: &[usize], others: &[usize]) -> LinkDecision {
    LinkDecision {
        verdict,
        entries: entries.to_vec(),
        others: others.to_vec(),
    }
}

#[test]
fn joining_merges_whole_clusters_and_records_the_decision() {
    let before = sorted(&[&[0, 1], &[2], &[3, 4]], &[(0, 3)]);
    let after = apply_decisions(before, &[decision(LinkVerdict::SameEvent, &[1], &[4])]);
    assert_eq!(members(&after), [vec![0, 1, 3, 4], vec![2]]);
    assert!(
        after.clusters[0]
            .evidence
            .contains(&LinkEvidence::new(EvidenceCode::DecidedSame))
    );
    assert!(after.related.is_empty(), "a row is not related to itself");
}

#[test]
fn separating_leaves_other_entries_with_second_side() {
    let before = sorted(&[&[0, 1, 2, 3]], &[]);
    let after = apply_decisions(
        before,
        &[decision(LinkVerdict::DifferentEvents, &[1, 3], &[0])],
    );
    assert_eq!(members(&after), [vec![0, 2], vec![1, 3]]);
}

#[test]
fn later_decision_overrides_earlier_one() {
    let before = sorted(&[&[0], &[1]], &[]);
    let together = decision(LinkVerdict::SameEvent, &[0], &[1]);
    let apart = decision(LinkVerdict::DifferentEvents, &[0], &[1]);
    let first = apply_decisions(before.clone(), &[together.clone(), apart.clone()]);
    assert_eq!(members(&first), [vec![1], vec![0]]);
    assert_eq!(
        members(&apply_decisions(before, &[apart, together])),
        [vec![0, 1]]
    );
}

#[test]
fn relation_is_added_once_and_removed() {
    let before = sorted(&[&[0, 1], &[2]], &[]);
    let related = decision(LinkVerdict::Related, &[1], &[2]);
    let again = decision(LinkVerdict::Related, &[2], &[0]);
    let made = apply_decisions(before.clone(), &[related.clone(), again]);
    assert_eq!(made.related.len(), 1);
    let gone = apply_decisions(
        before.clone(),
        &[related, decision(LinkVerdict::NotRelated, &[2], &[0])],
    );
    assert_eq!(gone, before);
}

#[test]
fn decision_with_an_empty_side_changes_nothing() {
    let before = sorted(&[&[0, 1], &[2]], &[(0, 2)]);
    for verdict in [
        LinkVerdict::SameEvent,
        LinkVerdict::DifferentEvents,
        LinkVerdict::Related,
        LinkVerdict::NotRelated,
    ] {
        assert_eq!(
            apply_decisions(before.clone(), &[decision(verdict, &[0], &[])]),
            before,
            "{verdict:?}"
        );
        assert_eq!(
            apply_decisions(before.clone(), &[decision(verdict, &[], &[2])]),
            before,
            "{verdict:?}"
        );
    }
}

fn any_decision() -> impl Strategy<Value = LinkDecision> {
    use LinkVerdict as V;
    let verdict = prop::sample::select(vec![
        V::SameEvent,
        V::DifferentEvents,
        V::Related,
        V::NotRelated,
    ]);
    let side = || {
        prop::collection::btree_set(0_usize..12, 0..4)
            .prop_map(|side| side.into_iter().collect::<Vec<_>>())
    };
    (verdict, side(), side()).prop_map(|(verdict, entries, others)| LinkDecision {
        verdict,
        entries,
        others,
    })
}

proptest! {
    #[test]
    fn decisions_lose_no_entry(decisions in prop::collection::vec(any_decision(), 0..12)) {
        let before = sorted(&[&[0, 1, 2], &[3], &[4, 5], &[6, 7, 8, 9], &[10], &[11]], &[(0, 3), (4, 10)]);
        let after = apply_decisions(before, &decisions);
        let mut all: Vec<usize> = members(&after).concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..12).collect::<Vec<_>>());
        prop_assert!(after.clusters.iter().all(|cluster| !cluster.members.is_empty()));
    }
}
