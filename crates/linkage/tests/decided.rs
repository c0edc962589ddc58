//! Decisions of people over what linkage found: every entry stays once, and the later decision counts.

use domain::LinkVerdict;
use linkage::{
    Decided, EventCluster, EvidenceCode, LinkEvidence, RelatedEvents, SortedEvents, SuggestedEvents, decided_events,
};
use proptest::prelude::*;

fn sorted(clusters: &[&[usize]], related: &[(usize, usize)]) -> SortedEvents {
    let evidence = |members: &[usize]| match members.len() {
        1 => Vec::new(),
        _ => vec![LinkEvidence::of(EvidenceCode::SameWords)],
    };
    let cluster = |members: &&[usize]| EventCluster {
        members: members.to_vec(),
        evidence: evidence(members),
        against: Vec::new(),
    };
    let relation = |&(first, second): &(usize, usize)| RelatedEvents { first, second, evidence: Vec::new() };
    SortedEvents {
        clusters: clusters.iter().map(cluster).collect(),
        related: related.iter().map(relation).collect(),
        suggested: Vec::new(),
    }
}

fn suggesting(clusters: &[&[usize]], suggested: &[(usize, usize)]) -> SortedEvents {
    let suggestion = |&(first, second): &(usize, usize)| SuggestedEvents {
        first,
        second,
        evidence: vec![LinkEvidence::of(EvidenceCode::SharedWords)],
        against: Vec::new(),
    };
    SortedEvents { suggested: suggested.iter().map(suggestion).collect(), ..sorted(clusters, &[]) }
}

fn suggestions(sorted: &SortedEvents) -> Vec<(usize, usize)> {
    sorted.suggested.iter().map(|suggested| (suggested.first, suggested.second)).collect()
}

#[test]
fn a_suggestion_is_quiet_once_it_is_answered_and_back_when_the_answer_is_taken_back() {
    let before = suggesting(&[&[0, 1], &[2], &[3]], &[(0, 2), (0, 3)]);
    let refused = decided_events(before.clone(), &[decided(LinkVerdict::DifferentEvents, &[2], &[1])]);
    assert_eq!(suggestions(&refused), [(0, 3)]);
    assert_eq!(members(&refused), members(&before));
    let related = decided_events(before.clone(), &[decided(LinkVerdict::Related, &[1], &[2])]);
    assert_eq!(suggestions(&related), [(0, 3)]);
    let accepted = decided_events(before.clone(), &[decided(LinkVerdict::SameEvent, &[2], &[1])]);
    assert_eq!(suggestions(&accepted), [(0, 3)]);
    assert_eq!(members(&accepted), [vec![0, 1, 2], vec![3]]);
    assert_eq!(suggestions(&decided_events(before.clone(), &[])), suggestions(&before));
}

fn members(sorted: &SortedEvents) -> Vec<Vec<usize>> {
    sorted.clusters.iter().map(|cluster| cluster.members.clone()).collect()
}

fn decided(verdict: LinkVerdict, entries: &[usize], others: &[usize]) -> Decided {
    Decided { verdict, entries: entries.to_vec(), others: others.to_vec() }
}

#[test]
fn joining_brings_whole_rows_together_and_says_who_did() {
    let before = sorted(&[&[0, 1], &[2], &[3, 4]], &[(0, 3)]);
    let after = decided_events(before, &[decided(LinkVerdict::SameEvent, &[1], &[4])]);
    assert_eq!(members(&after), [vec![0, 1, 3, 4], vec![2]]);
    assert!(after.clusters[0].evidence.contains(&LinkEvidence::of(EvidenceCode::DecidedSame)));
    assert!(after.related.is_empty(), "a row is not related to itself");
}

#[test]
fn parting_leaves_what_nobody_spoke_of_with_the_second_side() {
    let before = sorted(&[&[0, 1, 2, 3]], &[]);
    let after = decided_events(before, &[decided(LinkVerdict::DifferentEvents, &[1, 3], &[0])]);
    assert_eq!(members(&after), [vec![0, 2], vec![1, 3]]);
}

#[test]
fn a_later_decision_goes_over_an_earlier_one() {
    let before = sorted(&[&[0], &[1]], &[]);
    let together = decided(LinkVerdict::SameEvent, &[0], &[1]);
    let apart = decided(LinkVerdict::DifferentEvents, &[0], &[1]);
    let first = decided_events(before.clone(), &[together.clone(), apart.clone()]);
    assert_eq!(members(&first), [vec![1], vec![0]]);
    assert_eq!(members(&decided_events(before, &[apart, together])), [vec![0, 1]]);
}

#[test]
fn relations_are_made_once_and_taken_away() {
    let before = sorted(&[&[0, 1], &[2]], &[]);
    let related = decided(LinkVerdict::Related, &[1], &[2]);
    let again = decided(LinkVerdict::Related, &[2], &[0]);
    let made = decided_events(before.clone(), &[related.clone(), again]);
    assert_eq!(made.related.len(), 1);
    let gone = decided_events(before.clone(), &[related, decided(LinkVerdict::NotRelated, &[2], &[0])]);
    assert_eq!(gone, before);
}

#[test]
fn a_side_that_is_not_seen_decides_nothing() {
    let before = sorted(&[&[0, 1], &[2]], &[(0, 2)]);
    for verdict in [LinkVerdict::SameEvent, LinkVerdict::DifferentEvents, LinkVerdict::Related, LinkVerdict::NotRelated]
    {
        assert_eq!(decided_events(before.clone(), &[decided(verdict, &[0], &[])]), before, "{verdict:?}");
        assert_eq!(decided_events(before.clone(), &[decided(verdict, &[], &[2])]), before, "{verdict:?}");
    }
}

fn any_decision() -> impl Strategy<Value = Decided> {
    use LinkVerdict as V;
    let verdict = prop::sample::select(vec![V::SameEvent, V::DifferentEvents, V::Related, V::NotRelated]);
    let side = || prop::collection::btree_set(0_usize..12, 0..4).prop_map(|side| side.into_iter().collect::<Vec<_>>());
    (verdict, side(), side()).prop_map(|(verdict, entries, others)| Decided { verdict, entries, others })
}

proptest! {
    #[test]
    fn nothing_is_lost_whatever_is_decided(decisions in prop::collection::vec(any_decision(), 0..12)) {
        let before = sorted(&[&[0, 1, 2], &[3], &[4, 5], &[6, 7, 8, 9], &[10], &[11]], &[(0, 3), (4, 10)]);
        let after = decided_events(before, &decisions);
        let mut all: Vec<usize> = members(&after).concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..12).collect::<Vec<_>>());
        prop_assert!(after.clusters.iter().all(|cluster| !cluster.members.is_empty()));
    }
}
