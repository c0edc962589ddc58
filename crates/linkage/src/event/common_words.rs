//! Words that are common in English or in agencies' records.

use std::sync::LazyLock;

use domain::word_list::WordList;

use super::stemming::stem;
use crate::stable_hash::WordSet;

const COMMON_WORD_LIST: &str = include_str!("../../data/common-words.txt");

struct CommonWords {
    /// Stems that say nothing about an event.
    ignored: WordSet,
    /// Words, and their stems, that show less than their rarity in one family suggests.
    frequent: WordSet,
}

static COMMON_WORDS: LazyLock<CommonWords> = LazyLock::new(|| {
    let list = WordList::parse(COMMON_WORD_LIST);
    CommonWords {
        ignored: list.items("ignored").iter().copied().collect(),
        frequent: list
            .items("frequent")
            .iter()
            .flat_map(|word| [*word, stem(word)])
            .collect(),
    }
});

/// Whether a stem is too common to say anything about an event.
pub(crate) fn is_ignored(stem: &str) -> bool {
    stem.chars().count() < 2 || COMMON_WORDS.ignored.contains(stem)
}

/// Whether a word, or its stem, is frequent in English or in agencies' records.
pub(crate) fn is_frequent(word: &str) -> bool {
    COMMON_WORDS.frequent.contains(word)
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};

    use super::*;

    #[test]
    fn list_is_well_formed() {
        assert_eq!(
            mistakes(COMMON_WORD_LIST, ItemOrder::Sorted),
            Vec::<String>::new()
        );
        assert!(!COMMON_WORDS.ignored.is_empty() && !COMMON_WORDS.frequent.is_empty());
    }

    #[test]
    fn frequent_words_are_recognized_by_their_stems() {
        assert!(
            is_frequent("appointment")
                && is_frequent(stem("mornings"))
                && !is_frequent("trampoline")
        );
    }
}
