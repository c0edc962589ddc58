//! Whether a text tells where somebody lives whose address is protected.
//!
//! Texts and addresses are compared after one normalisation: compatibility forms made one and marks taken off letters (Unicode
//! NFKD), format characters (general category Cf) and fillers taken out, letters made small, those of other scripts that look
//! like Latin ones made these, words for streets written out, and everything that is neither letter nor digit a gap.

use std::collections::BTreeSet;

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_normalization::UnicodeNormalization;

use super::people::is_postcode;
use crate::{Address, EntryDetails};

/// What a family's protected addresses are recognised by.
#[derive(Debug, Default)]
pub struct ProtectedAddresses {
    /// Names of houses and streets, and whole postcodes: letters and digits, run together.
    marks: BTreeSet<String>,
    /// Whole protected places: names of houses, streets with their number, postcodes.
    places: BTreeSet<String>,
    /// Postcodes at which somebody of the family lives openly.
    open_postcodes: BTreeSet<String>,
    any: bool,
}

/// Words that end the name of a street; British usage, what they are shortened to before what they stand for.
const STREETS: [(&str, &str); 52] = [
    ("alley", "alley"),
    ("approach", "approach"),
    ("av", "avenue"),
    ("ave", "avenue"),
    ("avenue", "avenue"),
    ("bank", "bank"),
    ("boulevard", "boulevard"),
    ("broadway", "broadway"),
    ("chase", "chase"),
    ("cl", "close"),
    ("close", "close"),
    ("court", "court"),
    ("ct", "court"),
    ("crescent", "crescent"),
    ("cres", "crescent"),
    ("croft", "croft"),
    ("drive", "drive"),
    ("dr", "drive"),
    ("drove", "drove"),
    ("fields", "fields"),
    ("garden", "gardens"),
    ("gardens", "gardens"),
    ("gdns", "gardens"),
    ("gate", "gate"),
    ("green", "green"),
    ("grove", "grove"),
    ("hill", "hill"),
    ("lane", "lane"),
    ("ln", "lane"),
    ("mead", "mead"),
    ("mews", "mews"),
    ("parade", "parade"),
    ("park", "park"),
    ("passage", "passage"),
    ("pl", "place"),
    ("place", "place"),
    ("quay", "quay"),
    ("rd", "road"),
    ("rise", "rise"),
    ("road", "road"),
    ("row", "row"),
    ("sq", "square"),
    ("square", "square"),
    ("st", "street"),
    ("street", "street"),
    ("terr", "terrace"),
    ("terrace", "terrace"),
    ("vale", "vale"),
    ("view", "view"),
    ("walk", "walk"),
    ("way", "way"),
    ("yard", "yard"),
];

/// Words that name no one place by themselves.
const COMMON: [&str; 38] = [
    "flat",
    "apartment",
    "apt",
    "unit",
    "room",
    "floor",
    "ground",
    "first",
    "second",
    "third",
    "no",
    "number",
    "block",
    "the",
    "c",
    "o",
    "co",
    "care",
    "of",
    "a",
    "at",
    "high",
    "main",
    "new",
    "church",
    "school",
    "station",
    "mill",
    "home",
    "house",
    "refuge",
    "hostel",
    "shelter",
    "confidential",
    "withheld",
    "unknown",
    "protected",
    "address",
];

/// Letters of other scripts that look like Latin ones.
const LOOKALIKES: [(&str, &str); 2] = [
    (
        "\u{430}\u{435}\u{43e}\u{440}\u{441}\u{445}\u{443}\u{456}\u{458}\u{455}\u{43a}\u{43c}\u{442}\u{43d}\u{432}",
        "aeopcxyijskmthb",
    ),
    ("\u{3bf}\u{3b1}\u{3b5}\u{3b9}\u{3bd}\u{3c1}\u{3c4}\u{3c5}\u{3ba}\u{3c7}\u{3b7}\u{3b2}", "oaeivptukxhb"),
];

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
        let marks = places.iter().cloned().chain(streets).collect();
        Self { marks, places, open_postcodes, any: !protected.is_empty() }
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

    /// Whether any text of an entry names a protected address: one that was sent before the address was protected, or ahead of
    /// the chronology by an agency that did not know. Other postcodes say nothing here.
    #[must_use]
    pub fn are_named_by(&self, entry: &EntryDetails) -> bool {
        self.any && super::text::fields(entry).iter().any(|field| self.is_named_in(&normalised(field.text)))
    }

    fn is_named_in(&self, words: &[String]) -> bool {
        let longest = self.marks.iter().map(String::len).max().unwrap_or(0);
        (0..words.len()).any(|at| names_any(words.get(at..).unwrap_or_default(), &self.marks, longest))
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
            (number(first) && letters(second)) || street(second).is_some() || COMMON_HOUSES.contains(&second.as_str())
        }
        _ => false,
    });
    let spelled = words.windows(4).any(|run| run.iter().all(|word| word.chars().count() <= 2));
    let postcode = (0..words.len()).any(|at| postcode_at(words.get(at..).unwrap_or_default()).is_some());
    pair || spelled || postcode
}

/// Words that end the name of a house.
const COMMON_HOUSES: [&str; 10] =
    ["house", "refuge", "hostel", "lodge", "cottage", "farm", "hall", "court", "shelter", "villa"];

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

/// Whether the words begin with one of the marks, whatever stands between its letters.
fn names_any(words: &[String], marks: &BTreeSet<String>, longest: usize) -> bool {
    let mut joined = String::new();
    for word in words {
        joined.push_str(word);
        if joined.len() > longest {
            return false;
        }
        if marks.contains(&joined) {
            return true;
        }
    }
    false
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
            if word.len() > 2 {
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
    const MEASURES: [&str; 14] = ["st", "nd", "rd", "th", "am", "pm", "mg", "ml", "cm", "mm", "km", "kg", "yr", "hr"];
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
        let lines: Vec<&str> = address.lines.as_str().split(['\n', '\r', ',', ';']).collect();
        for (at, line) in lines.iter().enumerate() {
            let words = marks.without_postcodes(normalised(line));
            // A town or county stands in the last line: it names no house.
            let may_name_house = at == 0 || at + 1 < lines.len();
            marks.add_line(&words, may_name_house);
        }
        marks.places.retain(|mark| mark.chars().count() >= SHORTEST);
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

    /// Every street in a line, with the number before or after it; else the name of a house.
    fn add_line(&mut self, words: &[String], may_name_house: bool) {
        let is_number = |word: &String| word.starts_with(|c: char| c.is_ascii_digit());
        let mut named = false;
        for (end, _) in words.iter().enumerate().filter(|(_, word)| street(word).is_some()) {
            let before = words.get(..end).unwrap_or_default();
            let start = before.iter().rposition(|word| is_number(word) || street(word).is_some());
            let name = before.get(start.map_or(0, |start| start + 1)..).unwrap_or_default();
            let name: Vec<&str> = name.iter().map(String::as_str).collect();
            let name = name.get(name.len().saturating_sub(LONGEST_NAME)..).unwrap_or_default();
            let short: String = name.concat();
            let Some(kind) = words.get(end).filter(|_| !short.is_empty()) else { continue };
            named = true;
            let telling = name.iter().any(|word| !COMMON.contains(word));
            if telling {
                self.streets.insert(format!("{short}{kind}"));
            }
            let number = start.and_then(|start| words.get(start)).filter(|word| is_number(word));
            for number in number.into_iter().chain(words.get(end + 1).filter(|word| is_number(word))) {
                self.places.insert(format!("{number}{short}{kind}"));
                if telling {
                    self.places.insert(format!("{number}{short}"));
                }
            }
        }
        let house: Vec<&str> = words.iter().filter(|word| !is_number(word)).map(String::as_str).collect();
        let numbered = words.iter().any(is_number);
        if named || house.is_empty() || !(may_name_house || numbered) {
            return;
        }
        let telling = house.iter().filter(|word| !COMMON.contains(word)).count();
        let first: Vec<&str> = house.iter().copied().skip_while(|word| FILLERS.contains(word)).collect();
        // One plain word is a name that many texts hold; two, or one that is long, name a house.
        if telling > 0 && (first.len() > 1 || first.concat().chars().count() > 6) {
            self.places.insert(first.concat());
        }
        if let Some(number) = words.iter().find(|word| is_number(word)).filter(|_| telling > 0) {
            self.places.insert(format!("{number}{}", first.concat()));
        }
    }
}

/// Words before the name of a house that are no part of it.
const FILLERS: [&str; 12] =
    ["flat", "apartment", "apt", "unit", "room", "floor", "ground", "no", "number", "c", "o", "the"];

#[cfg(test)]
mod tests {
    use super::*;

    fn address(lines: &str, postcode: Option<&str>, protected: bool) -> Address {
        let postcode = postcode.map(|postcode| postcode.to_owned().into());
        Address { lines: lines.to_owned().into(), postcode, from: None, until: None, protected }
    }

    fn family() -> ProtectedAddresses {
        ProtectedAddresses::of(&[
            address("4 Canary Row, Marlton", Some("ZZ9 9ZZ"), false),
            address("Flat 2, 14 Tarn Row\nMarlton", Some("ZZ9 9ZX"), true),
            address("Heron Refuge", None, true),
        ])
    }

    #[test]
    fn an_address_is_known_however_it_is_written() {
        for told in [
            "Lives at 14 Tarn Row now",
            "lives at 14, tarn ROW.",
            "lives in Tarn Row",
            "14 Tarn",
            "number 14 tarn",
            "１４　Ｔａｒｎ　Ｒｏｗ",
            "14 Ta\u{200b}rn R\u{ad}ow",
            "14   Tarn \n  Row",
            "T a r n R o w",
            "tarn-row",
            "moved to Heron Refuge",
            "the refuge is called Heron refuge",
            "ZZ9 9ZX",
            "zz99zx",
            "Z Z 9 9 Z X",
            "ＺＺ９　９ＺＸ",
            "ZZ9\u{200b} 9\u{200d}ZX",
            "ZZ9     9ZX",
            "T\u{430}rn R\u{43e}w",
            "T\u{e1}rn Row",
            "T\u{3164}arn Row",
        ] {
            assert!(family().is_told_in(told), "{told}");
        }
    }

    #[test]
    fn it_does_not_matter_how_the_address_was_recorded() {
        for (lines, told) in [
            ("14 Tarn Row Marlton", "Lives at 14 Tarn Row now"),
            ("14 Tarn Row ZZ9 9ZX", "Lives at 14 Tarn Row now"),
            ("14 Tarn Row ZZ9 9ZX", "near ZZ99ZX"),
            ("14 Tarn Row Flat 2", "in Tarn Row"),
            ("Tarn Row 14", "lives at 14 Tarn Row"),
            ("Tarn Row 14", "Tarn Row 14"),
            ("Flat 3\nBeacon House\nMarlton", "moved to Beacon House, flat 3, Marlton"),
            ("c/o Womens Aid\nHeron Refuge\nMarlton", "now at Heron Refuge"),
            ("14 Tarn Road", "lives on Tarn Rd now"),
            ("14 Tarn Rd", "lives on Tarn Road now"),
            ("3 Oak Close", "seen at 3 Oak Cl"),
            ("Fairview", "now at Fairview"),
        ] {
            let one = ProtectedAddresses::of(&[address(lines, None, true)]);
            assert!(one.is_told_in(told), "{lines:?}: {told}");
            assert!(
                one.is_one(&address(lines, None, false)) && !one.is_one(&address("9 Elm Way", None, false)),
                "{lines:?}"
            );
        }
        for (lines, harmless) in [
            ("1 The Close", "very close to his sister"),
            ("Confidential", "kept confidential"),
            ("Refuge", "went to a refuge"),
            ("5 High Street", "scored 5 high"),
            ("14 Tarn Row, Marlton", "seen in Marlton"),
            ("14 Tarn Row", "in Y6 2nd term"),
            ("14 Tarn Row", "room B12 3pm, then by the M25 9am"),
            ("14 Tarn Row", "Class 4B 2nd of May"),
        ] {
            assert!(
                !ProtectedAddresses::of(&[address(lines, None, true)]).is_told_in(harmless),
                "{lines:?}: {harmless}"
            );
        }
    }

    #[test]
    fn where_somebody_else_lives_openly_is_protected_all_the_same() {
        let both = ProtectedAddresses::of(&[
            address("14 Tarn Row", Some("ZZ9 9ZX"), true),
            address("14 Tarn Row, Marlton", Some("ZZ9 9ZX"), false),
        ]);
        assert!(both.is_told_in("lives at 14 Tarn Row") && both.is_told_in("ZZ9 9ZX") && both.is_told_in("Tarn Row"));
    }

    #[test]
    fn any_postcode_that_is_not_openly_known_is_refused_alike() {
        assert!(family().is_told_in("seen near ZZ8 8ZZ"));
        assert!(!family().is_told_in("lives at 4 Canary Row, ZZ9 9ZZ, Marlton"));
    }

    #[test]
    fn what_names_no_protected_place_is_no_address() {
        for harmless in [
            "Seen at home in Marlton, flat tidy",
            "14 days at the refuge",
            "the tarnished row of chairs",
            "school report 2024, attendance 92%",
            "",
        ] {
            assert!(!family().is_told_in(harmless), "{harmless}");
        }
        assert!(
            !ProtectedAddresses::of(&[address("14 Tarn Row", Some("ZZ9 9ZX"), false)])
                .is_told_in("14 Tarn Row ZZ8 8ZZ")
        );
    }

    #[test]
    fn a_street_where_somebody_lives_openly_is_no_secret() {
        let both = ProtectedAddresses::of(&[address("4 Tarn Row", None, false), address("14 Tarn Row", None, true)]);
        assert!(!both.is_told_in("a fight in Tarn Row"));
        assert!(both.is_told_in("lives at 14 Tarn Row"));
    }

    #[test]
    fn what_reads_like_an_address_is_named_with_what_is_one() {
        assert!(
            ["15 Elm Close", "Mill Lane", "ZZ8 8ZZ", "the Otter Refuge", "Z Z 8 8 Z Z", "t a r n"]
                .iter()
                .all(|text| reads_like_an_address(text))
        );
        assert!(["Seen at school", "met on 2024-05-01", ""].iter().all(|text| !reads_like_an_address(text)));
    }
}
