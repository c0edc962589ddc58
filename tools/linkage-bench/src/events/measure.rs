//! Compares the rows that linkage found with the true events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use domain::{AgencyId, EntryId, FragmentId, PersonId};
use linkage::{EventFacts, EventModel, FamilyNames, SortedEvents, sort_events_with};
use uuid::Uuid;

use super::pack::{LabelledEntry, Pack, stable_id};
use super::random::Random;

/// The number of bootstrap samples of families for a confidence interval.
const RESAMPLES: usize = 1_000;

/// Counts of pairs: found, expected by the key, and both.
#[derive(Default, Clone, Copy)]
pub(super) struct PairCounts {
    pub(super) correct: usize,
    pub(super) found: usize,
    pub(super) expected: usize,
}

impl PairCounts {
    fn add(&mut self, found: bool, expected: bool) {
        self.correct += usize::from(found && expected);
        self.found += usize::from(found);
        self.expected += usize::from(expected);
    }

    fn add_counts(&mut self, other: Self) {
        self.correct += other.correct;
        self.found += other.found;
        self.expected += other.expected;
    }

    pub(super) fn precision(self) -> f64 {
        ratio(self.correct, self.found)
    }

    pub(super) fn recall(self) -> f64 {
        ratio(self.correct, self.expected)
    }

    pub(super) fn f1(self) -> f64 {
        let precision = self.precision();
        let recall = self.recall();
        if precision + recall > 0.0 {
            2.0 * precision * recall / (precision + recall)
        } else {
            0.0
        }
    }
}

/// How many of all cases have a property.
#[derive(Default, Clone, Copy)]
pub(super) struct Proportion {
    pub(super) holding: usize,
    pub(super) all: usize,
}

impl Proportion {
    fn add(&mut self, holds: bool) {
        self.holding += usize::from(holds);
        self.all += 1;
    }

    fn add_counts(&mut self, other: Self) {
        self.holding += other.holding;
        self.all += other.all;
    }

    pub(super) fn rate(self) -> f64 {
        ratio(self.holding, self.all)
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of pairs are small")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

/// The counts of one family, or the sums of several. Pairs are pairs of entries.
#[derive(Default, Clone)]
pub(super) struct Tally {
    /// Pairs of one agency's entries about one event.
    pub(super) repeats: PairCounts,
    /// Pairs of two agencies' entries about one event.
    pub(super) across: PairCounts,
    /// Those of two agencies that are dated to one day.
    pub(super) same_day: PairCounts,
    /// Pairs of two agencies' unrelated entries of one day: how many were merged.
    pub(super) unrelated_same_day: Proportion,
    /// Pairs of two agencies' entries about related events: how many were merged.
    pub(super) related_merged: Proportion,
    /// Rows with accounts of several agencies: how many mix events.
    pub(super) mixed_rows: Proportion,
    /// Pairs of one agency's similar entries about two events: how many were merged.
    pub(super) lookalikes_merged: Proportion,
    /// Pairs of two agencies' entries about one event: how many were merged or suggested.
    pub(super) merged_or_suggested: Proportion,
    /// Suggestions: how many are about one event.
    pub(super) suggested_same: Proportion,
    /// Suggestions: how many are about one event or related ones.
    pub(super) suggested_related: Proportion,
    /// Pairs of events that were found to be related.
    pub(super) related: PairCounts,
    /// Children on rows: pairs of an entry and a child of its row.
    pub(super) named: PairCounts,
    pub(super) entries: usize,
    /// Entries that are on no row.
    pub(super) lost: usize,
}

impl Tally {
    fn add_counts(&mut self, other: &Self) {
        self.repeats.add_counts(other.repeats);
        self.across.add_counts(other.across);
        self.same_day.add_counts(other.same_day);
        self.unrelated_same_day.add_counts(other.unrelated_same_day);
        self.related_merged.add_counts(other.related_merged);
        self.mixed_rows.add_counts(other.mixed_rows);
        self.lookalikes_merged.add_counts(other.lookalikes_merged);
        self.merged_or_suggested
            .add_counts(other.merged_or_suggested);
        self.suggested_same.add_counts(other.suggested_same);
        self.suggested_related.add_counts(other.suggested_related);
        self.related.add_counts(other.related);
        self.named.add_counts(other.named);
        self.entries += other.entries;
        self.lost += other.lost;
    }
}

/// The counts of a pack.
#[derive(Default)]
pub(super) struct Measurement {
    /// The counts of each family.
    pub(super) families: Vec<Tally>,
    pub(super) took: Duration,
}

impl Measurement {
    /// All families together.
    pub(super) fn whole(&self) -> Tally {
        let mut whole = Tally::default();
        self.families
            .iter()
            .for_each(|family| whole.add_counts(family));
        whole
    }

    /// Adds the families of another pack.
    pub(super) fn add(&mut self, other: Self) {
        self.families.extend(other.families);
        self.took += other.took;
    }

    /// The 95 % confidence interval of a figure, by bootstrap over families.
    fn interval(&self, figure: impl Fn(&Tally) -> f64) -> (f64, f64) {
        let mut random = Random::new(2_026);
        let mut samples: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let mut tally = Tally::default();
                for _ in 0..self.families.len() {
                    if let Some(family) = self.families.get(random.below(self.families.len())) {
                        tally.add_counts(family);
                    }
                }
                figure(&tally)
            })
            .collect();
        samples.sort_by(f64::total_cmp);
        let at = |index: usize| samples.get(index).copied().unwrap_or_default();
        (at(RESAMPLES / 40), at(RESAMPLES - 1 - RESAMPLES / 40))
    }
}

/// The row on which each entry of a family was put, and the links that were found between rows.
pub(super) struct FoundRows {
    pub(super) row_of: Vec<Option<usize>>,
    pub(super) suggested: BTreeSet<(usize, usize)>,
    pub(super) related: Vec<(usize, usize)>,
}

impl FoundRows {
    fn of(sorted: &SortedEvents, count: usize) -> Self {
        let mut row_of = vec![None; count];
        for (row, cluster) in sorted.clusters.iter().enumerate() {
            for member in &cluster.members {
                if let Some(slot) = row_of.get_mut(*member) {
                    *slot = Some(row);
                }
            }
        }
        let row = |entry: usize| row_of.get(entry).copied().flatten();
        let suggested = sorted.suggested.iter().filter_map(|pair| {
            let (x, y) = (row(pair.first)?, row(pair.second)?);
            Some((x.min(y), x.max(y)))
        });
        let suggested = suggested.collect();
        let related = sorted
            .related
            .iter()
            .map(|pair| (pair.first, pair.second))
            .collect();
        Self {
            row_of,
            suggested,
            related,
        }
    }

    fn row(&self, entry: usize) -> Option<usize> {
        self.row_of.get(entry).copied().flatten()
    }
}

/// Sorts the entries of every family of the pack into events and counts the results.
pub(super) fn measure(pack: &Pack, model: &EventModel, verbose: bool) -> Measurement {
    let mut measured = Measurement::default();
    for family in &pack.families {
        let entries: Vec<&LabelledEntry> = family
            .iter()
            .filter_map(|&index| pack.entries.get(index))
            .collect();
        let names = names(&entries);
        let start = Instant::now();
        let facts = facts_of(&entries, &names);
        let sorted = sort_events_with(&facts, model);
        measured.took += start.elapsed();
        let rows = FoundRows::of(&sorted, entries.len());
        measured
            .families
            .push(tally(pack, &entries, &rows, verbose));
    }
    measured
}

/// Counts the results of one family.
pub(super) fn tally(
    pack: &Pack,
    entries: &[&LabelledEntry],
    rows: &FoundRows,
    verbose: bool,
) -> Tally {
    let mut tally = Tally {
        entries: entries.len(),
        ..Tally::default()
    };
    tally.lost = rows.row_of.iter().filter(|row| row.is_none()).count();
    for one in 0..entries.len() {
        for other in one + 1..entries.len() {
            count_pair(pack, entries, rows, (one, other), &mut tally, verbose);
        }
    }
    count_rows(entries, rows, &mut tally, verbose);
    count_suggestions(pack, entries, rows, &mut tally, verbose);
    count_lookalikes(pack, entries, rows, &mut tally);
    let events: BTreeSet<&str> = entries.iter().map(|entry| entry.event.as_str()).collect();
    tally.related.expected += pack
        .related
        .iter()
        .filter(|(one, _)| events.contains(one.as_str()))
        .count();
    for (one, other) in &rows.related {
        let (Some(a), Some(b)) = (entries.get(*one), entries.get(*other)) else {
            continue;
        };
        tally.related.add(true, false);
        tally.related.correct += usize::from(pack.are_related(a, b));
    }
    tally
}

fn count_pair(
    pack: &Pack,
    entries: &[&LabelledEntry],
    rows: &FoundRows,
    (one, other): (usize, usize),
    tally: &mut Tally,
    verbose: bool,
) {
    let (Some(a), Some(b)) = (entries.get(one), entries.get(other)) else {
        return;
    };
    let found = rows.row(one) == rows.row(other);
    let expected = a.event == b.event;
    if verbose && found != expected {
        show(if found { "FALSE" } else { "MISS " }, pack, a, b);
    }
    if a.agency == b.agency {
        tally.repeats.add(found, expected);
        return;
    }
    let same_day = a.day().is_some() && a.day() == b.day();
    tally.across.add(found, expected);
    if same_day {
        tally.same_day.add(found, expected);
    }
    if expected {
        let (x, y) = (
            rows.row(one).unwrap_or_default(),
            rows.row(other).unwrap_or_default(),
        );
        tally
            .merged_or_suggested
            .add(found || rows.suggested.contains(&(x.min(y), x.max(y))));
    } else if pack.are_related(a, b) {
        tally.related_merged.add(found);
    } else if same_day {
        tally.unrelated_same_day.add(found);
    }
}

fn show(what: &str, pack: &Pack, a: &LabelledEntry, b: &LabelledEntry) {
    let scope = if a.agency == b.agency {
        "repeat"
    } else {
        "across"
    };
    let truth = if pack.are_related(a, b) {
        " (related)"
    } else {
        ""
    };
    println!("{what} {scope}{truth} {} {}", a.name, b.name);
    for entry in [a, b] {
        println!("    {}", entry.summary());
    }
}

fn count_rows(entries: &[&LabelledEntry], rows: &FoundRows, tally: &mut Tally, verbose: bool) {
    let mut members: BTreeMap<usize, Vec<&LabelledEntry>> = BTreeMap::new();
    let mut true_rows: BTreeMap<&str, BTreeSet<PersonId>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        true_rows
            .entry(&entry.event)
            .or_default()
            .extend(&entry.details.children);
        if let Some(row) = rows.row(index) {
            members.entry(row).or_default().push(entry);
        }
    }
    for row in members.values() {
        let agencies: BTreeSet<&str> = row.iter().map(|entry| entry.agency.as_str()).collect();
        let events: BTreeSet<&str> = row.iter().map(|entry| entry.event.as_str()).collect();
        if agencies.len() > 1 {
            tally.mixed_rows.add(events.len() > 1);
            if verbose && events.len() > 1 {
                println!("MIXED");
                row.iter()
                    .for_each(|entry| println!("    {} {}", entry.event, entry.summary()));
            }
        }
        let children: BTreeSet<PersonId> = row
            .iter()
            .flat_map(|entry| entry.details.children.iter().copied())
            .collect();
        for truth in row
            .iter()
            .filter_map(|entry| true_rows.get(entry.event.as_str()))
        {
            tally.named.correct += children.intersection(truth).count();
            tally.named.found += children.len();
            tally.named.expected += truth.len();
        }
    }
}

fn count_suggestions(
    pack: &Pack,
    entries: &[&LabelledEntry],
    rows: &FoundRows,
    tally: &mut Tally,
    verbose: bool,
) {
    let entries_on = |row: usize| {
        entries
            .iter()
            .enumerate()
            .filter(move |(index, _)| rows.row(*index) == Some(row))
    };
    for (x, y) in &rows.suggested {
        let pairs = || entries_on(*x).flat_map(|(_, a)| entries_on(*y).map(move |(_, b)| (a, b)));
        let same = pairs().any(|(a, b)| a.event == b.event);
        let related = pairs().any(|(a, b)| pack.are_related(a, b));
        tally.suggested_same.add(same);
        tally.suggested_related.add(same || related);
        if verbose
            && !same
            && let Some((a, b)) = pairs().next()
        {
            show("ASKED", pack, a, b);
        }
    }
}

fn count_lookalikes(pack: &Pack, entries: &[&LabelledEntry], rows: &FoundRows, tally: &mut Tally) {
    let indexes: BTreeMap<&str, usize> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| (entry.name.as_str(), index))
        .collect();
    for (a, b) in &pack.hard_negatives {
        let (Some(one), Some(other)) = (indexes.get(a.as_str()), indexes.get(b.as_str())) else {
            continue;
        };
        let agencies = [one, other].map(|index| entries.get(*index).map(|entry| &entry.agency));
        if let [Some(a), Some(b)] = agencies
            && a == b
        {
            tally
                .lookalikes_merged
                .add(rows.row(*one) == rows.row(*other));
        }
    }
}

/// The facts of a family's entries, with ids in the given order.
pub(super) fn facts_of<'a>(
    entries: &[&'a LabelledEntry],
    names: &'a FamilyNames,
) -> Vec<EventFacts<'a>> {
    entries
        .iter()
        .zip(1..)
        .map(|(entry, id)| facts(entry, id, names))
        .collect()
}

fn facts<'a>(entry: &'a LabelledEntry, id: u128, names: &'a FamilyNames) -> EventFacts<'a> {
    let id = EntryId(Uuid::from_u128(id));
    let fragment = FragmentId(Uuid::from_u128(entry.submission as u128 + 1));
    let agency = AgencyId(stable_id(&entry.agency));
    EventFacts::new(id, fragment, agency, &entry.details, names).with_type_label(&entry.kind)
}

/// The given names and known names of each child, from all submissions, and the other names of the
/// family.
pub(super) fn names(entries: &[&LabelledEntry]) -> FamilyNames {
    let all: BTreeSet<(&str, &str)> = entries
        .iter()
        .flat_map(|entry| {
            entry
                .given
                .iter()
                .map(|name| (entry.child.as_str(), name.as_str()))
        })
        .collect();
    let children = all
        .into_iter()
        .map(|(child, name)| (PersonId(stable_id(child)), name));
    FamilyNames::new(children)
        .with_other_names(
            entries
                .iter()
                .flat_map(|entry| entry.others.iter().map(String::as_str)),
        )
        .with_addresses(
            entries
                .iter()
                .flat_map(|entry| entry.addresses.iter().map(String::as_str)),
        )
}

/// Prints the figures of a pack.
pub(super) fn report(name: &str, measured: &Measurement) {
    let whole = measured.whole();
    println!(
        "{name}: {} entries, {} families",
        whole.entries,
        measured.families.len()
    );
    for (what, of) in [
        (
            "across agencies",
            (|tally| tally.across) as fn(&Tally) -> PairCounts,
        ),
        ("  on one day", |tally| tally.same_day),
        ("repeats", |tally| tally.repeats),
        ("related", |tally| tally.related),
        ("children named", |tally| tally.named),
    ] {
        let score = of(&whole);
        let precision = score.precision();
        let recall = score.recall();
        let f1 = score.f1();
        print!("  {what:<22} P {precision:.3} ");
        interval(measured, |tally| of(tally).precision());
        print!("  R {recall:.3} ");
        interval(measured, |tally| of(tally).recall());
        print!("  F1 {f1:.3} ");
        interval(measured, |tally| of(tally).f1());
        println!(
            "  ({} correct, {} found, {} expected)",
            score.correct, score.found, score.expected
        );
    }
    for (what, of) in [
        (
            "merged or suggested",
            (|tally| tally.merged_or_suggested) as fn(&Tally) -> Proportion,
        ),
        ("unrelated, one day", |tally| tally.unrelated_same_day),
        ("related, merged", |tally| tally.related_merged),
        ("rows that mix events", |tally| tally.mixed_rows),
        ("lookalikes, merged", |tally| tally.lookalikes_merged),
        ("suggested: same", |tally| tally.suggested_same),
        ("suggested: or related", |tally| tally.suggested_related),
    ] {
        let share = of(&whole);
        if share.all > 0 {
            print!(
                "  {what:<22} {} of {} = {:.1} % ",
                share.holding,
                share.all,
                100.0 * share.rate()
            );
            interval(measured, |tally| of(tally).rate());
            println!();
        }
    }
    println!("  entries lost {}, time {:.3?}", whole.lost, measured.took);
}

fn interval(measured: &Measurement, figure: impl Fn(&Tally) -> f64) {
    let (low, high) = measured.interval(figure);
    print!("[{low:.2}, {high:.2}]");
}
