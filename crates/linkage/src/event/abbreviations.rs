//! The abbreviations and variants that agencies write, expanded to one word each.

use std::sync::LazyLock;

use domain::word_list::WordList;

use crate::stable_hash::WordTable;

/// Each full word with its abbreviations and variants.
const ABBREVIATION_LIST: &str = include_str!("../../data/abbreviations.txt");

static FULL_WORDS: LazyLock<WordTable<&'static str>> = LazyLock::new(|| {
    let list = WordList::parse(ABBREVIATION_LIST);
    let lines = ["words", "numbers"]
        .into_iter()
        .flat_map(|section| list.pairs(section));
    lines
        .flat_map(|(word, forms)| forms.split_whitespace().map(move |form| (form, word)))
        .collect()
});

/// The full word for an abbreviation or a variant, or the word itself.
pub(crate) fn expand(word: &str) -> &str {
    FULL_WORDS.get(word).copied().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};

    use super::*;
    use crate::event::stemming::stem;

    #[test]
    fn list_is_well_formed() {
        assert_eq!(
            mistakes(ABBREVIATION_LIST, ItemOrder::Sorted),
            Vec::<String>::new()
        );
        let list = WordList::parse(ABBREVIATION_LIST);
        let forms = list
            .sections()
            .flat_map(|(name, _)| list.pairs(name))
            .map(|(_, forms)| forms.split(' ').count());
        assert_eq!(
            forms.sum::<usize>(),
            FULL_WORDS.len(),
            "a form on two lines, or a line without forms"
        );
    }

    #[test]
    fn variants_of_a_word_have_one_stem() {
        for (one, other) in [
            ("arrested", "arrest"),
            ("stopped", "stopping"),
            ("bruises", "bruise"),
            ("nbrs", "neighbour"),
        ] {
            assert_eq!(stem(expand(one)), stem(expand(other)));
        }
    }
}
