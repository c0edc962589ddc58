//! Forms of given names: nicknames, short forms and spellings, as people in the United Kingdom use them.
//!
//! Each line of `given_names.txt` is one name: its forms, separated by spaces. A form can stand on several lines ("alex").
//! A word on any line is a known name: two known names without a line in common are two names, however alike they look.
//! A line that begins with `*` is among the commonest names.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

const GIVEN_NAMES: &str = include_str!("given_names.txt");
const COMMON_SURNAMES: &str = include_str!("common_surnames.txt");

/// What the table says of one word.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) forms: Vec<u16>,
    pub(crate) common: bool,
}

/// The table by word.
pub(crate) fn table() -> &'static HashMap<&'static str, Entry> {
    static TABLE: OnceLock<HashMap<&'static str, Entry>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: HashMap<&str, Entry> = HashMap::new();
        for (number, line) in (0_u16..).zip(GIVEN_NAMES.lines()) {
            for word in line.trim_start_matches('*').split_whitespace() {
                let entry = table.entry(word).or_default();
                entry.forms.push(number);
                entry.common |= line.starts_with('*');
            }
        }
        table
    })
}

/// The lines of all known names that are one slip away from a word, found by leaving out a letter of either.
pub(crate) fn near(word: &str) -> Vec<u16> {
    static SHORTENED: OnceLock<HashMap<String, Vec<u16>>> = OnceLock::new();
    if word.len() < 4 || !word.is_ascii() {
        return Vec::new();
    }
    let index = SHORTENED.get_or_init(|| {
        let mut index: HashMap<String, Vec<u16>> = HashMap::new();
        for (name, entry) in table().iter().filter(|(name, _)| name.len() >= 4) {
            for key in shortened(name) {
                index.entry(key).or_default().extend(&entry.forms);
            }
        }
        index
    });
    let mut lines: Vec<u16> = shortened(word).iter().filter_map(|key| index.get(key)).flatten().copied().collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// A word, and the word without each of its letters.
fn shortened(word: &str) -> Vec<String> {
    let without = |at: usize| word.chars().enumerate().filter(|(i, _)| *i != at).map(|(_, c)| c).collect();
    (0..word.len()).map(without).chain([word.to_owned()]).collect()
}

/// Whether a word is among the commonest family names, so that two people share it by chance.
pub(crate) fn is_common_surname(word: &str) -> bool {
    static COMMON: OnceLock<HashSet<&'static str>> = OnceLock::new();
    COMMON.get_or_init(|| COMMON_SURNAMES.split_whitespace().collect()).contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_table_are_plain_and_no_line_repeats_one() {
        for line in GIVEN_NAMES.lines() {
            let words: Vec<_> = line.trim_start_matches('*').split_whitespace().collect();
            assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase())), "{line}");
            assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len(), "{line}");
        }
    }

    #[test]
    fn names_that_only_look_alike_share_no_line() {
        for (a, b) in [("ella", "emma"), ("eva", "ava"), ("hayden", "jayden"), ("lena", "lina"), ("hassan", "hussain")]
        {
            assert!(table()[a].forms.iter().all(|form| !table()[b].forms.contains(form)), "{a} {b}");
        }
    }
}
