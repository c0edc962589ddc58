//! The accounts that each agency gives of events, with its repeats merged, and how strongly two
//! accounts match.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use domain::{AgencyId, PersonId};
use time::Date;

use super::candidate_pairs::BlockingKeys;
use super::date_comparison::DateComparison;
use super::explain::Explanation;
use super::family_entries::FamilyEntries;
use super::features::{self, Features};
use super::parsed_entry::ParsedEntry;
use super::rarity::RarityPoints;
use super::rarity_weights::RarityWeights;
use crate::facts::EventFacts;

/// One agency's account of one event: a unit, or several units that repeat one another.
pub(crate) struct Account {
    /// Indexes into [`FamilyEntries::units`], the fullest entry first.
    pub(crate) units: Vec<usize>,
    /// What all its units say.
    pub(crate) parsed: ParsedEntry,
    /// The children concerned.
    pub(crate) children: BTreeSet<PersonId>,
    /// The agency that gave it.
    pub(crate) agency: AgencyId,
    /// The rarity of all its words together, in general and in the family.
    pub(crate) total_rarity: (i32, i32),
}

/// All accounts of a family, in an order that depends only on what they say.
pub(crate) struct Accounts<'t, 'e, 'f> {
    pub(crate) family: &'t FamilyEntries<'e, 'f>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) rarity_weights: RarityWeights,
    rarity: RarityPoints,
    accounts_per_day: HashMap<Date, u32>,
    scores: RefCell<HashMap<(usize, usize), Option<i32>>>,
}

impl<'t, 'e, 'f> Accounts<'t, 'e, 'f> {
    /// Builds one account of each group of units.
    pub(crate) fn from_groups<'g>(
        family: &'t FamilyEntries<'e, 'f>,
        groups: impl Iterator<Item = &'g [usize]>,
    ) -> Self {
        let mut accounts: Vec<Account> = groups
            .filter_map(|units| merge_units(family, units))
            .collect();
        let parsed = accounts.iter().map(|account| &account.parsed);
        let rarity_weights = RarityWeights::count(parsed, &family.general_rarity, &family.frequent);
        for account in &mut accounts {
            account.total_rarity = rarity_weights.total_rarity(&account.parsed);
        }
        let rarity = family.rarity_among(accounts.iter().map(|account| &account.parsed));
        let mut accounts_per_day = HashMap::new();
        for day in accounts.iter().filter_map(|account| account.parsed.day) {
            *accounts_per_day.entry(day).or_insert(0) += 1;
        }
        Self {
            family,
            accounts,
            rarity_weights,
            rarity,
            accounts_per_day,
            scores: RefCell::default(),
        }
    }

    /// The fullest entry of an account.
    pub(crate) fn fullest_entry(&self, account: usize) -> Option<&EventFacts<'f>> {
        self.accounts
            .get(account)
            .and_then(|account| self.family.facts(*account.units.first()?))
    }

    /// The units of an account.
    pub(crate) fn units(&self, account: usize) -> &[usize] {
        self.accounts
            .get(account)
            .map_or(&[], |account| account.units.as_slice())
    }

    /// Whether both accounts come from one agency.
    pub(crate) fn same_agency(&self, a: usize, b: usize) -> bool {
        self.accounts
            .get(a)
            .zip(self.accounts.get(b))
            .is_some_and(|(a, b)| a.agency == b.agency)
    }

    /// Compares the days of two accounts.
    pub(crate) fn compare_dates(&self, a: usize, b: usize) -> Option<DateComparison> {
        let (x, y) = self.accounts.get(a).zip(self.accounts.get(b))?;
        Some(DateComparison::new(&x.parsed, &y.parsed))
    }

    /// The features of two agencies' accounts; `None` when their dates rule out one event.
    pub(crate) fn features(&self, a: usize, b: usize) -> Option<Features> {
        let (x, y) = self.accounts.get(a).zip(self.accounts.get(b))?;
        let dates = DateComparison::new(&x.parsed, &y.parsed);
        if features::is_excluded(x, y, &dates, &self.rarity) {
            return None;
        }
        let on_day = x
            .parsed
            .day
            .and_then(|day| self.accounts_per_day.get(&day))
            .copied();
        let others = on_day.unwrap_or_default().saturating_sub(2);
        Some(features::compute_features(
            x,
            y,
            &dates,
            others,
            &self.rarity_weights,
            &self.rarity,
        ))
    }

    /// How strongly two agencies' accounts match: the natural logarithm of the odds that they are
    /// about one event, in thousandths. `None` when they cannot be. Symmetric.
    pub(crate) fn score(&self, a: usize, b: usize) -> Option<i32> {
        let pair = (a.min(b), a.max(b));
        if let Some(known) = self.scores.borrow().get(&pair) {
            return *known;
        }
        let features = self
            .features(pair.0, pair.1)
            .filter(|features| !features.rules_out_one_event());
        let score = features.map(|features| self.family.model.score(&features));
        self.scores.borrow_mut().insert(pair, score);
        score
    }

    /// Whether a meaning is not frequent in English.
    pub(crate) fn is_uncommon(&self, meaning: u32) -> bool {
        let frequent = usize::try_from(meaning)
            .ok()
            .and_then(|meaning| self.family.frequent.get(meaning));
        frequent.is_some_and(|frequent| !frequent)
    }

    /// Whether two rows have no agency in common. Rows with an agency in common cannot be merged.
    pub(crate) fn have_no_common_agency(
        &self,
        rows: &[Vec<usize>],
        one: usize,
        other: usize,
    ) -> bool {
        let (Some(x), Some(y)) = (rows.get(one), rows.get(other)) else {
            return false;
        };
        !x.iter().any(|a| y.iter().any(|b| self.same_agency(*a, *b)))
    }

    /// Explains why the accounts of one row are together: each by its strongest match in the row.
    pub(crate) fn explain_row(&self, members: &[usize]) -> Explanation {
        let mut explanation = Explanation::default();
        let mut explained_pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
        for one in members {
            let others = members.iter().filter(|other| *other != one);
            let best = others
                .filter_map(|other| Some((self.score(*one, *other)?, Reverse(*other))))
                .max();
            let Some((_, Reverse(best))) = best else {
                continue;
            };
            if explained_pairs.insert((*one.min(&best), *one.max(&best))) {
                let pair = self.explain(*one, best);
                explanation.evidence.extend(pair.evidence);
                explanation.against.extend(pair.against);
            }
        }
        explanation
    }

    /// Every pair of accounts of different agencies that is compared, in order.
    pub(crate) fn candidate_pairs(&self) -> Vec<(usize, usize)> {
        let parsed = self.accounts.iter().map(|account| &account.parsed);
        let mut keys = BlockingKeys::new(parsed, &self.rarity);
        for (index, account) in self.accounts.iter().enumerate() {
            let words = self.fullest_entry(index).map_or(&[][..], EventFacts::words);
            keys.add(index, &account.parsed, words);
        }
        let order = |account: usize| {
            self.fullest_entry(account)
                .map(|facts| (facts.span(), facts.words()))
        };
        let mut pairs = keys.into_pairs(self.accounts.len(), order);
        pairs.retain(|(a, b)| !self.same_agency(*a, *b));
        pairs
    }
}

/// Merges units that repeat one another into one account; `None` for no units.
fn merge_units(family: &FamilyEntries<'_, '_>, units: &[usize]) -> Option<Account> {
    let meanings = |unit: usize| {
        family
            .parsed_entries
            .get(unit)
            .map(|parsed| parsed.meaning_ids.len())
    };
    let mut units = units.to_vec();
    units.sort_by_key(|unit| Reverse(meanings(*unit).map(|count| (count, Reverse(*unit)))));
    let (fullest, others) = units.split_first()?;
    let mut parsed = family.parsed_entries.get(*fullest)?.clone();
    for other in others
        .iter()
        .filter_map(|unit| family.parsed_entries.get(*unit))
    {
        parsed.extend(other);
    }
    let entries = units.iter().filter_map(|unit| family.facts(*unit));
    let children = entries
        .flat_map(|facts| facts.children().iter().copied())
        .collect();
    let agency = family.facts(*fullest)?.agency;
    Some(Account {
        units,
        parsed,
        children,
        agency,
        total_rarity: (0, 0),
    })
}
