//! Exact repeats of one agency, found by hashing: however many there are, the cost is linear.

use std::collections::HashMap;

use domain::{AdultRole, AgencyId, Category, PersonId};

use crate::facts::EventFacts;

/// Entries of one agency that say the same of the same children: one telling, sent once or more.
pub(crate) struct Unit {
    /// Indexes into the entries, by entry id; never empty.
    pub(crate) entries: Vec<usize>,
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

/// Groups the entries of `pool` that say the same: sent several times, or listed twice in one return.
pub(crate) fn pile(facts: &[EventFacts<'_>], pool: &[usize]) -> Vec<Unit> {
    let mut by_shape: HashMap<Shape<'_>, usize> = HashMap::new();
    let mut units: Vec<Unit> = Vec::new();
    for &index in pool {
        let Some(entry) = facts.get(index) else { continue };
        let place = *by_shape.entry(Shape::of(entry)).or_insert(units.len());
        match units.get_mut(place) {
            Some(unit) => unit.entries.push(index),
            None => units.push(Unit { entries: vec![index] }),
        }
    }
    units
}
