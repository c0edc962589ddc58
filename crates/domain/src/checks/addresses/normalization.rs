//! One normal form for texts and addresses, so that spelling, spacing and look-alike characters
//! hide no address.

use unicode_general_category::{GeneralCategory, get_general_category};
use unicode_normalization::UnicodeNormalization;

use crate::checks::vocabulary::ADDRESSES;

/// Cyrillic and Greek letters that look like Latin ones, each above the Latin letter it is replaced
/// with.
const LOOKALIKES: [(&str, &str); 2] = [
    (
        "\u{430}\u{435}\u{43e}\u{440}\u{441}\u{445}\u{443}\u{456}\u{458}\u{455}\u{43a}\u{43c}\u{442}\u{43d}\u{432}",
        "aeopcxyijskmthb",
    ),
    (
        "\u{3bf}\u{3b1}\u{3b5}\u{3b9}\u{3bd}\u{3c1}\u{3c4}\u{3c5}\u{3ba}\u{3c7}\u{3b7}\u{3b2}",
        "oaeivptukxhb",
    ),
];

/// The words of a text in normal form: compatibility forms decomposed (Unicode NFKD), invisible
/// characters and marks on letters removed, lower case, look-alike letters made Latin, street
/// types written out. Every other character that is neither letter nor digit separates words.
pub(super) fn normalized_words(text: &str) -> Vec<String> {
    let lowercase: String = text
        .nfkd()
        .filter(|c| is_visible(*c))
        .flat_map(char::to_lowercase)
        .nfkd()
        .collect();
    let latin: String = lowercase
        .chars()
        .filter(|c| is_visible(*c))
        .map(to_latin)
        .collect();
    latin
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| ADDRESSES.street_type(word).unwrap_or(word).to_owned())
        .collect()
}

/// Whether a character is neither a format character (general category Cf), nor a mark on a letter,
/// nor a filler that shows nothing (Unicode `Default_Ignorable_Code_Point`).
fn is_visible(c: char) -> bool {
    let is_filler = matches!(
        c,
        '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}'
    );
    let category = get_general_category(c);
    !is_filler
        && !matches!(
            category,
            GeneralCategory::Format | GeneralCategory::NonspacingMark
        )
}

/// The Latin letter that a letter looks like; any other character as it is.
fn to_latin(c: char) -> char {
    let counterpart = |(lookalikes, latin): &(&str, &str)| {
        let mut pairs = lookalikes.chars().zip(latin.chars());
        pairs
            .find(|(lookalike, _)| *lookalike == c)
            .map(|(_, latin)| latin)
    };
    LOOKALIKES.iter().find_map(counterpart).unwrap_or(c)
}
