//! The texts of an entry, and their words one by one with what stands around them.

use crate::{EntryDetails, Sensitive};

/// One text of an entry.
pub(super) struct Field<'e> {
    pub(super) pointer: &'static str,
    pub(super) text: &'e str,
    /// Somebody's own words, or a label: how it is put is not judged.
    pub(super) speech: bool,
}

/// Every text in which a name or an address could stand.
pub(super) fn fields<'e>(entry: &'e EntryDetails) -> Vec<Field<'e>> {
    let own = |pointer: &'static str, words: Option<&'e Sensitive<String>>| {
        words.map(|words| (pointer, words.as_str(), false))
    };
    let voice = entry.child_voice.as_ref().map(|voice| ("/child_voice/words", voice.words.as_str(), true));
    let family = entry.family_account.as_ref().map(|account| ("/family_account/words", account.words.as_str(), true));
    let plain = |pointer: &'static str, text: Option<&'e String>| text.map(|text| (pointer, text.as_str(), true));
    let all = [
        own("/what", Some(&entry.what)),
        own("/action_taken", entry.action_taken.as_ref()),
        own("/no_action_reason", entry.no_action_reason.as_ref()),
        own("/impact", entry.impact.as_ref()),
        own("/outcome", entry.outcome.as_ref()),
        voice,
        family,
        entry.when.words().map(|words| ("/when/words", words.as_str(), true)),
        plain("/source/role", Some(&entry.source.role)),
        plain("/source/record_system", Some(&entry.source.record_system)),
        plain("/document_reference", entry.document_reference.as_ref()),
        plain("/reference", entry.reference.as_ref()),
    ];
    all.into_iter().flatten().map(|(pointer, text, speech)| Field { pointer, text, speech }).collect()
}

/// A run of letters and digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    /// What stands between the word before and this one.
    pub(super) gap: &'t str,
    /// Inside quotation marks.
    pub(super) quoted: bool,
}

impl Word<'_> {
    pub(super) fn is(&self, other: &str) -> bool {
        self.text.eq_ignore_ascii_case(other)
    }

    /// A capital followed by small letters only.
    pub(super) fn is_capitalised(&self) -> bool {
        let mut letters = self.text.chars();
        letters.next().is_some_and(char::is_uppercase)
            && !letters.as_str().is_empty()
            && letters.all(char::is_lowercase)
    }
}

/// The words of a text in order, found in one pass.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut quotes = Quotes::default();
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        let (gap, from) = rest.split_at(start);
        let after_word = !found.is_empty();
        quotes.pass(gap, after_word);
        let end = from.find(|c: char| !c.is_alphanumeric()).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        found.push(Word { text: word, gap, quoted: quotes.open() });
        rest = after;
    }
    found
}

/// Which quotation marks are open.
#[derive(Default)]
struct Quotes {
    double: bool,
    single: bool,
}

impl Quotes {
    /// Passes the signs between two words. A lone straight or curly apostrophe between letters is an apostrophe.
    fn pass(&mut self, gap: &str, after_word: bool) {
        if after_word && matches!(gap, "'" | "\u{2019}") {
            return;
        }
        for (at, sign) in gap.char_indices() {
            match sign {
                '"' => self.double = !self.double,
                '\u{201c}' => self.double = true,
                '\u{201d}' => self.double = false,
                '\u{2018}' => self.single = true,
                '\u{2019}' => self.single = false,
                // Straight: it opens right before a word and closes anywhere else.
                '\'' => self.single = !self.single && at + 1 == gap.len(),
                _ => {}
            }
        }
    }

    const fn open(&self) -> bool {
        self.double || self.single
    }
}

/// The place of the first of `phrases` among `words`, looking only where `wanted`.
pub(super) fn first_phrase(
    words: &[Word<'_>],
    phrases: &[&[&str]],
    wanted: impl Fn(&Word<'_>) -> bool,
) -> Option<usize> {
    let begins = |at: usize, phrase: &[&str]| {
        words
            .get(at..at + phrase.len())
            .is_some_and(|run| run.iter().zip(phrase).all(|(word, part)| word.is(part) && wanted(word)))
    };
    (0..words.len()).find(|at| phrases.iter().any(|phrase| begins(*at, phrase)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> Vec<&str> {
        words(text).into_iter().filter(|word| word.quoted).map(|word| word.text).collect()
    }

    #[test]
    fn knows_what_is_quoted() {
        assert_eq!(quoted("Mum said \"I feel low\" and left"), ["I", "feel", "low"]);
        assert_eq!(quoted("Mum said “I feel low” and left"), ["I", "feel", "low"]);
        assert_eq!(quoted("Mum said 'I feel low' and left"), ["I", "feel", "low"]);
        assert_eq!(quoted("Mum's sister said 'it's cold', then left"), ["it", "s", "cold"]);
        assert!(quoted("Mum's sister isn’t in; the boys' school rang").is_empty());
    }

    #[test]
    fn finds_phrases_without_regard_to_capitals_and_signs() {
        let words = words("He was Attention-seeking.");
        assert_eq!(first_phrase(&words, &[&["attention", "seeking"]], |_| true), Some(2));
        assert_eq!(first_phrase(&words, &[&["seeking", "more"]], |_| true), None);
    }
}
