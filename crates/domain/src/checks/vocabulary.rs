//! The words that the checks look for, from the lists under `data/`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::word_list::WordList;

const WORDING_LIST: &str = include_str!("../../data/wording.txt");
const ABBREVIATION_LIST: &str = include_str!("../../data/abbreviations.txt");
const PEOPLE_LIST: &str = include_str!("../../data/people.txt");
const ADDRESS_LIST: &str = include_str!("../../data/addresses.txt");

type Words = BTreeSet<&'static str>;
/// Phrases, each as its words.
type Phrases = Vec<Vec<&'static str>>;

pub(super) static WORDING: LazyLock<WordingVocabulary> = LazyLock::new(WordingVocabulary::load);
pub(super) static PEOPLE: LazyLock<PeopleVocabulary> = LazyLock::new(PeopleVocabulary::load);
pub(super) static ADDRESSES: LazyLock<AddressVocabulary> = LazyLock::new(AddressVocabulary::load);

/// Phrases and abbreviations that findings about the wording depend on.
pub(super) struct WordingVocabulary {
    pub(super) opinions: Phrases,
    pub(super) vague: Phrases,
    pub(super) routine_contacts: Phrases,
    /// Panels whose material is restricted unless its originator agreed.
    pub(super) restricted_material: Phrases,
    /// Abbreviations that every agency is taken to know, in upper case.
    pub(super) abbreviations: Words,
}

/// Words by which people's names and mentions of men are recognised.
pub(super) struct PeopleVocabulary {
    pub(super) titles: Words,
    /// Words after which a capitalised word is a name.
    pub(super) introductions: Words,
    /// Words that are often capitalised and are no person's name.
    pub(super) not_names: Words,
    /// Words for a father or male carer.
    pub(super) men: Words,
}

/// Words by which addresses are recognised.
pub(super) struct AddressVocabulary {
    /// Words that end the name of a street, with the full form that each stands for.
    street_types: BTreeMap<&'static str, &'static str>,
    /// Words that end the name of a building.
    pub(super) building_types: Words,
    /// Building types that with the article name one building by themselves.
    pub(super) named_by_article: Words,
    /// Words after the name of a street that make it the name of an institution, not of a home.
    pub(super) institutions: Words,
    /// Words before the name of a building that are no part of the name.
    pub(super) unit_words: Words,
    /// Words that do not identify one place by themselves.
    pub(super) generic_words: Words,
    /// Endings that make a number no postcode.
    pub(super) measures: Words,
}

impl WordingVocabulary {
    fn load() -> Self {
        let list = WordList::parse(WORDING_LIST);
        Self {
            opinions: list.phrases("opinion"),
            vague: list.phrases("vague"),
            routine_contacts: list.phrases("routine contact"),
            restricted_material: list.phrases("restricted material"),
            abbreviations: section(&WordList::parse(ABBREVIATION_LIST), ""),
        }
    }
}

impl PeopleVocabulary {
    fn load() -> Self {
        let list = WordList::parse(PEOPLE_LIST);
        Self {
            titles: section(&list, "titles"),
            introductions: section(&list, "introductions"),
            not_names: section(&list, "not names"),
            men: section(&list, "fathers and men"),
        }
    }
}

impl AddressVocabulary {
    fn load() -> Self {
        let list = WordList::parse(ADDRESS_LIST);
        Self {
            street_types: list.pairs("street types").into_iter().collect(),
            building_types: section(&list, "building types"),
            named_by_article: section(&list, "buildings named by article"),
            institutions: section(&list, "institutions"),
            unit_words: section(&list, "unit words"),
            generic_words: section(&list, "generic words"),
            measures: section(&list, "measures"),
        }
    }

    /// The full form of a word that ends the name of a street; `None` for any other word.
    pub(super) fn street_type(&self, word: &str) -> Option<&'static str> {
        self.street_types.get(word).copied()
    }
}

fn section(list: &WordList<'static>, name: &str) -> Words {
    list.items(name).iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word_list::{ItemOrder, mistakes};

    #[test]
    fn word_lists_are_well_formed() {
        for list in [WORDING_LIST, ABBREVIATION_LIST, PEOPLE_LIST, ADDRESS_LIST] {
            assert_eq!(mistakes(list, ItemOrder::Sorted), Vec::<String>::new());
        }
    }

    #[test]
    fn word_lists_have_the_sections_that_the_checks_use() {
        let sections = |list| {
            WordList::parse(list)
                .sections()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            sections(WORDING_LIST),
            ["opinion", "vague", "routine contact", "restricted material"]
        );
        assert_eq!(sections(ABBREVIATION_LIST), [""]);
        assert_eq!(
            sections(PEOPLE_LIST),
            ["titles", "introductions", "not names", "fathers and men"]
        );
        let address_sections = [
            "street types",
            "building types",
            "buildings named by article",
            "institutions",
            "unit words",
            "generic words",
            "measures",
        ];
        assert_eq!(sections(ADDRESS_LIST), address_sections);
    }

    #[test]
    fn abbreviations_are_capitals_and_other_words_are_small_letters() {
        let abbreviations = WordList::parse(ABBREVIATION_LIST);
        assert!(
            abbreviations
                .items("")
                .iter()
                .all(|word| word.bytes().all(|byte| byte.is_ascii_uppercase()))
        );
        for text in [WORDING_LIST, PEOPLE_LIST, ADDRESS_LIST] {
            let list = WordList::parse(text);
            let mut items = list.sections().flat_map(|(_, items)| items);
            let is_plain = |item: &str| {
                item.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b' ' | b'='))
            };
            assert!(items.all(|item| is_plain(item)));
        }
    }

    #[test]
    fn street_types_pair_one_word_with_one_word() {
        let pairs = WordList::parse(ADDRESS_LIST).pairs("street types");
        assert_eq!(
            pairs.len(),
            WordList::parse(ADDRESS_LIST).items("street types").len()
        );
        assert!(
            pairs
                .iter()
                .all(|(word, full)| !word.contains(' ') && !full.contains(' '))
        );
    }
}
