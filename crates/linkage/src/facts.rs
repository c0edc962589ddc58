//! What is known of one entry when asking whether another tells the same event.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt;

use domain::{AdultRole, AgencyId, EntryDetails, EntryId, FragmentId, PersonId, SeenStatus, Sensitive};
use time::Date;

use crate::missing::is_missing;
use crate::tokens::{content, tokens};

/// Names in the family. A sibling's copy of an entry may differ in the child's own given name, a name is never taken for a
/// slip of the pen, and a name that half of the family's records hold says nothing of what happened.
#[derive(Default, Clone)]
pub struct FamilyNames {
    children: Vec<(PersonId, Vec<String>)>,
    others: BTreeSet<String>,
}

impl FamilyNames {
    /// From each child's given names, in any order.
    pub fn new<'a>(children: impl IntoIterator<Item = (PersonId, &'a str)>) -> Self {
        let children = children.into_iter().map(|(id, given)| (id, tokens(given))).collect();
        Self { children, others: BTreeSet::new() }
    }

    /// With other names that the family goes by: family names, and the names of its adults.
    #[must_use]
    pub fn with_others<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.others.extend(names.into_iter().flat_map(tokens));
        self
    }

    /// With the lines of the family's addresses, of which a place's own name counts, not "street" or a number.
    #[must_use]
    pub fn with_addresses<'a>(mut self, lines: impl IntoIterator<Item = &'a str>) -> Self {
        let own = |word: &String| {
            word.len() > 3 && !STREETS.contains(&word.as_str()) && word.chars().all(char::is_alphabetic)
        };
        self.others.extend(lines.into_iter().flat_map(tokens).filter(own));
        self
    }

    fn of(&self, children: &[PersonId]) -> Vec<String> {
        let theirs = self.children.iter().filter(|(id, _)| children.contains(id));
        theirs.flat_map(|(_, names)| names.iter().cloned()).collect()
    }

    /// Whether the word is a child's given name.
    pub(crate) fn contains(&self, word: &str) -> bool {
        self.children.iter().any(|(_, names)| names.iter().any(|name| name == word))
    }

    /// The children whose given name the word is.
    pub(crate) fn children_named<'n>(&'n self, word: &'n str) -> impl Iterator<Item = PersonId> + 'n {
        let theirs = self.children.iter().filter(move |(_, names)| names.iter().any(|name| name == word));
        theirs.map(|(id, _)| *id)
    }

    /// Whether the word names anybody of the family.
    pub(crate) fn names_anybody(&self, word: &str) -> bool {
        self.others.contains(word) || self.contains(word)
    }
}

/// What streets and houses are called besides their own name.
const STREETS: &[&str] = &[
    "street", "road", "lane", "close", "court", "house", "drive", "avenue", "gardens", "crescent", "place", "terrace",
    "view", "flat", "floor", "square", "green", "hill", "park", "walk", "mews", "rise", "yard", "farm", "cottage",
    "estate", "block", "room", "hostel", "refuge", "site", "plot", "bank", "gate", "side", "mill", "bridge", "station",
    "church", "school", "hospital", "north", "south", "east", "west", "upper", "lower", "great", "little", "high",
    "main",
];

impl fmt::Debug for FamilyNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FamilyNames({} children)", self.children.len())
    }
}

/// One entry as same-event decisions see it. The text is taken apart only when a decision needs it.
pub struct EventFacts<'a> {
    pub(crate) entry: EntryId,
    pub(crate) fragment: FragmentId,
    pub(crate) agency: AgencyId,
    pub(crate) details: &'a EntryDetails,
    pub(crate) names: &'a FamilyNames,
    called: Option<&'a str>,
    children: Vec<PersonId>,
    earliest: Date,
    latest: Date,
    words: OnceCell<Vec<String>>,
    own_names: OnceCell<Vec<String>>,
}

impl<'a> EventFacts<'a> {
    /// The facts of one entry, told by `agency` in `fragment`.
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
        let (earliest, latest) = (details.when.earliest(), details.when.latest());
        let (words, own_names) = (OnceCell::new(), OnceCell::new());
        Self { entry, fragment, agency, details, names, called: None, children, earliest, latest, words, own_names }
    }

    /// The same facts with the agency's own word for the type of event ("DA call-out"); it may mislead or be empty.
    #[must_use]
    pub const fn called(mut self, own_word: &'a str) -> Self {
        self.called = Some(own_word);
        self
    }

    /// The agency's own word for the type of event.
    pub(crate) const fn own_word(&self) -> Option<&'a str> {
        self.called
    }

    /// First and last day it can have been.
    pub(crate) const fn span(&self) -> (Date, Date) {
        (self.earliest, self.latest)
    }

    /// Days from the first to the last day it can have been: 0 for a day.
    pub(crate) fn width(&self) -> i64 {
        (self.latest - self.earliest).whole_days()
    }

    /// Minutes after midnight, when the time is known.
    pub(crate) fn minutes(&self) -> Option<u16> {
        self.details.when.time().map(domain::TimeOfDay::minutes)
    }

    /// The children concerned, sorted, each once.
    pub(crate) fn children(&self) -> &[PersonId] {
        &self.children
    }

    pub(crate) fn shares_child(&self, other: &Self) -> bool {
        self.children.iter().any(|child| other.children.binary_search(child).is_ok())
    }

    /// The text's words without those that never change what happened.
    pub(crate) fn words(&self) -> &[String] {
        self.words.get_or_init(|| content(self.details.what.as_str()))
    }

    /// Given names of the children concerned.
    pub(crate) fn own_names(&self) -> &[String] {
        self.own_names.get_or_init(|| self.names.of(&self.children))
    }

    /// Whether the child was seen, when it is said.
    pub(crate) fn was_seen(&self) -> Option<bool> {
        self.details.seen.map(|seen| seen != SeenStatus::NotSeen)
    }

    pub(crate) fn outcome(&self) -> Option<&str> {
        self.details.outcome.as_ref().map(Sensitive::as_str)
    }

    /// The agency's own record reference, without regard to capitals and spacing; `None` for a word like "not known".
    pub(crate) fn reference(&self) -> Option<String> {
        self.details.reference.as_deref().filter(|reference| !is_missing(reference)).and_then(bare)
    }

    /// The document reference, without regard to capitals and spacing; `None` when too short or without a digit, because
    /// "letter" is no reference.
    pub(crate) fn document(&self) -> Option<String> {
        let bare = self.details.document_reference.as_deref().and_then(bare)?;
        (bare.chars().count() >= 4 && bare.contains(|c: char| c.is_ascii_digit())).then_some(bare)
    }

    /// Adults concerned, as person and part played.
    pub(crate) fn adults(&self) -> Vec<(Option<PersonId>, AdultRole)> {
        let mut adults: Vec<_> = self.details.adults.iter().map(|adult| (adult.person, adult.role)).collect();
        adults.sort_unstable();
        adults
    }
}

impl fmt::Debug for EventFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventFacts").field("entry", &self.entry).finish_non_exhaustive()
    }
}

fn bare(reference: &str) -> Option<String> {
    let bare: String = reference.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    (!bare.is_empty()).then_some(bare)
}
