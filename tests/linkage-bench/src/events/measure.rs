//! What was found against what is true.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use domain::{AgencyId, EntryId, FragmentId, PersonId};
use linkage::{EventFacts, FamilyNames, Model, SortedEvents, sort_events_by};
use uuid::Uuid;

use super::pack::{Pack, Told, stable};
use super::random::Random;

/// How often families are drawn anew for an interval.
const DRAWS: usize = 1_000;

/// Pairs found, wanted, and both.
#[derive(Default, Clone, Copy)]
pub(super) struct Score {
    pub(super) right: usize,
    pub(super) found: usize,
    pub(super) wanted: usize,
}

impl Score {
    fn add(&mut self, found: bool, wanted: bool) {
        self.right += usize::from(found && wanted);
        self.found += usize::from(found);
        self.wanted += usize::from(wanted);
    }

    fn plus(&mut self, other: Self) {
        self.right += other.right;
        self.found += other.found;
        self.wanted += other.wanted;
    }

    pub(super) fn precision(self) -> f64 {
        ratio(self.right, self.found)
    }

    pub(super) fn recall(self) -> f64 {
        ratio(self.right, self.wanted)
    }

    pub(super) fn f1(self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
    }
}

/// Some of all.
#[derive(Default, Clone, Copy)]
pub(super) struct Share {
    pub(super) some: usize,
    pub(super) all: usize,
}

impl Share {
    fn add(&mut self, holds: bool) {
        self.some += usize::from(holds);
        self.all += 1;
    }

    fn plus(&mut self, other: Self) {
        self.some += other.some;
        self.all += other.all;
    }

    pub(super) fn rate(self) -> f64 {
        ratio(self.some, self.all)
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of pairs are small")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// What was counted in one family, or in several. Pairs are pairs of entries.
#[derive(Default, Clone)]
pub(super) struct Tally {
    /// One agency's entries that tell one event.
    pub(super) repeats: Score,
    /// Two agencies' entries that tell one event.
    pub(super) across: Score,
    /// Those of both that are dated to one day.
    pub(super) same_day: Score,
    /// Two agencies' entries of one day that have nothing to do with each other: merged.
    pub(super) unrelated_same_day: Share,
    /// Two agencies' entries of related events: merged.
    pub(super) related_merged: Share,
    /// Rows with accounts of several agencies: those that mix events.
    pub(super) mixed_rows: Share,
    /// One agency's entries that look alike and are two events: merged.
    pub(super) near_misses: Share,
    /// Two agencies' entries that tell one event: merged, or suggested to be one.
    pub(super) merged_or_suggested: Share,
    /// Suggestions: those between accounts of one event.
    pub(super) suggested_same: Share,
    /// Suggestions: those between accounts of one event or of related ones.
    pub(super) suggested_related: Share,
    /// Events said to have to do with each other.
    pub(super) related: Score,
    /// Children named on rows: an entry with a child of its row.
    pub(super) named: Score,
    pub(super) entries: usize,
    pub(super) lost: usize,
}

impl Tally {
    fn plus(&mut self, other: &Self) {
        self.repeats.plus(other.repeats);
        self.across.plus(other.across);
        self.same_day.plus(other.same_day);
        self.unrelated_same_day.plus(other.unrelated_same_day);
        self.related_merged.plus(other.related_merged);
        self.mixed_rows.plus(other.mixed_rows);
        self.near_misses.plus(other.near_misses);
        self.merged_or_suggested.plus(other.merged_or_suggested);
        self.suggested_same.plus(other.suggested_same);
        self.suggested_related.plus(other.suggested_related);
        self.related.plus(other.related);
        self.named.plus(other.named);
        self.entries += other.entries;
        self.lost += other.lost;
    }
}

/// The figures of a pack.
#[derive(Default)]
pub(super) struct Measured {
    /// Of each family.
    pub(super) families: Vec<Tally>,
    pub(super) took: Duration,
}

impl Measured {
    /// All families together.
    pub(super) fn whole(&self) -> Tally {
        let mut whole = Tally::default();
        self.families.iter().for_each(|family| whole.plus(family));
        whole
    }

    /// Adds another pack's families.
    pub(super) fn add(&mut self, other: Self) {
        self.families.extend(other.families);
        self.took += other.took;
    }

    /// The interval in which 95 % of figures lie when families are drawn anew.
    fn interval(&self, figure: impl Fn(&Tally) -> f64) -> (f64, f64) {
        let mut random = Random::new(2_026);
        let mut drawn: Vec<f64> = (0..DRAWS)
            .map(|_| {
                let mut tally = Tally::default();
                for _ in 0..self.families.len() {
                    if let Some(family) = self.families.get(random.below(self.families.len())) {
                        tally.plus(family);
                    }
                }
                figure(&tally)
            })
            .collect();
        drawn.sort_by(f64::total_cmp);
        let at = |place: usize| drawn.get(place).copied().unwrap_or_default();
        (at(DRAWS / 40), at(DRAWS - 1 - DRAWS / 40))
    }
}

/// Which row each entry of a family was put on, and which rows were suggested to be one.
pub(super) struct Rows {
    pub(super) row_of: Vec<Option<usize>>,
    pub(super) suggested: BTreeSet<(usize, usize)>,
    pub(super) related: Vec<(usize, usize)>,
}

impl Rows {
    fn of(sorted: &SortedEvents, count: usize) -> Self {
        let mut row_of = vec![None; count];
        for (row, cluster) in sorted.clusters.iter().enumerate() {
            for member in &cluster.members {
                if let Some(place) = row_of.get_mut(*member) {
                    *place = Some(row);
                }
            }
        }
        let row = |entry: usize| row_of.get(entry).copied().flatten();
        let suggested = sorted.suggested.iter().filter_map(|one| {
            let (x, y) = (row(one.first)?, row(one.second)?);
            Some((x.min(y), x.max(y)))
        });
        let suggested = suggested.collect();
        let related = sorted.related.iter().map(|one| (one.first, one.second)).collect();
        Self { row_of, suggested, related }
    }

    fn row(&self, entry: usize) -> Option<usize> {
        self.row_of.get(entry).copied().flatten()
    }
}

/// Sorts every family of the pack and counts.
pub(super) fn measure(pack: &Pack, model: &Model, verbose: bool) -> Measured {
    let mut measured = Measured::default();
    for family in &pack.families {
        let told: Vec<&Told> = family.iter().filter_map(|&index| pack.told.get(index)).collect();
        let names = names(&told);
        let start = Instant::now();
        let facts = facts_of(&told, &names);
        let sorted = sort_events_by(&facts, model);
        measured.took += start.elapsed();
        let rows = Rows::of(&sorted, told.len());
        measured.families.push(tally(pack, &told, &rows, verbose));
    }
    measured
}

/// Counts one family.
pub(super) fn tally(pack: &Pack, told: &[&Told], rows: &Rows, verbose: bool) -> Tally {
    let mut tally = Tally { entries: told.len(), ..Tally::default() };
    tally.lost = rows.row_of.iter().filter(|row| row.is_none()).count();
    for one in 0..told.len() {
        for other in one + 1..told.len() {
            count_pair(pack, told, rows, (one, other), &mut tally, verbose);
        }
    }
    count_rows(told, rows, &mut tally, verbose);
    count_suggestions(pack, told, rows, &mut tally, verbose);
    count_near_misses(pack, told, rows, &mut tally);
    let events: BTreeSet<&str> = told.iter().map(|told| told.event.as_str()).collect();
    tally.related.wanted += pack.related.iter().filter(|(one, _)| events.contains(one.as_str())).count();
    for (one, other) in &rows.related {
        let (Some(a), Some(b)) = (told.get(*one), told.get(*other)) else { continue };
        tally.related.add(true, false);
        tally.related.right += usize::from(pack.are_related(a, b));
    }
    tally
}

fn count_pair(
    pack: &Pack,
    told: &[&Told],
    rows: &Rows,
    (one, other): (usize, usize),
    tally: &mut Tally,
    verbose: bool,
) {
    let (Some(a), Some(b)) = (told.get(one), told.get(other)) else { return };
    let (found, wanted) = (rows.row(one) == rows.row(other), a.event == b.event);
    if verbose && found != wanted {
        show(if found { "FALSE" } else { "MISS " }, pack, a, b);
    }
    if a.agency == b.agency {
        tally.repeats.add(found, wanted);
        return;
    }
    let same_day = a.day().is_some() && a.day() == b.day();
    tally.across.add(found, wanted);
    if same_day {
        tally.same_day.add(found, wanted);
    }
    if wanted {
        let (x, y) = (rows.row(one).unwrap_or_default(), rows.row(other).unwrap_or_default());
        tally.merged_or_suggested.add(found || rows.suggested.contains(&(x.min(y), x.max(y))));
    } else if pack.are_related(a, b) {
        tally.related_merged.add(found);
    } else if same_day {
        tally.unrelated_same_day.add(found);
    }
}

fn show(what: &str, pack: &Pack, a: &Told, b: &Told) {
    let scope = if a.agency == b.agency { "repeat" } else { "across" };
    let truth = if pack.are_related(a, b) { " (related)" } else { "" };
    println!("{what} {scope}{truth} {} {}", a.name, b.name);
    for told in [a, b] {
        println!("    {}", told.shown());
    }
}

fn count_rows(told: &[&Told], rows: &Rows, tally: &mut Tally, verbose: bool) {
    let mut members: BTreeMap<usize, Vec<&Told>> = BTreeMap::new();
    let mut true_rows: BTreeMap<&str, BTreeSet<PersonId>> = BTreeMap::new();
    for (place, told) in told.iter().enumerate() {
        true_rows.entry(&told.event).or_default().extend(&told.details.children);
        if let Some(row) = rows.row(place) {
            members.entry(row).or_default().push(told);
        }
    }
    for row in members.values() {
        let agencies: BTreeSet<&str> = row.iter().map(|told| told.agency.as_str()).collect();
        let events: BTreeSet<&str> = row.iter().map(|told| told.event.as_str()).collect();
        if agencies.len() > 1 {
            tally.mixed_rows.add(events.len() > 1);
            if verbose && events.len() > 1 {
                println!("MIXED");
                row.iter().for_each(|told| println!("    {} {}", told.event, told.shown()));
            }
        }
        let children: BTreeSet<PersonId> = row.iter().flat_map(|told| told.details.children.iter().copied()).collect();
        for truth in row.iter().filter_map(|told| true_rows.get(told.event.as_str())) {
            tally.named.right += children.intersection(truth).count();
            tally.named.found += children.len();
            tally.named.wanted += truth.len();
        }
    }
}

fn count_suggestions(pack: &Pack, told: &[&Told], rows: &Rows, tally: &mut Tally, verbose: bool) {
    let of = |row: usize| told.iter().enumerate().filter(move |(place, _)| rows.row(*place) == Some(row));
    for (x, y) in &rows.suggested {
        let pairs = || of(*x).flat_map(|(_, a)| of(*y).map(move |(_, b)| (a, b)));
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

fn count_near_misses(pack: &Pack, told: &[&Told], rows: &Rows, tally: &mut Tally) {
    let places: BTreeMap<&str, usize> =
        told.iter().enumerate().map(|(place, told)| (told.name.as_str(), place)).collect();
    for (a, b) in &pack.hard_negatives {
        let (Some(one), Some(other)) = (places.get(a.as_str()), places.get(b.as_str())) else { continue };
        let agencies = [one, other].map(|place| told.get(*place).map(|told| &told.agency));
        if let [Some(a), Some(b)] = agencies
            && a == b
        {
            tally.near_misses.add(rows.row(*one) == rows.row(*other));
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

/// Each child's given names and those it is known by, over all submissions, and the other names of the family.
pub(super) fn names(told: &[&Told]) -> FamilyNames {
    let all: BTreeSet<(&str, &str)> =
        told.iter().flat_map(|told| told.given.iter().map(|name| (told.child.as_str(), name.as_str()))).collect();
    let children = all.into_iter().map(|(child, name)| (PersonId(stable(child)), name));
    FamilyNames::new(children)
        .with_others(told.iter().flat_map(|told| told.others.iter().map(String::as_str)))
        .with_addresses(told.iter().flat_map(|told| told.addresses.iter().map(String::as_str)))
}

/// Prints the figures.
pub(super) fn report(name: &str, measured: &Measured) {
    let whole = measured.whole();
    println!("{name}: {} entries, {} families", whole.entries, measured.families.len());
    for (what, of) in [
        ("across agencies", (|tally| tally.across) as fn(&Tally) -> Score),
        ("  on one day", |tally| tally.same_day),
        ("repeats", |tally| tally.repeats),
        ("related", |tally| tally.related),
        ("children named", |tally| tally.named),
    ] {
        let score = of(&whole);
        let (precision, recall, f1) = (score.precision(), score.recall(), score.f1());
        print!("  {what:<22} P {precision:.3} ");
        interval(measured, |tally| of(tally).precision());
        print!("  R {recall:.3} ");
        interval(measured, |tally| of(tally).recall());
        print!("  F1 {f1:.3} ");
        interval(measured, |tally| of(tally).f1());
        println!("  ({} right, {} found, {} wanted)", score.right, score.found, score.wanted);
    }
    for (what, of) in [
        ("merged or suggested", (|tally| tally.merged_or_suggested) as fn(&Tally) -> Share),
        ("unrelated, one day", |tally| tally.unrelated_same_day),
        ("related, merged", |tally| tally.related_merged),
        ("rows that mix events", |tally| tally.mixed_rows),
        ("near misses, merged", |tally| tally.near_misses),
        ("suggested: same", |tally| tally.suggested_same),
        ("suggested: or related", |tally| tally.suggested_related),
    ] {
        let share = of(&whole);
        if share.all > 0 {
            print!("  {what:<22} {} of {} = {:.1} % ", share.some, share.all, 100.0 * share.rate());
            interval(measured, |tally| of(tally).rate());
            println!();
        }
    }
    println!("  entries lost {}, time {:.3?}", whole.lost, measured.took);
}

fn interval(measured: &Measured, figure: impl Fn(&Tally) -> f64) {
    let (low, high) = measured.interval(figure);
    print!("[{low:.2}, {high:.2}]");
}
