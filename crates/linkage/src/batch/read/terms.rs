//! Terms that exports use for the closed lists of the domain.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::word_list::WordList;
use domain::{PersonKind, RelationshipKind, Sex};

const TERMS_TEXT: &str = include_str!("../../../data/submission-terms.txt");
static TERMS: LazyLock<Terms> = LazyLock::new(Terms::parse);

/// The terms of the list, with the values they stand for.
struct Terms {
    sexes: BTreeMap<&'static str, Sex>,
    person_kinds: BTreeMap<&'static str, PersonKind>,
    relations: BTreeMap<&'static str, RelationTerm>,
}

impl Terms {
    fn parse() -> Self {
        let list = WordList::parse(TERMS_TEXT);
        Self {
            sexes: parse_section(&list, "sex", |value| value.parse().ok()),
            person_kinds: parse_section(&list, "kind of person", |value| value.parse().ok()),
            relations: parse_section(&list, "relation", RelationTerm::parse),
        }
    }
}

/// The terms of a section. A term whose value is unknown is left out; a test asserts that there is
/// none.
fn parse_section<T>(
    list: &WordList<'static>,
    section: &str,
    parse_value: impl Fn(&str) -> Option<T>,
) -> BTreeMap<&'static str, T> {
    let terms = list.pairs(section).into_iter();
    terms
        .filter_map(|(term, value)| Some((term, parse_value(value)?)))
        .collect()
}

/// What the other person of a relation is to the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelationTerm {
    /// A relationship of the domain.
    Kind(RelationshipKind),
    /// The subject's child, as the record of an adult names children.
    Child,
}

impl RelationTerm {
    fn parse(value: &str) -> Option<Self> {
        if value == "child" {
            Some(Self::Child)
        } else {
            value.parse().ok().map(Self::Kind)
        }
    }
}

/// A term in lower case, with one underscore for each run of characters that are neither letters
/// nor digits.
fn normalize(term: &str) -> String {
    let parts = term
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// Parses a recorded sex; `None` for an unknown term.
pub(crate) fn parse_sex(term: &str) -> Option<Sex> {
    TERMS.sexes.get(normalize(term).as_str()).copied()
}

/// Parses "child" or "adult"; `None` for an unknown term.
pub(crate) fn parse_person_kind(term: &str) -> Option<PersonKind> {
    TERMS.person_kinds.get(normalize(term).as_str()).copied()
}

/// Parses a relation, with or without a final "of" or "to"; `None` for an unknown term.
pub(crate) fn parse_relation(term: &str) -> Option<RelationTerm> {
    let normalized = normalize(term);
    let without_suffix = normalized
        .strip_suffix("_of")
        .or_else(|| normalized.strip_suffix("_to"));
    TERMS
        .relations
        .get(without_suffix.unwrap_or(&normalized))
        .copied()
}

#[cfg(test)]
mod tests {
    use domain::word_list::{ItemOrder, mistakes};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Female", Some(Sex::Female))]
    #[case(" M ", Some(Sex::Male))]
    #[case("Not known", Some(Sex::NotKnown))]
    #[case("N/K", Some(Sex::NotKnown))]
    #[case("2", Some(Sex::Female))]
    #[case("girly", None)]
    fn parses_terms_for_sex(#[case] term: &str, #[case] expected: Option<Sex>) {
        assert_eq!(parse_sex(term), expected);
    }

    #[test]
    fn parses_every_relationship_of_the_domain_as_itself() {
        for kind in RelationshipKind::ALL {
            assert_eq!(
                parse_relation(kind.as_str()),
                Some(RelationTerm::Kind(*kind)),
                "{kind}"
            );
        }
        assert_eq!(
            parse_relation("Half-Sister"),
            Some(RelationTerm::Kind(RelationshipKind::HalfSiblingOf))
        );
        assert_eq!(parse_relation("child_of"), Some(RelationTerm::Child));
        assert_eq!(parse_relation("neighbour"), None);
    }

    #[test]
    fn list_is_well_formed_and_every_value_is_known() {
        assert_eq!(
            mistakes(TERMS_TEXT, ItemOrder::Sorted),
            Vec::<String>::new()
        );
        let list = WordList::parse(TERMS_TEXT);
        let listed: usize = list.sections().map(|(_, items)| items.len()).sum();
        assert_eq!(
            TERMS.sexes.len() + TERMS.person_kinds.len() + TERMS.relations.len(),
            listed
        );
    }
}
