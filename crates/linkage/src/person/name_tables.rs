//! Tables of names: given names with their forms, common surnames, and words of name fields that
//! are not ordinary names.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use domain::word_list::WordList;

const GIVEN_NAMES_TEXT: &str = include_str!("../../data/given-names.txt");
const COMMON_SURNAMES_TEXT: &str = include_str!("../../data/common-surnames.txt");
const NAME_WORDS_TEXT: &str = include_str!("../../data/name-words.txt");

static GIVEN_NAMES: LazyLock<HashMap<&'static str, GivenNameEntry>> =
    LazyLock::new(parse_given_names);
static COMMON_SURNAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    WordList::parse(COMMON_SURNAMES_TEXT)
        .items("")
        .iter()
        .copied()
        .collect()
});
static NAME_WORDS: LazyLock<WordList<'static>> = LazyLock::new(|| WordList::parse(NAME_WORDS_TEXT));

/// What the table of given names says about one word.
#[derive(Debug, Default)]
pub(crate) struct GivenNameEntry {
    /// The lines on which the word is a form of a name, ascending.
    pub(crate) lines: Vec<u16>,
    /// Whether it is a form of one of the commonest names.
    pub(crate) is_common: bool,
}

fn parse_given_names() -> HashMap<&'static str, GivenNameEntry> {
    let list = WordList::parse(GIVEN_NAMES_TEXT);
    let lines = list
        .sections()
        .flat_map(|(section, lines)| lines.iter().map(move |line| (section, *line)));
    let mut names: HashMap<&str, GivenNameEntry> = HashMap::new();
    for (number, (section, line)) in (0_u16..).zip(lines) {
        for word in line.split_whitespace() {
            let entry = names.entry(word).or_default();
            entry.lines.push(number);
            entry.is_common |= section == "common";
        }
    }
    names
}

/// The entry of a given name; `None` for a word that is not a known name.
pub(crate) fn given_name(word: &str) -> Option<&'static GivenNameEntry> {
    GIVEN_NAMES.get(word)
}

/// The lines of all known names that differ from a word by one typing error, found by leaving out
/// one letter of either.
pub(crate) fn lines_one_slip_away(word: &str) -> Vec<u16> {
    static LINES_BY_DELETION: LazyLock<HashMap<String, Vec<u16>>> = LazyLock::new(|| {
        let mut index: HashMap<String, Vec<u16>> = HashMap::new();
        for (name, entry) in GIVEN_NAMES.iter().filter(|(name, _)| name.len() >= 4) {
            for key in deletions(name) {
                index.entry(key).or_default().extend(&entry.lines);
            }
        }
        index
    });
    if word.len() < 4 || !word.is_ascii() {
        return Vec::new();
    }
    let keys = deletions(word);
    let mut lines: Vec<u16> = keys
        .iter()
        .filter_map(|key| LINES_BY_DELETION.get(key))
        .flatten()
        .copied()
        .collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// A word, and the word without each of its letters.
fn deletions(word: &str) -> Vec<String> {
    let without = |at: usize| {
        word.chars()
            .enumerate()
            .filter(|(i, _)| *i != at)
            .map(|(_, c)| c)
            .collect()
    };
    (0..word.len())
        .map(without)
        .chain([word.to_owned()])
        .collect()
}

/// Whether a word is among the commonest family names, which two people share by chance more often.
pub(crate) fn is_common_surname(word: &str) -> bool {
    COMMON_SURNAMES.contains(word)
}

/// Whether many brothers have the same first name, so that the second given name distinguishes
/// them: a listed name, or another form of one.
pub(crate) fn is_shared_by_brothers(word: &str) -> bool {
    static LINES: LazyLock<HashSet<u16>> = LazyLock::new(|| {
        let names = NAME_WORDS.items("first names shared by brothers").iter();
        names
            .filter_map(|name| given_name(name))
            .flat_map(|entry| &entry.lines)
            .copied()
            .collect()
    });
    let is_listed = NAME_WORDS
        .items("first names shared by brothers")
        .contains(&word);
    is_listed
        || given_name(word).is_some_and(|entry| entry.lines.iter().any(|line| LINES.contains(line)))
}

/// Words used in place of a name that is not known yet ("baby", "unborn").
pub(crate) fn placeholders() -> &'static [&'static str] {
    NAME_WORDS.items("placeholders")
}

/// Words that are part of a placeholder when the name contains one ("girl", "of").
pub(crate) fn words_beside_placeholders() -> &'static [&'static str] {
    NAME_WORDS.items("beside placeholders")
}

/// Forms of address.
pub(crate) fn titles() -> &'static [&'static str] {
    NAME_WORDS.items("titles")
}

/// Parts of family names that some systems leave out.
pub(crate) fn optional_family_name_parts() -> &'static [&'static str] {
    NAME_WORDS.items("optional parts of family names")
}

/// Parts of family names that some systems write together with the next word.
pub(crate) fn family_name_prefixes() -> &'static [&'static str] {
    NAME_WORDS.items("prefixes of family names")
}

/// Parts of given names that some systems write together with the next word.
pub(crate) fn given_name_prefixes() -> &'static [&'static str] {
    NAME_WORDS.items("prefixes of given names")
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};

    use super::*;

    #[test]
    fn lists_are_well_formed() {
        assert_eq!(
            mistakes(GIVEN_NAMES_TEXT, ItemOrder::Meaningful),
            Vec::<String>::new()
        );
        assert_eq!(
            mistakes(COMMON_SURNAMES_TEXT, ItemOrder::Sorted),
            Vec::<String>::new()
        );
        assert_eq!(
            mistakes(NAME_WORDS_TEXT, ItemOrder::Sorted),
            Vec::<String>::new()
        );
    }

    #[test]
    fn given_names_are_lower_case_and_occur_once_on_a_line() {
        let list = WordList::parse(GIVEN_NAMES_TEXT);
        assert_eq!(
            list.sections()
                .map(|(section, _)| section)
                .collect::<Vec<_>>(),
            ["common", "others"]
        );
        for line in list.sections().flat_map(|(_, lines)| lines) {
            let words: Vec<_> = line.split_whitespace().collect();
            assert!(
                words
                    .iter()
                    .all(|word| word.bytes().all(|b| b.is_ascii_lowercase())),
                "{line}"
            );
            assert_eq!(
                words.iter().collect::<HashSet<_>>().len(),
                words.len(),
                "{line}"
            );
        }
    }

    #[test]
    fn similar_looking_names_share_no_line() {
        for (a, b) in [
            ("ella", "emma"),
            ("eva", "ava"),
            ("hayden", "jayden"),
            ("lena", "lina"),
            ("hassan", "hussain"),
        ] {
            assert!(
                GIVEN_NAMES[a]
                    .lines
                    .iter()
                    .all(|line| !GIVEN_NAMES[b].lines.contains(line)),
                "{a} {b}"
            );
        }
    }
}
