//! Which accounts are compared: those with a day, a reference, rare words or the same opening in
//! common.
//!
//! Usually a family has few accounts of one day or month, and all of them are compared. On a busy
//! day only those are that also share a kind or a rare meaning, so that ten thousand entries of one
//! day cost no more than those of ten years.

use std::collections::{HashMap, HashSet};

use time::Date;

use super::block_index::{BlockIndex, rank_by, sketches};
use super::family_entries::rare_meanings;
use super::parsed_entry::ParsedEntry;
use super::rarity::RarityPoints;

/// An account with a longer span gets no keys for its months.
const MAX_SPAN_WITH_MONTHS: i64 = 100;
/// A day with at least this many accounts is busy, and sharing it alone is no reason to compare.
const BUSY_DAY_ACCOUNTS: u32 = 12;

/// Year and month.
type YearMonth = (i32, u8);

/// The blocking keys of all accounts.
pub(crate) struct BlockingKeys<'r> {
    rarity: &'r RarityPoints,
    blocks: BlockIndex,
    busy_days: HashSet<Date>,
    /// Months in which some account has no exact day.
    vague_months: HashSet<YearMonth>,
    /// Months and days that some text quotes without a year.
    yearless_days: HashSet<(u8, u8)>,
}

impl<'r> BlockingKeys<'r> {
    /// Prepares for the accounts of a family.
    pub(crate) fn new<'a>(
        accounts: impl Iterator<Item = &'a ParsedEntry>,
        rarity: &'r RarityPoints,
    ) -> Self {
        let mut accounts_per_day: HashMap<Date, u32> = HashMap::new();
        let mut vague_months = HashSet::new();
        let mut yearless_days = HashSet::new();
        for parsed in accounts {
            match parsed.day {
                Some(day) => *accounts_per_day.entry(day).or_insert(0) += 1,
                None => vague_months.extend(months(parsed)),
            }
            yearless_days.extend(yearless(parsed));
        }
        let busy = accounts_per_day
            .into_iter()
            .filter(|(_, count)| *count >= BUSY_DAY_ACCOUNTS);
        let busy_days = busy.map(|(day, _)| day).collect();
        Self {
            rarity,
            blocks: BlockIndex::default(),
            busy_days,
            vague_months,
            yearless_days,
        }
    }

    /// Adds the keys of one account. The first number of each key tells the kinds of key apart.
    pub(crate) fn add(&mut self, account: usize, parsed: &ParsedEntry, words: &[String]) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        for sketch in sketches(&words) {
            self.blocks.add(&sketch, account);
        }
        for reference in &parsed.references {
            self.blocks.add(&(3, reference), account);
        }
        let rare = rare_meanings(parsed, self.rarity);
        rare.iter()
            .for_each(|meaning| self.blocks.add(&(8, meaning), account));
        let own_days = parsed
            .day
            .into_iter()
            .flat_map(|day| [Some(day), day.next_day()])
            .flatten();
        let quoted_days = parsed.quoted_days.iter().filter_map(|quoted| quoted.date());
        for day in own_days.chain(quoted_days) {
            self.add_day(day, account, parsed, &rare);
        }
        for month_day in yearless(parsed) {
            self.blocks.add(&(4, month_day), account);
        }
        if let Some(month_day) = parsed.day.map(|day| (u8::from(day.month()), day.day()))
            && self.yearless_days.contains(&month_day)
        {
            self.blocks.add(&(4, month_day), account);
        }
        for month in months(parsed)
            .filter(|month| self.vague_months.contains(month))
            .collect::<Vec<_>>()
        {
            self.blocks.add(&(9, month), account);
            parsed
                .kinds
                .singletons()
                .for_each(|kind| self.blocks.add(&(7, month, kind), account));
        }
    }

    fn add_day(&mut self, day: Date, account: usize, parsed: &ParsedEntry, rare: &[u32]) {
        self.blocks.add(&(5, day), account);
        if self.busy_days.contains(&day) {
            parsed
                .leading_kinds
                .singletons()
                .for_each(|kind| self.blocks.add(&(6, day, kind), account));
            rare.iter()
                .take(2)
                .for_each(|meaning| self.blocks.add(&(10, day, meaning), account));
        }
    }

    /// The pairs to compare. In a block with many accounts each is compared with those next to it
    /// by `order`.
    pub(crate) fn into_pairs<K: Ord>(
        self,
        count: usize,
        order: impl Fn(usize) -> K,
    ) -> Vec<(usize, usize)> {
        self.blocks.into_pairs(&rank_by(count, order))
    }
}

/// The months and days that the text quotes without a year.
fn yearless(parsed: &ParsedEntry) -> impl Iterator<Item = (u8, u8)> {
    parsed
        .quoted_days
        .iter()
        .filter(|quoted| quoted.year.is_none())
        .map(|quoted| quoted.month_day)
}

/// The months of the account's span; none for a span of more than [`MAX_SPAN_WITH_MONTHS`] days.
fn months(parsed: &ParsedEntry) -> impl Iterator<Item = YearMonth> {
    let span = parsed.span.filter(|_| {
        parsed
            .span_days()
            .is_some_and(|days| days <= MAX_SPAN_WITH_MONTHS)
    });
    let mut next = span.map(|(first, _)| first);
    std::iter::from_fn(move || {
        let (now, (_, last)) = (next?, span?);
        next = first_of_next_month(now).filter(|first| *first <= last);
        Some((now.year(), u8::from(now.month())))
    })
}

fn first_of_next_month(day: Date) -> Option<Date> {
    let last = day.replace_day(day.month().length(day.year())).ok()?;
    last.next_day()
}
