//! Exact duplicates within one agency's entries, found by hashing, so that the cost is linear
//! however many there are.

use std::collections::HashMap;

use domain::{AdultRole, AgencyId, Category, PersonId};

use crate::facts::EventFacts;

/// An entry with its exact duplicates: entries of one agency with the same content for the same
/// children.
pub(crate) struct DistinctEntry {
    /// Indexes into the entries, in the order in which they were given; never empty.
    pub(crate) entries: Vec<usize>,
}

impl DistinctEntry {
    /// The index of the entry that stands for all.
    pub(crate) fn representative(&self) -> usize {
        self.entries.first().copied().unwrap_or_default()
    }
}

/// Everything in an entry that can influence a decision. Only the ids of the entry and the fragment
/// are left out.
#[derive(PartialEq, Eq, Hash)]
struct ContentKey<'a> {
    agency: AgencyId,
    category: &'a Category,
    when: &'a str,
    children: &'a [PersonId],
    words: &'a [String],
    /// The text itself, where it has no content words.
    text_without_words: Option<&'a str>,
    seen: Option<bool>,
    outcome: Option<&'a str>,
    adults: Vec<(Option<PersonId>, AdultRole)>,
    reference: Option<String>,
    document: Option<String>,
}

impl<'a> ContentKey<'a> {
    fn new(facts: &'a EventFacts<'a>) -> Self {
        let words = facts.words();
        Self {
            agency: facts.agency,
            category: &facts.details.category,
            when: facts.details.when.edtf(),
            children: facts.children(),
            words,
            text_without_words: words.is_empty().then(|| facts.details.what.as_str()),
            seen: facts.was_seen(),
            outcome: facts.outcome(),
            adults: facts.adults(),
            reference: facts.reference(),
            document: facts.document(),
        }
    }
}

/// Groups the entries at `indexes` by content: entries that were sent several times or listed twice
/// in one return.
pub(crate) fn group_exact_duplicates(
    facts: &[EventFacts<'_>],
    indexes: &[usize],
) -> Vec<DistinctEntry> {
    let mut unit_of: HashMap<ContentKey<'_>, usize> = HashMap::new();
    let mut units: Vec<DistinctEntry> = Vec::new();
    for &index in indexes {
        let Some(entry) = facts.get(index) else {
            continue;
        };
        let position = *unit_of.entry(ContentKey::new(entry)).or_insert(units.len());
        match units.get_mut(position) {
            Some(unit) => unit.entries.push(index),
            None => units.push(DistinctEntry {
                entries: vec![index],
            }),
        }
    }
    units
}
