//! Which tellings are worth comparing: those with a day, a reference, rare words or the same opening in common.
//!
//! A family's day or month has few tellings as a rule, and all of them are compared. Where it has many, only those that
//! share a kind or a rare meaning besides, so that ten thousand entries of one day cost no more than of ten years.

use std::collections::{HashMap, HashSet};

use time::Date;

use super::blocks::{Blocks, ranks, sketches};
use super::family::rare_stems;
use super::rarity::Rarity;
use super::reading::Reading;

/// Spans of at most this many days are compared with all that lies in their months.
const MONTHS_DAYS: i64 = 100;
/// From this many tellings of one day on, a day alone is no reason to compare.
const BUSY_DAY: u32 = 12;

/// Year and month.
type MonthOf = (i32, u8);

/// The keys of all tellings.
pub(crate) struct Keys<'r> {
    rarity: &'r Rarity,
    blocks: Blocks,
    busy: HashSet<Date>,
    /// Months in which some telling has no exact day.
    vague_months: HashSet<MonthOf>,
    /// Days of a month that some text quotes without a year.
    yearless: HashSet<(u8, u8)>,
}

impl<'r> Keys<'r> {
    /// Prepares for the readings of a family.
    pub(crate) fn of<'a>(readings: impl Iterator<Item = &'a Reading>, rarity: &'r Rarity) -> Self {
        let mut per_day: HashMap<Date, u32> = HashMap::new();
        let (mut vague_months, mut yearless) = (HashSet::new(), HashSet::new());
        for reading in readings {
            match reading.day {
                Some(day) => *per_day.entry(day).or_insert(0) += 1,
                None => vague_months.extend(months(reading)),
            }
            yearless.extend(reading.days.iter().filter(|quoted| quoted.year.is_none()).map(|quoted| quoted.day));
        }
        let busy = per_day.into_iter().filter(|(_, count)| *count >= BUSY_DAY).map(|(day, _)| day).collect();
        Self { rarity, blocks: Blocks::default(), busy, vague_months, yearless }
    }

    /// Adds the keys of one telling.
    pub(crate) fn add(&mut self, place: usize, reading: &Reading, words: &[String]) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for sketch in sketches(&words) {
            self.blocks.add(&sketch, place);
        }
        for reference in &reading.references {
            self.blocks.add(&(3, reference), place);
        }
        let rare = rare_stems(reading, self.rarity);
        rare.iter().for_each(|stem| self.blocks.add(&(8, stem), place));
        let own = reading.day.into_iter().flat_map(|day| [Some(day), day.next_day()]).flatten();
        let quoted = reading.days.iter().filter_map(|quoted| quoted.date());
        for day in own.chain(quoted) {
            self.add_day(day, place, reading, &rare);
        }
        for quoted in reading.days.iter().filter(|quoted| quoted.year.is_none()) {
            self.blocks.add(&(4, quoted.day), place);
        }
        if let Some(day) = reading.day.map(|day| (u8::from(day.month()), day.day()))
            && self.yearless.contains(&day)
        {
            self.blocks.add(&(4, day), place);
        }
        for month in months(reading).filter(|month| self.vague_months.contains(month)).collect::<Vec<_>>() {
            self.blocks.add(&(9, month), place);
            reading.kinds.each().for_each(|kind| self.blocks.add(&(7, month, kind), place));
        }
    }

    fn add_day(&mut self, day: Date, place: usize, reading: &Reading, rare: &[u32]) {
        self.blocks.add(&(5, day), place);
        if self.busy.contains(&day) {
            reading.lead.each().for_each(|kind| self.blocks.add(&(6, day, kind), place));
            rare.iter().take(2).for_each(|stem| self.blocks.add(&(10, day, stem), place));
        }
    }

    /// The pairs to compare, tellings near each other by `order` first where there are many.
    pub(crate) fn pairs<K: Ord>(self, count: usize, order: impl Fn(usize) -> K) -> Vec<(usize, usize)> {
        self.blocks.pairs(&ranks(count, order))
    }
}

/// The months of a telling's days, when they are few.
fn months(reading: &Reading) -> impl Iterator<Item = MonthOf> {
    let span = reading.span.filter(|_| reading.width().is_some_and(|days| days <= MONTHS_DAYS));
    let mut next = span.map(|(from, _)| from);
    std::iter::from_fn(move || {
        let (now, (_, until)) = (next?, span?);
        next = first_of_next_month(now).filter(|first| *first <= until);
        Some((now.year(), u8::from(now.month())))
    })
}

fn first_of_next_month(day: Date) -> Option<Date> {
    let last = day.replace_day(day.month().length(day.year())).ok()?;
    last.next_day()
}
