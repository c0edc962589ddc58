//! Whether a text tells where somebody lives whose address is protected.
//!
//! Texts and addresses are compared after one normalisation: compatibility forms made one (Unicode NFKC), format characters
//! (Unicode general category Cf) taken out, letters made small, and everything that is neither letter nor digit a gap.

use std::collections::BTreeSet;

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_normalization::UnicodeNormalization;

use super::people::is_postcode;
use crate::Address;

/// What a family's protected addresses are recognised by.
#[derive(Debug, Default)]
pub struct ProtectedAddresses {
    /// Names of houses and streets, and whole postcodes: letters and digits, run together.
    marks: BTreeSet<String>,
    /// Postcodes at which somebody of the family lives openly.
    open_postcodes: BTreeSet<String>,
    any: bool,
}

/// Words that end the name of a street; British usage, with what they are shortened to.
const STREETS: [&str; 52] = [
    "alley",
    "approach",
    "av",
    "ave",
    "avenue",
    "bank",
    "boulevard",
    "broadway",
    "chase",
    "cl",
    "close",
    "court",
    "crescent",
    "cres",
    "croft",
    "drive",
    "dr",
    "drove",
    "end",
    "fields",
    "garden",
    "gardens",
    "gdns",
    "gate",
    "green",
    "grove",
    "hill",
    "lane",
    "ln",
    "mead",
    "mews",
    "parade",
    "park",
    "passage",
    "path",
    "pl",
    "place",
    "quay",
    "rd",
    "rise",
    "road",
    "row",
    "sq",
    "square",
    "st",
    "street",
    "terrace",
    "vale",
    "view",
    "walk",
    "way",
    "yard",
];

/// Words that name no one place by themselves.
const COMMON: [&str; 16] = [
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
    "house",
    "the",
    "c",
];

/// Shortest run of letters and digits that tells a place.
const SHORTEST: usize = 5;

impl ProtectedAddresses {
    /// Those of a family, of all of whose addresses.
    pub fn of<'a>(addresses: impl IntoIterator<Item = &'a Address>) -> Self {
        let (protected, open): (Vec<&Address>, Vec<&Address>) =
            addresses.into_iter().partition(|address| address.protected);
        let postcode = |address: &&Address| {
            let postcode = normalised(address.postcode.as_ref()?.as_str()).concat();
            (!postcode.is_empty()).then_some(postcode)
        };
        let open_postcodes: BTreeSet<String> = open.iter().filter_map(postcode).collect();
        let open_lines: BTreeSet<String> = open.iter().flat_map(|address| marks_of(address.lines.as_str())).collect();
        let lines = protected.iter().flat_map(|address| marks_of(address.lines.as_str()));
        let lines = lines.filter(|mark| !open_lines.contains(mark));
        let postcodes = protected.iter().filter_map(postcode).filter(|postcode| !open_postcodes.contains(postcode));
        let marks = lines.chain(postcodes).collect();
        Self { marks, open_postcodes, any: !protected.is_empty() }
    }

    /// Whether anybody of the family has a protected address.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.any
    }

    /// Whether a text names a protected address, or holds a postcode at which nobody of the family lives openly. Where an
    /// address is protected the answer is the same for the right postcode and for any other, so that it confirms no guess.
    #[must_use]
    pub fn is_told_in(&self, text: &str) -> bool {
        if !self.any {
            return false;
        }
        let words = normalised(text);
        let longest = self.marks.iter().map(String::len).max().unwrap_or(0);
        (0..words.len()).any(|at| {
            let rest = words.get(at..).unwrap_or_default();
            names_any(rest, &self.marks, longest) || strange_postcode(rest, &self.open_postcodes)
        })
    }
}

/// Whether a text holds something that reads like a place where somebody lives: a number before a word, the name of a street
/// or a postcode. Texts that do are named together, so that the one among them which told an address does not stand out.
#[must_use]
pub fn reads_like_an_address(text: &str) -> bool {
    let words = normalised(text);
    let number = |word: &String| word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= 5;
    let letters = |word: &String| word.chars().all(char::is_alphabetic);
    words.windows(2).any(|pair| match pair {
        [first, second] => (number(first) && letters(second)) || STREETS.contains(&second.as_str()),
        _ => false,
    }) || (0..words.len()).any(|at| strange_postcode(words.get(at..).unwrap_or_default(), &BTreeSet::new()))
}

/// The words of a text, normalised.
fn normalised(text: &str) -> Vec<String> {
    let visible = |c: &char| get_general_category(*c) != GeneralCategory::Format;
    let plain: String = text.nfkc().filter(visible).flat_map(char::to_lowercase).nfkc().filter(visible).collect();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
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

/// Whether a postcode that is not among the open ones begins at the first word: written as one word or as two.
fn strange_postcode(words: &[String], open: &BTreeSet<String>) -> bool {
    let Some(first) = words.first() else { return false };
    let second = words.get(1).filter(|second| second.len() == 3);
    let both = second.map(|second| format!("{first}{second}"));
    let found = [Some(first.clone()), both].into_iter().flatten().find(|text| is_postcode(&text.to_ascii_uppercase()));
    found.is_some_and(|postcode| !open.contains(&postcode))
}

/// What the lines of an address are recognised by: of each line the name of its street, with and without the kind of street
/// where a number stands before it, and the name of its house.
fn marks_of(lines: &str) -> BTreeSet<String> {
    let mut marks = BTreeSet::new();
    for (at, line) in lines.split(['\n', '\r', ',', ';']).enumerate() {
        let words = normalised(line);
        let is_number = |word: &String| word.starts_with(|c: char| c.is_ascii_digit());
        let numbered = words.iter().rposition(is_number);
        let name: Vec<&str> = words
            .iter()
            .skip(numbered.map_or(0, |number| number + 1))
            .map(String::as_str)
            .skip_while(|word| COMMON.contains(word))
            .collect();
        let street = name.last().is_some_and(|last| STREETS.contains(last)) && name.len() > 1;
        // A town or county stands in the later lines: it names no house.
        if name.is_empty() || !(street || numbered.is_some() || at == 0) {
            continue;
        }
        marks.insert(name.concat());
        if let Some(number) = numbered.and_then(|number| words.get(number)) {
            let kept = if street { name.len() - 1 } else { name.len() };
            marks.insert(format!("{number}{}", name.iter().take(kept).copied().collect::<String>()));
            marks.insert(format!("{number}{}", name.concat()));
        }
    }
    marks.retain(|mark| mark.chars().count() >= SHORTEST);
    marks
}

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
        ] {
            assert!(family().is_told_in(told), "{told}");
        }
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
        assert!(["15 Elm Close", "Mill Lane", "ZZ8 8ZZ"].iter().all(|text| reads_like_an_address(text)));
        assert!(["Seen at school", "met on 2024-05-01", ""].iter().all(|text| !reads_like_an_address(text)));
    }
}
