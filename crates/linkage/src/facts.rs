//! The facts of an entry that decisions about the same event are based on.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use domain::word_list::WordList;
use domain::{
    AdultRole, AgencyId, EntryDetails, EntryId, FragmentId, PersonId, SeenStatus, Sensitive,
};
use time::Date;

use crate::missing::is_missing;
use crate::stable_hash::WordSet;
use crate::tokens::{content_words, tokenize};

/// The names in a family. A sibling's copy of an entry may differ in the child's given name; a name
/// is never taken for a misspelling; and a name says nothing about what happened, because many of
/// the family's entries contain it.
#[derive(Default, Clone)]
pub struct FamilyNames {
    children: Vec<(PersonId, Vec<String>)>,
    others: BTreeSet<String>,
}

impl FamilyNames {
    /// The given names of each child, in any order.
    pub fn new<'a>(children: impl IntoIterator<Item = (PersonId, &'a str)>) -> Self {
        let children = children
            .into_iter()
            .map(|(id, given)| (id, tokenize(given)))
            .collect();
        Self {
            children,
            others: BTreeSet::new(),
        }
    }

    /// Adds other names of the family: family names, and the names of its adults.
    #[must_use]
    pub fn with_other_names<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.others.extend(names.into_iter().flat_map(tokenize));
        self
    }

    /// Adds the lines of the family's addresses. Numbers, short words and words such as "street"
    /// are left out.
    #[must_use]
    pub fn with_addresses<'a>(mut self, lines: impl IntoIterator<Item = &'a str>) -> Self {
        let identifies_place = |word: &String| {
            word.len() > 3
                && !ADDRESS_WORDS.contains(word.as_str())
                && word.chars().all(char::is_alphabetic)
        };
        self.others.extend(
            lines
                .into_iter()
                .flat_map(tokenize)
                .filter(identifies_place),
        );
        self
    }

    fn given_names_of(&self, children: &[PersonId]) -> Vec<String> {
        let of_children = self.children.iter().filter(|(id, _)| children.contains(id));
        of_children
            .flat_map(|(_, names)| names.iter().cloned())
            .collect()
    }

    /// Whether the word is a child's given name.
    pub(crate) fn is_childs_given_name(&self, word: &str) -> bool {
        self.children
            .iter()
            .any(|(_, names)| names.iter().any(|name| name == word))
    }

    /// The children who have the word as a given name.
    pub(crate) fn children_named<'n>(
        &'n self,
        word: &'n str,
    ) -> impl Iterator<Item = PersonId> + 'n {
        let named = self
            .children
            .iter()
            .filter(move |(_, names)| names.iter().any(|name| name == word));
        named.map(|(id, _)| *id)
    }

    /// Whether the word is any name of the family.
    pub(crate) fn contains(&self, word: &str) -> bool {
        self.others.contains(word) || self.is_childs_given_name(word)
    }
}

const ADDRESS_WORD_LIST: &str = include_str!("../data/address-words.txt");

/// Words in addresses that do not identify a place.
static ADDRESS_WORDS: LazyLock<WordSet> = LazyLock::new(|| {
    WordList::parse(ADDRESS_WORD_LIST)
        .items("")
        .iter()
        .copied()
        .collect()
});

impl fmt::Debug for FamilyNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FamilyNames({} children)", self.children.len())
    }
}

/// The facts of one entry. Its text is split into words only when a decision needs them.
pub struct EventFacts<'a> {
    pub(crate) entry: EntryId,
    pub(crate) fragment: FragmentId,
    pub(crate) agency: AgencyId,
    pub(crate) details: &'a EntryDetails,
    pub(crate) names: &'a FamilyNames,
    type_label: Option<&'a str>,
    children: Vec<PersonId>,
    earliest: Date,
    latest: Date,
    words: OnceCell<Vec<String>>,
    own_names: OnceCell<Vec<String>>,
}

impl<'a> EventFacts<'a> {
    /// The facts of one entry, which `agency` sent in `fragment`.
    #[must_use]
    pub fn new(
        entry: EntryId,
        fragment: FragmentId,
        agency: AgencyId,
        details: &'a EntryDetails,
        names: &'a FamilyNames,
    ) -> Self {
        let mut children = details.children.clone();
        children.sort_unstable();
        children.dedup();
        Self {
            entry,
            fragment,
            agency,
            details,
            names,
            type_label: None,
            children,
            earliest: details.when.earliest(),
            latest: details.when.latest(),
            words: OnceCell::new(),
            own_names: OnceCell::new(),
        }
    }

    /// Adds the agency's own label for the type of event ("DA call-out"). It may mislead or be
    /// empty.
    #[must_use]
    pub const fn with_type_label(mut self, type_label: &'a str) -> Self {
        self.type_label = Some(type_label);
        self
    }

    /// The agency's own label for the type of event.
    pub(crate) const fn type_label(&self) -> Option<&'a str> {
        self.type_label
    }

    /// The first and last possible day.
    pub(crate) const fn span(&self) -> (Date, Date) {
        (self.earliest, self.latest)
    }

    /// The days from the first to the last possible day, 0 for one day.
    pub(crate) fn width(&self) -> i64 {
        (self.latest - self.earliest).whole_days()
    }

    /// The time of day in minutes after midnight, when it is known.
    pub(crate) fn minutes(&self) -> Option<u16> {
        self.details.when.time().map(domain::TimeOfDay::minutes)
    }

    /// The children concerned, sorted and each once.
    pub(crate) fn children(&self) -> &[PersonId] {
        &self.children
    }

    pub(crate) fn shares_child(&self, other: &Self) -> bool {
        self.children
            .iter()
            .any(|child| other.children.binary_search(child).is_ok())
    }

    /// The words of the text without fillers.
    pub(crate) fn words(&self) -> &[String] {
        self.words
            .get_or_init(|| content_words(self.details.what.as_str()))
    }

    /// The given names of the children concerned.
    pub(crate) fn own_names(&self) -> &[String] {
        self.own_names
            .get_or_init(|| self.names.given_names_of(&self.children))
    }

    /// Whether the child was seen, when the entry says so.
    pub(crate) fn was_seen(&self) -> Option<bool> {
        self.details.seen.map(|seen| seen != SeenStatus::NotSeen)
    }

    pub(crate) fn outcome(&self) -> Option<&str> {
        self.details.outcome.as_ref().map(Sensitive::as_str)
    }

    /// The agency's own record reference in normalised form; `None` for a value such as "not
    /// known".
    pub(crate) fn reference(&self) -> Option<String> {
        self.details
            .reference
            .as_deref()
            .filter(|reference| !is_missing(reference))
            .and_then(normalize_reference)
    }

    /// The document reference in normalised form; `None` when it is too short or has no digit,
    /// because "letter" is no reference.
    pub(crate) fn document(&self) -> Option<String> {
        let reference = self
            .details
            .document_reference
            .as_deref()
            .and_then(normalize_reference)?;
        let is_reference =
            reference.chars().count() >= 4 && reference.contains(|c: char| c.is_ascii_digit());
        is_reference.then_some(reference)
    }

    /// The adults concerned, as person and role, sorted.
    pub(crate) fn adults(&self) -> Vec<(Option<PersonId>, AdultRole)> {
        let mut adults: Vec<_> = self
            .details
            .adults
            .iter()
            .map(|adult| (adult.person, adult.role))
            .collect();
        adults.sort_unstable();
        adults
    }
}

impl fmt::Debug for EventFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventFacts")
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}

/// The letters and digits of a reference in lower case; `None` when there are none.
fn normalize_reference(reference: &str) -> Option<String> {
    let normalized: String = reference
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    (!normalized.is_empty()).then_some(normalized)
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};

    use super::*;

    #[test]
    fn list_of_address_words_is_well_formed() {
        assert_eq!(
            mistakes(ADDRESS_WORD_LIST, ItemOrder::Sorted),
            Vec::<String>::new()
        );
        assert!(!ADDRESS_WORDS.is_empty());
    }
}
