//! Words with a special part when two texts are compared word for word.

use std::sync::LazyLock;

use domain::word_list::WordList;

use crate::stable_hash::WordSet;

const SENTENCE_WORD_LIST: &str = include_str!("../data/sentence-words.txt");

/// The longest filler word has this many bytes. Longer words need no lookup.
const MAX_FILLER_LENGTH: usize = 4;

struct SentenceWords {
    filler: WordSet,
    decisive: WordSet,
    joint_work: WordSet,
    male_pronouns: WordSet,
    female_pronouns: WordSet,
}

static SENTENCE_WORDS: LazyLock<SentenceWords> = LazyLock::new(|| {
    let list = WordList::parse(SENTENCE_WORD_LIST);
    let words = |section: &str| list.items(section).iter().copied().collect();
    SentenceWords {
        filler: words("filler"),
        decisive: words("decisive"),
        joint_work: words("joint work"),
        male_pronouns: words("male pronouns"),
        female_pronouns: words("female pronouns"),
    }
});

/// Whether a word never changes what happened.
pub(crate) fn is_filler(word: &str) -> bool {
    word.len() <= MAX_FILLER_LENGTH && SENTENCE_WORDS.filler.contains(word)
}

/// Whether a word may not be in one text alone: the listed words, everything with a digit, and
/// every symbol.
pub(crate) fn is_decisive(word: &str) -> bool {
    SENTENCE_WORDS.decisive.contains(word) || !word.chars().all(char::is_alphabetic)
}

/// Whether a word is a pronoun that changes with the child.
pub(crate) fn is_pronoun(word: &str) -> bool {
    SENTENCE_WORDS.male_pronouns.contains(word) || SENTENCE_WORDS.female_pronouns.contains(word)
}

/// The direction in which a pronoun was changed from one sibling's copy to the other's:
/// `Some(true)` from "his" to "hers", `Some(false)` from "hers" to "his", `None` for other words.
pub(crate) fn pronoun_swap(one: &str, other: &str) -> Option<bool> {
    let words = &*SENTENCE_WORDS;
    let his_to_hers = words.male_pronouns.contains(one) && words.female_pronouns.contains(other);
    let hers_to_his = words.female_pronouns.contains(one) && words.male_pronouns.contains(other);
    (his_to_hers || hers_to_his).then_some(his_to_hers)
}

/// Whether the words say that agencies acted together.
pub(crate) fn is_joint_work(words: &[String]) -> bool {
    words
        .iter()
        .any(|word| SENTENCE_WORDS.joint_work.contains(word.as_str()))
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};

    use super::*;

    #[test]
    fn list_is_well_formed() {
        assert_eq!(
            mistakes(SENTENCE_WORD_LIST, ItemOrder::Sorted),
            Vec::<String>::new()
        );
        let words = &*SENTENCE_WORDS;
        assert!(
            words
                .filler
                .iter()
                .all(|word| word.len() <= MAX_FILLER_LENGTH)
        );
        for set in [
            &words.filler,
            &words.decisive,
            &words.joint_work,
            &words.male_pronouns,
            &words.female_pronouns,
        ] {
            assert!(!set.is_empty());
        }
    }

    #[test]
    fn listed_words_numbers_and_symbols_are_decisive() {
        for word in ["not", "tuesday", "mother", "left", "4.2", "?", "x2"] {
            assert!(is_decisive(word), "{word}");
        }
        assert!(!is_decisive("kitchen"));
    }
}
