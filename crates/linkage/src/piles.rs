//! Exact repeats of one agency, found by hashing: however many there are, the cost is linear.

use std::collections::HashMap;

use domain::{AdultRole, AgencyId, Category, FragmentId, PersonId};

use crate::facts::EventFacts;

/// Entries of one agency that say the same of the same children: one telling, sent once or more.
pub(crate) struct Unit {
    /// Indexes into the entries, by entry id; never empty.
    pub(crate) entries: Vec<usize>,
    /// Which of several identical lines of one return it is, from 0: two identical calls on one day are two events.
    pub(crate) occurrence: usize,
}

impl Unit {
    /// The index that stands for all.
    pub(crate) fn first(&self) -> usize {
        self.entries.first().copied().unwrap_or_default()
    }
}

/// Everything that plays a part in a decision but the entry and the fragment.
#[derive(PartialEq, Eq, Hash)]
struct Shape<'a> {
    agency: AgencyId,
    category: &'a Category,
    when: &'a str,
    children: &'a [PersonId],
    words: &'a [String],
    plain: Option<&'a str>,
    seen: Option<bool>,
    outcome: Option<&'a str>,
    adults: Vec<(Option<PersonId>, AdultRole)>,
    reference: Option<String>,
    document: Option<String>,
}

impl<'a> Shape<'a> {
    fn of(facts: &'a EventFacts<'a>) -> Self {
        let words = facts.words();
        Self {
            agency: facts.agency,
            category: &facts.details.category,
            when: facts.details.when.edtf(),
            children: facts.children(),
            words,
            plain: words.is_empty().then(|| facts.details.what.as_str()),
            seen: facts.was_seen(),
            outcome: facts.outcome(),
            adults: facts.adults(),
            reference: facts.reference(),
            document: facts.document(),
        }
    }
}

/// Groups the entries of `pool`, which is in entry-id order. When no time is known, lines repeated within one return stay
/// apart, and the first of one return goes with the first of another.
pub(crate) fn pile(facts: &[EventFacts<'_>], pool: &[usize]) -> Vec<Unit> {
    let mut by_shape: HashMap<Shape<'_>, usize> = HashMap::new();
    let mut piles: Vec<Vec<(usize, &EventFacts<'_>)>> = Vec::new();
    for &index in pool {
        let Some(entry) = facts.get(index) else { continue };
        let place = *by_shape.entry(Shape::of(entry)).or_insert(piles.len());
        match piles.get_mut(place) {
            Some(pile) => pile.push((index, entry)),
            None => piles.push(vec![(index, entry)]),
        }
    }
    piles.into_iter().flat_map(units).collect()
}

fn units(pile: Vec<(usize, &EventFacts<'_>)>) -> Vec<Unit> {
    let mut told: HashMap<FragmentId, usize> = HashMap::new();
    let mut units: Vec<Unit> = Vec::new();
    for (index, entry) in pile {
        let times = told.entry(entry.fragment).or_insert(0);
        let occurrence = if entry.minutes().is_some() { 0 } else { *times };
        *times += 1;
        match units.get_mut(occurrence) {
            Some(unit) => unit.entries.push(index),
            None => units.push(Unit { entries: vec![index], occurrence }),
        }
    }
    units
}
