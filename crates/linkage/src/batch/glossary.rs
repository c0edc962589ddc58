//! The glossary: agencies' own terms for types of events ("DA call-out", "ED attendance") and their
//! categories.

use std::collections::BTreeMap;

use domain::Category;
use domain::word_list::WordList;

/// Terms for types of events, in a section for each built-in category.
const EVENT_TYPES_TEXT: &str = include_str!("../../data/event-types.txt");

/// The categories of types of events. A partnership's own terms take precedence over the built-in
/// ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glossary {
    /// Categories by normalised term.
    categories: BTreeMap<String, Category>,
}

impl Default for Glossary {
    fn default() -> Self {
        let list = WordList::parse(EVENT_TYPES_TEXT);
        let mut categories = BTreeMap::new();
        for (code, terms) in list.sections() {
            if let Some(category) = Category::new(code) {
                categories.extend(terms.iter().map(|term| (normalize(term), category.clone())));
            }
        }
        Self { categories }
    }
}

impl Glossary {
    /// A glossary without terms.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            categories: BTreeMap::new(),
        }
    }

    /// Adds the terms of an agency or a partnership, which replace the same terms of the glossary.
    /// Capital letters, punctuation and spacing do not count.
    #[must_use]
    pub fn with_terms(mut self, terms: impl IntoIterator<Item = (String, Category)>) -> Self {
        self.categories.extend(
            terms
                .into_iter()
                .map(|(term, category)| (normalize(&term), category)),
        );
        self
    }

    /// The category of an agency's own term for a type of event. Looks up the whole term, then the
    /// part before a dash, colon, slash or bracket ("Domestic – verbal only"). `None` for an
    /// unknown term; the event is linked all the same.
    #[must_use]
    pub fn category(&self, term: &str) -> Option<&Category> {
        let by_whole_term = self.categories.get(&normalize(term));
        by_whole_term.or_else(|| {
            let (first_part, _) = term.split_once(['-', '–', '—', ':', '(', '/'])?;
            self.categories.get(&normalize(first_part))
        })
    }

    /// The category of a term; [`Category::other`] for an unknown one.
    pub(super) fn category_or_other(&self, term: &str) -> Category {
        self.category(term).cloned().unwrap_or_else(Category::other)
    }
}

/// A term in lower case without apostrophes, its words separated by one space.
fn normalize(term: &str) -> String {
    let lower = term.to_lowercase().replace(['\'', '’'], "");
    let words = lower
        .split(|c: char| !c.is_alphanumeric() && c != '&')
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::word_list::{ItemOrder, mistakes};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Domestic incident", Some("DOMESTIC_ABUSE"))]
    #[case("DA call-out", Some("DOMESTIC_ABUSE"))]
    #[case("DOMESTIC - VERBAL", Some("DOMESTIC_ABUSE"))]
    #[case("ED attendance", Some("HEALTH"))]
    #[case("Arrest: breach of the peace", Some("CRIME"))]
    #[case("13HM.", None)]
    #[case("", None)]
    #[case("🙂", None)]
    fn finds_built_in_terms(#[case] term: &str, #[case] code: Option<&str>) {
        assert_eq!(
            Glossary::default().category(term).map(Category::as_str),
            code
        );
    }

    #[test]
    fn terms_of_a_partnership_take_precedence_over_built_in_terms() {
        let own = [
            ("13HM.".to_owned(), "MISSED"),
            ("Attendance".to_owned(), "HEALTH"),
        ];
        let own = own.map(|(term, code)| (term, Category::new(code).unwrap()));
        let glossary = Glossary::default().with_terms(own);
        assert_eq!(
            glossary.category("13hm").map(Category::as_str),
            Some("MISSED")
        );
        assert_eq!(
            glossary.category("ATTENDANCE").map(Category::as_str),
            Some("HEALTH")
        );
        assert_eq!(
            glossary.category("Suspension").map(Category::as_str),
            Some("EDUCATION")
        );
    }

    #[test]
    fn every_built_in_term_is_listed_once_under_a_built_in_category() {
        assert_eq!(
            mistakes(EVENT_TYPES_TEXT, ItemOrder::Sorted),
            Vec::<String>::new()
        );
        let built_in = domain::built_in_categories();
        let mut seen = BTreeSet::new();
        for (code, terms) in WordList::parse(EVENT_TYPES_TEXT).sections() {
            assert!(built_in.iter().any(|(known, _)| *known == code), "{code}");
            for term in terms {
                assert!(seen.insert(normalize(term)), "{term} twice");
            }
        }
    }
}
