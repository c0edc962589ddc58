//! Everyday words with the same meaning in a record: one agency writes "pane", another "window", a
//! third "glass".

use std::sync::LazyLock;

use domain::word_list::WordList;

use super::stemming::stem;
use crate::stable_hash::WordTable;

/// Groups of words, each after the word that stands for its meaning. Where a word is in two groups,
/// the first one counts.
const SYNONYM_LIST: &str = include_str!("../../data/synonyms.txt");

static CONCEPTS: LazyLock<WordTable<&'static str>> = LazyLock::new(|| {
    let list = WordList::parse(SYNONYM_LIST);
    let mut concepts = WordTable::default();
    for (concept, synonyms) in list.sections().flat_map(|(section, _)| list.pairs(section)) {
        for word in std::iter::once(concept).chain(synonyms.split_whitespace()) {
            concepts.entry(word).or_insert(concept);
            concepts.entry(stem(word)).or_insert(concept);
        }
    }
    concepts
});

/// The word that stands for all words of the same meaning, looked up by a full word or by its stem.
pub(crate) fn concept(word: &str, stem: &str) -> Option<&'static str> {
    CONCEPTS.get(word).or_else(|| CONCEPTS.get(stem)).copied()
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};

    use super::*;

    #[test]
    fn list_is_well_formed() {
        assert_eq!(
            mistakes(SYNONYM_LIST, ItemOrder::Meaningful),
            Vec::<String>::new()
        );
        let list = WordList::parse(SYNONYM_LIST);
        assert!(
            list.sections()
                .all(|(section, items)| list.pairs(section).len() == items.len())
        );
    }

    #[test]
    fn synonyms_have_one_concept() {
        let meaning = |word: &str| concept(word, stem(word));
        for (one, other) in [
            ("pane", "windows"),
            ("fell", "tripped"),
            ("granny", "grandmother"),
            ("weighed", "centiles"),
        ] {
            assert!(
                meaning(one).is_some() && meaning(one) == meaning(other),
                "{one} {other}"
            );
        }
        assert_eq!(meaning("giraffe"), None);
    }
}
