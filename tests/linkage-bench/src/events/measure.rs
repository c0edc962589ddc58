//! What was found against what is true.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use domain::{AgencyId, EntryId, FragmentId, PersonId};
use linkage::{EventFacts, FamilyNames, SortedEvents, sort_events};
use uuid::Uuid;

use super::pack::{Pack, Told, stable};

/// Pairs found, wanted, and both.
#[derive(Default, Clone, Copy)]
pub(super) struct Score {
    pub(super) right: usize,
    pub(super) found: usize,
    pub(super) wanted: usize,
}

impl Score {
    pub(super) fn add(&mut self, found: bool, wanted: bool) {
        self.right += usize::from(found && wanted);
        self.found += usize::from(found);
        self.wanted += usize::from(wanted);
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of pairs are small")]
    pub(super) fn figures(self) -> (f64, f64, f64) {
        let ratio = |part: usize, whole: usize| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let (precision, recall) = (ratio(self.right, self.found), ratio(self.right, self.wanted));
        let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
        (precision, recall, f1)
    }
}

/// The figures of a pack.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) repeats: Score,
    pub(super) across: Score,
    pub(super) related: Score,
    /// Children named on rows: an entry with a child of its row.
    pub(super) named: Score,
    pub(super) hard: usize,
    pub(super) hard_merged: usize,
    pub(super) entries: usize,
    pub(super) lost: usize,
    pub(super) took: Duration,
}

/// Sorts every family of the pack and counts.
pub(super) fn measure(pack: &Pack, verbose: bool) -> Measured {
    let mut measured = Measured { entries: pack.told.len(), hard: pack.hard_negatives.len(), ..Measured::default() };
    let mut group_of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups = 0;
    let related: BTreeSet<(&str, &str)> =
        pack.related.iter().flat_map(|(a, b)| [(a.as_str(), b.as_str()), (b, a)]).collect();
    for family in &pack.families {
        let told: Vec<&Told> = family.iter().filter_map(|&index| pack.told.get(index)).collect();
        let names = names(&told);
        let start = Instant::now();
        let facts = facts_of(&told, &names);
        let sorted = sort_events(&facts);
        measured.took += start.elapsed();
        for cluster in &sorted.clusters {
            for told in cluster.members.iter().filter_map(|&member| told.get(member)) {
                group_of.insert(&told.name, groups);
            }
            groups += 1;
        }
        for link in &sorted.related {
            let (Some(a), Some(b)) = (told.get(link.first), told.get(link.second)) else { continue };
            measured.related.add(true, related.contains(&(a.event.as_str(), b.event.as_str())));
        }
        count(&told, &group_of, &mut measured, verbose);
        children_named(&told, &sorted, &mut measured.named);
    }
    measured.related.wanted = pack.related.len();
    measured.lost = pack.told.iter().filter(|told| !group_of.contains_key(told.name.as_str())).count();
    let together = |(a, b): &&(String, String)| {
        let (a, b) = (group_of.get(a.as_str()), group_of.get(b.as_str()));
        a.is_some() && a == b
    };
    for (a, b) in pack.hard_negatives.iter().filter(together) {
        measured.hard_merged += 1;
        if verbose {
            println!("HARD {a} {b}");
        }
    }
    measured
}

/// Counts, for every entry, the children that its row names against those that its event concerns.
fn children_named(told: &[&Told], sorted: &SortedEvents, named: &mut Score) {
    let mut true_rows: BTreeMap<&str, BTreeSet<PersonId>> = BTreeMap::new();
    for told in told {
        true_rows.entry(&told.event).or_default().extend(&told.details.children);
    }
    for cluster in &sorted.clusters {
        let members: Vec<&&Told> = cluster.members.iter().filter_map(|&member| told.get(member)).collect();
        let row: BTreeSet<PersonId> = members.iter().flat_map(|told| told.details.children.iter().copied()).collect();
        for truth in members.iter().filter_map(|told| true_rows.get(told.event.as_str())) {
            named.right += row.intersection(truth).count();
            named.found += row.len();
            named.wanted += truth.len();
        }
    }
}

fn count(told: &[&Told], group_of: &BTreeMap<&str, usize>, measured: &mut Measured, verbose: bool) {
    for (place, a) in told.iter().enumerate() {
        for b in told.iter().skip(place + 1) {
            let found = group_of.get(a.name.as_str()) == group_of.get(b.name.as_str());
            let wanted = a.event == b.event;
            let score = if a.agency == b.agency { &mut measured.repeats } else { &mut measured.across };
            score.add(found, wanted);
            if verbose && found != wanted {
                let kind = if a.agency == b.agency { "repeat" } else { "across" };
                println!("{} {kind} {} {}", if found { "FALSE" } else { "MISS " }, a.name, b.name);
                println!("    [{}] {:?} {}", a.kind, a.details.when.edtf(), a.details.what.as_str());
                println!("    [{}] {:?} {}", b.kind, b.details.when.edtf(), b.details.what.as_str());
            }
        }
    }
}

/// The facts of a family's entries, whose ids are in the order given.
pub(super) fn facts_of<'a>(told: &[&'a Told], names: &'a FamilyNames) -> Vec<EventFacts<'a>> {
    told.iter().zip(1..).map(|(told, id)| facts(told, id, names)).collect()
}

fn facts<'a>(told: &'a Told, id: u128, names: &'a FamilyNames) -> EventFacts<'a> {
    let entry = EntryId(Uuid::from_u128(id));
    let fragment = FragmentId(Uuid::from_u128(told.submission as u128 + 1));
    EventFacts::new(entry, fragment, AgencyId(stable(&told.agency)), &told.details, names).called(&told.kind)
}

/// Each child's given names and those it is known by, over all submissions.
pub(super) fn names(told: &[&Told]) -> FamilyNames {
    let all: BTreeSet<(&str, &str)> =
        told.iter().flat_map(|told| told.given.iter().map(|name| (told.child.as_str(), name.as_str()))).collect();
    FamilyNames::new(all.into_iter().map(|(child, name)| (PersonId(stable(child)), name)))
}

/// Prints the figures.
pub(super) fn report(name: &str, measured: &Measured) {
    println!("{name}: {} entries", measured.entries);
    for (what, score) in [
        ("repeats", measured.repeats),
        ("across agencies", measured.across),
        ("related", measured.related),
        ("children named", measured.named),
    ] {
        let (precision, recall, f1) = score.figures();
        println!(
            "  {what:<16} precision {precision:.4}  recall {recall:.4}  F1 {f1:.4}  ({} right, {} found, {} wanted)",
            score.right, score.found, score.wanted
        );
    }
    println!("  hard negatives   {} merged of {}", measured.hard_merged, measured.hard);
    println!("  entries lost     {}", measured.lost);
    println!("  time             {:.3?}", measured.took);
}
