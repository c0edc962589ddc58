//! Each agency's accounts of events, an agency's repeats taken together, and how much speaks for two being one event.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use domain::{AgencyId, PersonId};
use time::Date;

use super::dates::Dates;
use super::explain::Explanation;
use super::family::Family;
use super::features::{self, Features};
use super::neighbours::Keys;
use super::rarity::Rarity;
use super::reading::Reading;
use super::weighing::Weighing;
use crate::facts::EventFacts;

/// One agency's account of one event: a unit, or several that repeat one another.
pub(crate) struct Account {
    /// The units, the fullest first.
    pub(crate) units: Vec<usize>,
    /// What it says.
    pub(crate) reading: Reading,
    /// The children concerned.
    pub(crate) children: BTreeSet<PersonId>,
    /// The agency that tells it.
    pub(crate) agency: AgencyId,
    /// Rarity of all its words, in general and in the family.
    pub(crate) whole: (i32, i32),
}

/// All accounts of a family, in an order that depends on what they say alone.
pub(crate) struct Accounts<'t, 'e, 'f> {
    pub(crate) family: &'t Family<'e, 'f>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) weighing: Weighing,
    rarity: Rarity,
    per_day: HashMap<Date, u32>,
    scores: RefCell<HashMap<(usize, usize), Option<i32>>>,
}

impl<'t, 'e, 'f> Accounts<'t, 'e, 'f> {
    /// Takes the units of each group together.
    pub(crate) fn of<'g>(family: &'t Family<'e, 'f>, groups: impl Iterator<Item = &'g [usize]>) -> Self {
        let mut accounts: Vec<Account> = groups.filter_map(|units| account(family, units)).collect();
        let weighing = Weighing::of(accounts.iter().map(|one| &one.reading), &family.general, &family.frequent);
        accounts.iter_mut().for_each(|one| one.whole = weighing.whole(&one.reading));
        let rarity = family.rarity_among(accounts.iter().map(|one| &one.reading));
        let mut per_day = HashMap::new();
        for day in accounts.iter().filter_map(|one| one.reading.day) {
            *per_day.entry(day).or_insert(0) += 1;
        }
        Self { family, accounts, weighing, rarity, per_day, scores: RefCell::default() }
    }

    /// The first entry of an account.
    pub(crate) fn first(&self, account: usize) -> Option<&EventFacts<'f>> {
        self.accounts.get(account).and_then(|account| self.family.facts(*account.units.first()?))
    }

    /// The units of an account.
    pub(crate) fn units(&self, account: usize) -> &[usize] {
        self.accounts.get(account).map_or(&[], |account| account.units.as_slice())
    }

    /// Whether one agency tells both.
    pub(crate) fn same_agency(&self, a: usize, b: usize) -> bool {
        self.accounts.get(a).zip(self.accounts.get(b)).is_some_and(|(a, b)| a.agency == b.agency)
    }

    /// How the days of two accounts stand to each other.
    pub(crate) fn dates(&self, a: usize, b: usize) -> Option<Dates> {
        let (x, y) = self.accounts.get(a).zip(self.accounts.get(b))?;
        Some(Dates::of(&x.reading, &y.reading))
    }

    /// The features of two agencies' accounts; `None` when their dates exclude that they are one event.
    pub(crate) fn features(&self, a: usize, b: usize) -> Option<Features> {
        let (x, y) = self.accounts.get(a).zip(self.accounts.get(b))?;
        let dates = Dates::of(&x.reading, &y.reading);
        if features::excluded(x, y, &dates, &self.rarity) {
            return None;
        }
        let day = x.reading.day.and_then(|day| self.per_day.get(&day)).copied();
        let others = day.unwrap_or_default().saturating_sub(2);
        Some(features::features(x, y, &dates, others, &self.weighing, &self.rarity))
    }

    /// How much speaks for two agencies' accounts telling one event: the natural logarithm of the odds, in thousandths.
    /// `None` when they never do. Symmetric.
    pub(crate) fn score(&self, a: usize, b: usize) -> Option<i32> {
        let pair = (a.min(b), a.max(b));
        if let Some(known) = self.scores.borrow().get(&pair) {
            return *known;
        }
        let score =
            self.features(pair.0, pair.1).filter(|found| !found.deny()).map(|found| self.family.model.score(&found));
        self.scores.borrow_mut().insert(pair, score);
        score
    }

    /// Whether a meaning is not frequent in English.
    pub(crate) fn is_uncommon(&self, stem: u32) -> bool {
        let frequent = usize::try_from(stem).ok().and_then(|stem| self.family.frequent.get(stem));
        frequent.is_some_and(|frequent| !frequent)
    }

    /// Whether two rows have no agency in common, so that each could be told by the other's agencies too.
    pub(crate) fn has_room(&self, rows: &[Vec<usize>], one: usize, other: usize) -> bool {
        let (Some(x), Some(y)) = (rows.get(one), rows.get(other)) else { return false };
        !x.iter().any(|a| y.iter().any(|b| self.same_agency(*a, *b)))
    }

    /// Why the accounts of one row stand together: each with the one for which most speaks.
    pub(crate) fn explain_row(&self, members: &[usize]) -> Explanation {
        let mut explained = Explanation::default();
        let mut told: BTreeSet<(usize, usize)> = BTreeSet::new();
        for one in members {
            let others = members.iter().filter(|other| *other != one);
            let best = others.filter_map(|other| Some((self.score(*one, *other)?, std::cmp::Reverse(*other)))).max();
            let Some((_, std::cmp::Reverse(best))) = best else { continue };
            if told.insert((*one.min(&best), *one.max(&best))) {
                let pair = self.explain(*one, best);
                explained.evidence.extend(pair.evidence);
                explained.against.extend(pair.against);
            }
        }
        explained
    }

    /// Every pair of different agencies' accounts that is compared, in order.
    pub(crate) fn pairs(&self) -> Vec<(usize, usize)> {
        let readings = self.accounts.iter().map(|one| &one.reading);
        let mut keys = Keys::of(readings, &self.rarity);
        for (place, one) in self.accounts.iter().enumerate() {
            let words = self.first(place).map_or(&[][..], EventFacts::words);
            keys.add(place, &one.reading, words);
        }
        let order = |one: usize| self.first(one).map(|facts| (facts.span(), facts.words()));
        let mut pairs = keys.pairs(self.accounts.len(), order);
        pairs.retain(|(a, b)| !self.same_agency(*a, *b));
        pairs
    }
}

fn account(family: &Family<'_, '_>, units: &[usize]) -> Option<Account> {
    let length = |unit: usize| family.readings.get(unit).map(|reading| (reading.stems.len(), std::cmp::Reverse(unit)));
    let mut units = units.to_vec();
    units.sort_by_key(|unit| std::cmp::Reverse(length(*unit)));
    let (fullest, others) = units.split_first()?;
    let mut reading = family.readings.get(*fullest)?.clone();
    others.iter().filter_map(|unit| family.readings.get(*unit)).for_each(|other| reading.extend(other));
    let children =
        units.iter().filter_map(|unit| family.facts(*unit)).flat_map(|facts| facts.children().iter().copied());
    let agency = family.facts(*fullest)?.agency;
    let children = children.collect();
    Some(Account { units, reading, children, agency, whole: (0, 0) })
}
