//! Whether a text tells where somebody lives whose address is protected.
//!
//! Texts and addresses are compared after one normalisation: compatibility forms made one and marks taken off letters (Unicode
//! NFKD), format characters (general category Cf) and fillers taken out, letters made small, those of other scripts that look
//! like Latin ones made these, words for streets written out, and everything that is neither letter nor digit a gap.

mod words;

use std::collections::BTreeSet;

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_normalization::UnicodeNormalization;

use super::people::is_postcode;
use crate::{Address, EntryDetails};
use words::{COMMON, FILLERS, HOUSES, INSTITUTIONS, LOOKALIKES, NAMED_BY_THE, STREETS};

/// What a family's protected addresses are recognised by.
#[derive(Debug, Default)]
pub struct ProtectedAddresses {
    /// Names of streets alone: letters, run together.
    streets: BTreeSet<String>,
    /// Whole protected places: names of houses, streets with their number, postcodes.
    places: BTreeSet<String>,
    /// Postcodes at which somebody of the family lives openly.
    open_postcodes: BTreeSet<String>,
    any: bool,
}

/// Shortest run of letters and digits that tells a place.
const SHORTEST: usize = 4;
/// Longest name of a street, in words.
const LONGEST_NAME: usize = 4;

impl ProtectedAddresses {
    /// Those of a family, of all of whose addresses. One where somebody else of the family lives openly is protected all the
    /// same; a street where somebody lives openly at another number tells nothing.
    pub fn of<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> Self {
        let (protected, open): (Vec<&Address>, Vec<&Address>) =
            addresses.into_iter().partition(|address| address.protected);
        let (mut places, mut streets) = (BTreeSet::new(), BTreeSet::new());
        for address in &protected {
            let marks = Marks::of(address);
            places.extend(marks.places);
            streets.extend(marks.streets);
        }
        let mut open_postcodes = BTreeSet::new();
        for marks in open.iter().map(|address| Marks::of(address)) {
            if marks.places.is_disjoint(&places) {
                streets.retain(|street| !marks.streets.contains(street));
                open_postcodes.extend(marks.postcode);
            }
        }
        Self { streets, places, open_postcodes, any: !protected.is_empty() }
    }

    /// Whether anybody of the family has a protected address.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.any
    }

    /// Whether an address is a protected one, whosever it is said to be.
    #[must_use]
    pub fn is_one(&self, address: &Address) -> bool {
        !Marks::of(address).places.is_disjoint(&self.places)
    }

    /// Whether any text of an entry names a protected place: one that was sent before the address was protected, or ahead of
    /// the chronology by an agency that did not know. A street alone or another postcode says nothing here.
    #[must_use]
    pub fn are_named_by(&self, entry: &EntryDetails) -> bool {
        self.any && super::text::fields(entry).iter().any(|field| self.is_place_in(field.text))
    }

    /// Whether a text names a protected place.
    #[must_use]
    pub fn is_place_in(&self, text: &str) -> bool {
        let words = normalised(text);
        let starts = 0..words.len();
        starts.into_iter().any(|at| named_by(words.get(at..).unwrap_or_default(), &self.places).is_some())
    }

    fn is_named_in(&self, words: &[String]) -> bool {
        (0..words.len()).any(|at| {
            let rest = words.get(at..).unwrap_or_default();
            let institution = |taken: usize| rest.get(taken).is_some_and(|next| INSTITUTIONS.contains(&next.as_str()));
            named_by(rest, &self.places).is_some()
                || named_by(rest, &self.streets).is_some_and(|taken| !institution(taken))
        })
    }

    /// Whether a text names a protected address, or holds a postcode at which nobody of the family lives openly. Where an
    /// address is protected the answer is the same for the right postcode and for any other, so that it confirms no guess.
    #[must_use]
    pub fn is_told_in(&self, text: &str) -> bool {
        if !self.any {
            return false;
        }
        let words = normalised(text);
        self.is_named_in(&words)
            || (0..words.len()).any(|at| {
                let found = postcode_at(words.get(at..).unwrap_or_default());
                found.is_some_and(|(postcode, _)| !self.open_postcodes.contains(&postcode))
            })
    }
}

/// Whether a text holds something that reads like a place where somebody lives: a number before a word, the name of a street
/// or a house, a postcode, or letters one by one. Texts that do are named together, so that the one among them which told an
/// address does not stand out.
#[must_use]
pub fn reads_like_an_address(text: &str) -> bool {
    let words = normalised(text);
    let number = |word: &String| word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= 5;
    let letters = |word: &String| word.chars().all(char::is_alphabetic);
    let pair = words.windows(2).any(|pair| match pair {
        [first, second] => {
            (number(first) && letters(second)) || street(second).is_some() || HOUSES.contains(&second.as_str())
        }
        _ => false,
    });
    let spelled = words.windows(4).any(|run| run.iter().all(|word| word.chars().count() == 1));
    let postcode = (0..words.len()).any(|at| postcode_at(words.get(at..).unwrap_or_default()).is_some());
    pair || spelled || postcode
}

/// What a street's word stands for.
fn street(word: &str) -> Option<&'static str> {
    STREETS.iter().find(|(short, _)| *short == word).map(|(_, long)| *long)
}

/// The words of a text, normalised.
fn normalised(text: &str) -> Vec<String> {
    let plain: String = text.nfkd().filter(|c| is_visible(*c)).flat_map(char::to_lowercase).nfkd().collect();
    let plain: String = plain.chars().filter(|c| is_visible(*c)).map(latin).collect();
    plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| street(word).unwrap_or(word).to_owned())
        .collect()
}

/// Neither a format character nor a mark on a letter nor a filler that shows nothing (Unicode `Default_Ignorable_Code_Point`).
fn is_visible(c: char) -> bool {
    let filler = matches!(c, '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}');
    let category = get_general_category(c);
    !filler && !matches!(category, GeneralCategory::Format | GeneralCategory::NonspacingMark)
}

/// The Latin letter that a letter looks like.
fn latin(c: char) -> char {
    let of =
        |(from, to): &(&str, &str)| from.chars().zip(to.chars()).find(|(like, _)| *like == c).map(|(_, latin)| latin);
    LOOKALIKES.iter().find_map(of).unwrap_or(c)
}

/// How many words it takes, when the words begin with one of the marks, whatever stands between its letters.
fn named_by(words: &[String], marks: &BTreeSet<String>) -> Option<usize> {
    let longest = marks.iter().map(String::len).max().unwrap_or(0);
    let mut joined = String::new();
    for (at, word) in words.iter().enumerate() {
        joined.push_str(word);
        if joined.len() > longest {
            return None;
        }
        if marks.contains(&joined) {
            return Some(at + 1);
        }
    }
    None
}

/// The postcode that begins at the first word, and how many words it takes: written as one word, as two, or letter by letter.
fn postcode_at(words: &[String]) -> Option<(String, usize)> {
    let one = words.first().filter(|word| is_like_postcode(word)).map(|word| (word.clone(), 1));
    let two = || match words {
        [first, second, ..] if second.len() == 3 && first.len() <= 4 => {
            let both = format!("{first}{second}");
            is_like_postcode(&both).then_some((both, 2))
        }
        _ => None,
    };
    let spelled = || {
        let mut joined = String::new();
        for (at, word) in words.iter().take(7).enumerate() {
            if word.chars().count() > 1 {
                return None;
            }
            joined.push_str(word);
            if at > 1 && is_like_postcode(&joined) {
                return Some((joined, at + 1));
            }
        }
        None
    };
    one.or_else(two).or_else(spelled)
}

/// Of the shape of a postcode, and no time, day or measure after a year group or a ward.
fn is_like_postcode(text: &str) -> bool {
    const MEASURES: [&str; 22] = [
        "st", "nd", "rd", "th", "am", "pm", "mg", "ml", "cm", "mm", "km", "kg", "yr", "hr", "wk", "mo", "yo", "ft",
        "lb", "oz", "pt", "in",
    ];
    let text = text.to_ascii_uppercase();
    if !is_postcode(&text) {
        return false;
    }
    let end = text.get(text.len() - 2..).unwrap_or_default().to_ascii_lowercase();
    let area = text.chars().take_while(char::is_ascii_uppercase).count();
    // Areas of one letter that there are, and the one kept for tests.
    let area_fits = area > 1 || text.starts_with(['B', 'E', 'G', 'L', 'M', 'N', 'S', 'W', 'Z']);
    area_fits && !MEASURES.contains(&end.as_str())
}

/// What one address is recognised by.
#[derive(Default)]
struct Marks {
    /// The place itself: a street with its number, a house by its name, a postcode.
    places: BTreeSet<String>,
    /// Its street alone.
    streets: BTreeSet<String>,
    postcode: Option<String>,
}

impl Marks {
    fn of(address: &Address) -> Self {
        let mut marks = Self::default();
        marks.postcode = address.postcode.as_ref().map(|postcode| normalised(postcode.as_str()).concat());
        marks.postcode = marks.postcode.filter(|postcode| !postcode.is_empty());
        marks.places.extend(marks.postcode.clone());
        let lines = address.lines.as_str().split(['\n', '\r', ',', ';']);
        let lines: Vec<Vec<String>> = lines.map(|line| marks.without_postcodes(normalised(line))).collect();
        let is_street = |words: &Vec<String>| words.iter().skip(1).any(|word| street(word).is_some());
        let first_street = lines.iter().position(is_street);
        for (at, words) in lines.iter().enumerate() {
            // A house stands first or right before its street; what comes after is a town, a county, or a note.
            let may_name_house = first_street.is_none_or(|street| at == 0 || at + 1 == street);
            marks.add_streets(words);
            if may_name_house && first_street != Some(at) {
                marks.add_house(words, at == 0);
            }
        }
        marks.places.retain(|mark| mark.chars().count() > SHORTEST);
        marks.streets.retain(|mark| mark.chars().count() > SHORTEST);
        marks
    }

    fn without_postcodes(&mut self, words: Vec<String>) -> Vec<String> {
        let (mut kept, mut at) = (Vec::new(), 0);
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            match postcode_at(rest) {
                Some((postcode, taken)) => {
                    self.places.insert(postcode);
                    at += taken;
                }
                None => {
                    kept.extend(rest.first().cloned());
                    at += 1;
                }
            }
        }
        kept
    }

    /// Every street in a line, with the number before or after it.
    fn add_streets(&mut self, words: &[String]) {
        let is_number = |word: &String| word.starts_with(|c: char| c.is_ascii_digit());
        for (end, kind) in words.iter().enumerate().filter(|(_, word)| street(word).is_some()) {
            let before = words.get(..end).unwrap_or_default();
            let start = before.iter().rposition(is_number);
            let name = before.get(start.map_or(0, |start| start + 1)..).unwrap_or_default();
            let name = name.get(name.len().saturating_sub(LONGEST_NAME)..).unwrap_or_default();
            let telling = name.iter().any(|word| !COMMON.contains(&word.as_str()));
            let name: String = name.concat();
            if name.is_empty() {
                continue;
            }
            if telling {
                self.streets.insert(format!("{name}{kind}"));
            }
            let number = start.and_then(|start| words.get(start));
            for number in number.into_iter().chain(words.get(end + 1).filter(|word| is_number(word))) {
                self.places.insert(format!("{number}{name}{kind}"));
            }
        }
    }

    /// The name of a house, where it reads like one.
    fn add_house(&mut self, words: &[String], first: bool) {
        let is_number = |word: &&String| word.starts_with(|c: char| c.is_ascii_digit());
        let the = words.iter().any(|word| word == "the");
        let name: Vec<&str> = words
            .iter()
            .filter(|word| !is_number(word))
            .map(String::as_str)
            .skip_while(|word| FILLERS.contains(word))
            .collect();
        let telling = name.iter().filter(|word| !COMMON.contains(word) && !HOUSES.contains(word)).count();
        let ends_like_one = name.last().is_some_and(|last| HOUSES.contains(last));
        match name.as_slice() {
            [] => {}
            [one] if ends_like_one && the && NAMED_BY_THE.contains(one) => {
                self.places.insert(format!("the{one}"));
            }
            [_] if ends_like_one => {}
            // One word that means nothing else is the name of a house.
            [one] if first && words.len() == 1 && telling == 1 && one.chars().count() > 6 => {
                self.places.insert((*one).to_owned());
            }
            _ if ends_like_one && telling > 0 => {
                self.places.insert(name.concat());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
