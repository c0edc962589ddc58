//! The free texts of an entry, and their words with the separators and quotation marks around them.

use crate::{EntryDetails, Sensitive};

/// One free text of an entry.
pub(super) struct Field<'e> {
    pub(super) pointer: &'static str,
    pub(super) text: &'e str,
    /// Somebody's own words, or a label: its style is not checked.
    pub(super) exempt_from_style: bool,
}

/// Every free text, in which a name or an address could occur.
pub(super) fn text_fields<'e>(entry: &'e EntryDetails) -> Vec<Field<'e>> {
    let narrative = |pointer: &'static str, words: Option<&'e Sensitive<String>>| {
        words.map(|words| (pointer, words.as_str(), false))
    };
    let voice = entry
        .child_voice
        .as_ref()
        .map(|voice| ("/child_voice/words", voice.words.as_str(), true));
    let family = entry
        .family_account
        .as_ref()
        .map(|account| ("/family_account/words", account.words.as_str(), true));
    let label = |pointer: &'static str, text: Option<&'e String>| {
        text.map(|text| (pointer, text.as_str(), true))
    };
    let all = [
        narrative("/what", Some(&entry.what)),
        narrative("/action_taken", entry.action_taken.as_ref()),
        narrative("/no_action_reason", entry.no_action_reason.as_ref()),
        narrative("/impact", entry.impact.as_ref()),
        narrative("/outcome", entry.outcome.as_ref()),
        voice,
        family,
        entry
            .when
            .words()
            .map(|words| ("/when/words", words.as_str(), true)),
        label("/source/role", Some(&entry.source.role)),
        label("/source/record_system", Some(&entry.source.record_system)),
        label("/document_reference", entry.document_reference.as_ref()),
        label("/reference", entry.reference.as_ref()),
    ];
    all.into_iter()
        .flatten()
        .map(|(pointer, text, exempt_from_style)| Field {
            pointer,
            text,
            exempt_from_style,
        })
        .collect()
}

/// A word of a text: a run of letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    /// The characters between the word before and this one.
    pub(super) separator: &'t str,
    /// Whether the word is inside quotation marks.
    pub(super) quoted: bool,
}

impl Word<'_> {
    /// Whether this is the word `other`, whatever the case of ASCII letters.
    pub(super) fn is(&self, other: &str) -> bool {
        self.text.eq_ignore_ascii_case(other)
    }

    /// Whether the word is an upper-case letter followed by lower-case letters only.
    pub(super) fn is_capitalized(&self) -> bool {
        let mut letters = self.text.chars();
        letters.next().is_some_and(char::is_uppercase)
            && !letters.as_str().is_empty()
            && letters.all(char::is_lowercase)
    }
}

/// Splits a text into its words in one pass.
pub(super) fn split_words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut quotes = Quotes::default();
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        let (separator, from) = rest.split_at(start);
        let after_word = !found.is_empty();
        quotes.read_separator(separator, after_word);
        let end = from
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        found.push(Word {
            text: word,
            separator,
            quoted: quotes.is_open(),
        });
        rest = after;
    }
    found
}

/// The quotation marks that are open at a place in a text.
#[derive(Default)]
struct Quotes {
    double: bool,
    single: bool,
}

impl Quotes {
    /// Opens and closes quotation marks by the characters between two words. A single straight or
    /// curly quotation mark alone between two words is an apostrophe.
    fn read_separator(&mut self, separator: &str, after_word: bool) {
        if after_word && matches!(separator, "'" | "\u{2019}") {
            return;
        }
        for (index, character) in separator.char_indices() {
            match character {
                '"' => self.double = !self.double,
                '\u{201c}' => self.double = true,
                '\u{201d}' => self.double = false,
                '\u{2018}' => self.single = true,
                '\u{2019}' => self.single = false,
                // A straight mark opens directly before a word and closes anywhere else.
                '\'' => self.single = !self.single && index + 1 == separator.len(),
                _ => {}
            }
        }
    }

    const fn is_open(&self) -> bool {
        self.double || self.single
    }
}

/// The index of the first word at which one of `phrases` begins. Every word of the phrase must
/// satisfy `counts`.
pub(super) fn find_phrase<'p>(
    words: &[Word<'_>],
    phrases: &[impl AsRef<[&'p str]>],
    counts: impl Fn(&Word<'_>) -> bool,
) -> Option<usize> {
    let begins_at = |index: usize, phrase: &[&str]| {
        words.get(index..index + phrase.len()).is_some_and(|run| {
            run.iter()
                .zip(phrase)
                .all(|(word, part)| word.is(part) && counts(word))
        })
    };
    (0..words.len()).find(|index| {
        phrases
            .iter()
            .any(|phrase| begins_at(*index, phrase.as_ref()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> Vec<&str> {
        split_words(text)
            .into_iter()
            .filter(|word| word.quoted)
            .map(|word| word.text)
            .collect()
    }

    #[test]
    fn quoted_words_are_recognized() {
        assert_eq!(
            quoted("Mum said \"I feel low\" and left"),
            ["I", "feel", "low"]
        );
        assert_eq!(
            quoted("Mum said “I feel low” and left"),
            ["I", "feel", "low"]
        );
        assert_eq!(
            quoted("Mum said 'I feel low' and left"),
            ["I", "feel", "low"]
        );
        assert_eq!(
            quoted("Mum's sister said 'it's cold', then left"),
            ["it", "s", "cold"]
        );
        assert!(quoted("Mum's sister isn’t in; the boys' school rang").is_empty());
    }

    #[test]
    fn phrases_are_found_regardless_of_case_and_punctuation() {
        let words = split_words("He was Attention-seeking.");
        assert_eq!(
            find_phrase(&words, &[&["attention", "seeking"]], |_| true),
            Some(2)
        );
        assert_eq!(find_phrase(&words, &[&["seeking", "more"]], |_| true), None);
    }
}
