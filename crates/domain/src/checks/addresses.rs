//! Whether a text discloses where a person with a protected address lives. Texts and addresses are
//! compared in one normal form (see [`normalization`]), so that neither spelling nor spacing hides
//! an address.

mod markers;
mod normalization;

use std::collections::BTreeSet;

use super::personal_data::is_postcode;
use super::vocabulary::ADDRESSES;
use crate::{Address, EntryDetails};
use markers::AddressMarkers;
use normalization::normalized_words;

/// The protected addresses of a family, in a form in which texts are searched for them.
#[derive(Debug, Default)]
pub struct ProtectedAddresses {
    /// Protected streets without a number: letters, joined without spaces.
    streets: BTreeSet<String>,
    /// Protected places: names of buildings, streets with their number, postcodes.
    places: BTreeSet<String>,
    /// Postcodes at which somebody in the family lives openly.
    open_postcodes: BTreeSet<String>,
    has_any: bool,
}

impl ProtectedAddresses {
    /// Builds the search from all addresses of a family. A protected address stays protected when
    /// somebody else in the family lives there openly. A street alone is not protected when
    /// somebody lives openly at another number in it.
    pub fn from_addresses<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> Self {
        let (protected, open): (Vec<&Address>, Vec<&Address>) =
            addresses.into_iter().partition(|address| address.protected);
        let mut places = BTreeSet::new();
        let mut streets = BTreeSet::new();
        for address in &protected {
            let markers = AddressMarkers::from_address(address);
            places.extend(markers.places);
            streets.extend(markers.streets);
        }
        let mut open_postcodes = BTreeSet::new();
        for markers in open
            .iter()
            .map(|address| AddressMarkers::from_address(address))
        {
            if markers.places.is_disjoint(&places) {
                streets.retain(|street| !markers.streets.contains(street));
                open_postcodes.extend(markers.postcode);
            }
        }
        Self {
            streets,
            places,
            open_postcodes,
            has_any: !protected.is_empty(),
        }
    }

    /// Whether anybody in the family has a protected address.
    #[must_use]
    pub const fn has_any(&self) -> bool {
        self.has_any
    }

    /// Whether the address is a protected address of anybody in the family, even if this record of
    /// it is not marked as protected.
    #[must_use]
    pub fn contains(&self, address: &Address) -> bool {
        !AddressMarkers::from_address(address)
            .places
            .is_disjoint(&self.places)
    }

    /// Whether any text of a stored entry names a protected place. Such an entry was submitted
    /// before the address was protected, or in an advance submission by an agency that did not
    /// know. A street without a number and other postcodes do not count.
    #[must_use]
    pub fn is_place_named_in_entry(&self, entry: &EntryDetails) -> bool {
        self.has_any
            && super::text::text_fields(entry)
                .iter()
                .any(|field| self.is_place_named_in(field.text))
    }

    /// Whether a text names a protected place.
    #[must_use]
    pub fn is_place_named_in(&self, text: &str) -> bool {
        let words = normalized_words(text);
        let mut starts = 0..words.len();
        starts.any(|index| {
            matching_words(words.get(index..).unwrap_or_default(), &self.places).is_some()
        })
    }

    /// Whether a text names a protected address, or contains a postcode at which nobody in the
    /// family lives openly. Where an address is protected, the answer is the same for its postcode
    /// and for any other, so that it confirms no guess.
    #[must_use]
    pub fn is_disclosed_in(&self, text: &str) -> bool {
        if !self.has_any {
            return false;
        }
        let words = normalized_words(text);
        self.is_place_or_street_named_in(&words)
            || (0..words.len()).any(|index| {
                let found = postcode_at_start(words.get(index..).unwrap_or_default());
                found.is_some_and(|(postcode, _)| !self.open_postcodes.contains(&postcode))
            })
    }

    /// Whether words name a protected place, or a protected street that is not part of an
    /// institution's name.
    fn is_place_or_street_named_in(&self, words: &[String]) -> bool {
        (0..words.len()).any(|index| {
            let rest = words.get(index..).unwrap_or_default();
            let is_institution = |street_words: usize| {
                rest.get(street_words)
                    .is_some_and(|next| ADDRESSES.institutions.contains(next.as_str()))
            };
            matching_words(rest, &self.places).is_some()
                || matching_words(rest, &self.streets)
                    .is_some_and(|street_words| !is_institution(street_words))
        })
    }
}

/// Whether a text contains something that reads like an address: a number before a word, the name
/// of a street or building, a postcode, or letters written one by one. When a protected address is
/// disclosed, all such texts of the submission are named together, so that the one that disclosed
/// it cannot be identified.
#[must_use]
pub fn looks_like_address(text: &str) -> bool {
    let words = normalized_words(text);
    let is_house_number =
        |word: &String| word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= 5;
    let is_alphabetic = |word: &String| word.chars().all(char::is_alphabetic);
    let has_address_pair = words.windows(2).any(|pair| match pair {
        [first, second] => {
            (is_house_number(first) && is_alphabetic(second))
                || ADDRESSES.street_type(second).is_some()
                || ADDRESSES.building_types.contains(second.as_str())
        }
        _ => false,
    });
    let is_spelled_out = words
        .windows(4)
        .any(|run| run.iter().all(|word| word.chars().count() == 1));
    let has_postcode = (0..words.len())
        .any(|index| postcode_at_start(words.get(index..).unwrap_or_default()).is_some());
    has_address_pair || is_spelled_out || has_postcode
}

/// The number of words that match a marker, when the words begin with one, however its letters are
/// spaced.
fn matching_words(words: &[String], markers: &BTreeSet<String>) -> Option<usize> {
    let longest = markers.iter().map(String::len).max().unwrap_or(0);
    let mut joined = String::new();
    for (index, word) in words.iter().enumerate() {
        joined.push_str(word);
        if joined.len() > longest {
            return None;
        }
        if markers.contains(&joined) {
            return Some(index + 1);
        }
    }
    None
}

/// The postcode that begins at the first word, and the number of its words: written as one word, as
/// two, or letter by letter.
fn postcode_at_start(words: &[String]) -> Option<(String, usize)> {
    let one_word = words
        .first()
        .filter(|word| is_plausible_postcode(word))
        .map(|word| (word.clone(), 1));
    let two_words = || match words {
        [first, second, ..] if second.len() == 3 && first.len() <= 4 => {
            let joined = format!("{first}{second}");
            is_plausible_postcode(&joined).then_some((joined, 2))
        }
        _ => None,
    };
    let spelled_out = || {
        let mut joined = String::new();
        for (index, word) in words.iter().take(7).enumerate() {
            if word.chars().count() > 1 {
                return None;
            }
            joined.push_str(word);
            if index > 1 && is_plausible_postcode(&joined) {
                return Some((joined, index + 1));
            }
        }
        None
    };
    one_word.or_else(two_words).or_else(spelled_out)
}

/// Whether a text has the form of a postcode in an existing area, and does not end like a time, day
/// or measure after a school year or a ward ("KS2 6wk").
fn is_plausible_postcode(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    if !is_postcode(&text) {
        return false;
    }
    let ending = text
        .get(text.len() - 2..)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let area_letters = text.chars().take_while(char::is_ascii_uppercase).count();
    // The areas of one letter, and Z, which is in no use and serves for tests.
    let area_exists =
        area_letters > 1 || text.starts_with(['B', 'E', 'G', 'L', 'M', 'N', 'S', 'W', 'Z']);
    area_exists && !ADDRESSES.measures.contains(ending.as_str())
}

#[cfg(test)]
mod tests;
