//! The parts of an address by which a text that names it is recognised.

use std::collections::BTreeSet;

use super::normalization::normalized_words;
use super::postcode_at_start;
use crate::Address;
use crate::checks::vocabulary::ADDRESSES;

/// Markers with as many characters or fewer are not used: they would be found in harmless texts.
const MAX_IGNORED_LENGTH: usize = 4;
/// Longest name of a street, in words.
const MAX_STREET_NAME_WORDS: usize = 4;

/// What one address is recognised by. Words are in normal form and joined without spaces.
#[derive(Default)]
pub(super) struct AddressMarkers {
    /// Markers that name the place itself: a street with its number, a building by its name, a
    /// postcode.
    pub(super) places: BTreeSet<String>,
    /// Streets without a number.
    pub(super) streets: BTreeSet<String>,
    pub(super) postcode: Option<String>,
}

impl AddressMarkers {
    pub(super) fn from_address(address: &Address) -> Self {
        let mut markers = Self::default();
        markers.postcode = address
            .postcode
            .as_ref()
            .map(|postcode| normalized_words(postcode.as_str()).concat());
        markers.postcode = markers.postcode.filter(|postcode| !postcode.is_empty());
        markers.places.extend(markers.postcode.clone());
        let lines = address.lines.as_str().split(['\n', '\r', ',', ';']);
        let lines: Vec<Vec<String>> = lines
            .map(|line| markers.take_postcodes(normalized_words(line)))
            .collect();
        let has_street = |words: &Vec<String>| {
            words
                .iter()
                .skip(1)
                .any(|word| ADDRESSES.street_type(word).is_some())
        };
        let first_street = lines.iter().position(has_street);
        for (index, words) in lines.iter().enumerate() {
            // A building is on the first line or directly before its street; later lines are a
            // town, a county or a note.
            let may_name_building =
                first_street.is_none_or(|street| index == 0 || index + 1 == street);
            markers.add_streets(words);
            if may_name_building && first_street != Some(index) {
                markers.add_building(words, index == 0);
            }
        }
        markers
            .places
            .retain(|marker| marker.chars().count() > MAX_IGNORED_LENGTH);
        markers
            .streets
            .retain(|marker| marker.chars().count() > MAX_IGNORED_LENGTH);
        markers
    }

    /// Moves the postcodes of a line to the places and returns the other words.
    fn take_postcodes(&mut self, words: Vec<String>) -> Vec<String> {
        let mut other_words = Vec::new();
        let mut index = 0;
        while let Some(rest) = words.get(index..).filter(|rest| !rest.is_empty()) {
            match postcode_at_start(rest) {
                Some((postcode, word_count)) => {
                    self.places.insert(postcode);
                    index += word_count;
                }
                None => {
                    other_words.extend(rest.first().cloned());
                    index += 1;
                }
            }
        }
        other_words
    }

    /// Adds every street of a line, with the numbers before and after it.
    fn add_streets(&mut self, words: &[String]) {
        let is_number = |word: &String| word.starts_with(|c: char| c.is_ascii_digit());
        let street_ends = words
            .iter()
            .enumerate()
            .filter(|(_, word)| ADDRESSES.street_type(word).is_some());
        for (end, street_type) in street_ends {
            let before = words.get(..end).unwrap_or_default();
            let number_index = before.iter().rposition(is_number);
            let name = before
                .get(number_index.map_or(0, |index| index + 1)..)
                .unwrap_or_default();
            let name = name
                .get(name.len().saturating_sub(MAX_STREET_NAME_WORDS)..)
                .unwrap_or_default();
            let is_distinctive = name
                .iter()
                .any(|word| !ADDRESSES.generic_words.contains(word.as_str()));
            let name: String = name.concat();
            if name.is_empty() {
                continue;
            }
            if is_distinctive {
                self.streets.insert(format!("{name}{street_type}"));
            }
            let number_before = number_index.and_then(|index| words.get(index));
            let number_after = words.get(end + 1).filter(|word| is_number(word));
            for number in number_before.into_iter().chain(number_after) {
                self.places.insert(format!("{number}{name}{street_type}"));
            }
        }
    }

    /// Adds the name of a building, if the words of a line read like one.
    fn add_building(&mut self, words: &[String], is_first_line: bool) {
        let is_number = |word: &&String| word.starts_with(|c: char| c.is_ascii_digit());
        let has_article = words.iter().any(|word| word == "the");
        let name: Vec<&str> = words
            .iter()
            .filter(|word| !is_number(word))
            .map(String::as_str)
            .skip_while(|word| ADDRESSES.unit_words.contains(word))
            .collect();
        let is_distinctive = |word: &&&str| {
            !ADDRESSES.generic_words.contains(*word) && !ADDRESSES.building_types.contains(*word)
        };
        let distinctive_words = name.iter().filter(is_distinctive).count();
        let ends_with_building_type = name
            .last()
            .is_some_and(|last| ADDRESSES.building_types.contains(last));
        match name.as_slice() {
            [] => {}
            [word]
                if ends_with_building_type
                    && has_article
                    && ADDRESSES.named_by_article.contains(word) =>
            {
                self.places.insert(format!("the{word}"));
            }
            [_] if ends_with_building_type => {}
            // A line of one long word that has no other meaning is the name of a building.
            [word]
                if is_first_line
                    && words.len() == 1
                    && distinctive_words == 1
                    && word.chars().count() > 6 =>
            {
                self.places.insert((*word).to_owned());
            }
            _ if ends_with_building_type && distinctive_words > 0 => {
                self.places.insert(name.concat());
            }
            _ => {}
        }
    }
}
