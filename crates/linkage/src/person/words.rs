//! Interns the words of names and addresses, with the facts about each word: its phonetic code, the
//! names of which it is a form, and whether it is common.

use std::collections::HashMap;
use std::sync::LazyLock;

use deunicode::deunicode_char;
use rapidfuzz::distance::osa;
use rphonetic::{DoubleMetaphone, Encoder};

use super::name_tables;

/// The most words read of one name or address; further words are ignored.
const MAX_WORDS: usize = 8;
/// The longest word in bytes; the rest of a longer word is ignored.
const MAX_WORD_BYTES: usize = 32;
/// The most characters read of one name or address; the rest is ignored.
const MAX_TEXT_CHARS: usize = 300;

/// An interned word: its index in [`WordInterner`].
pub(crate) type WordId = u32;

/// The facts about one word.
#[derive(Debug, Default)]
pub(crate) struct WordFacts {
    /// The word in lower-case Latin letters and digits.
    pub(crate) text: Box<str>,
    /// Its phonetic code (Double Metaphone) if it consists of Latin letters, otherwise the word
    /// itself.
    pub(crate) sound: Box<str>,
    /// The lines of the table of given names on which it is a form of a name.
    pub(crate) name_lines: &'static [u16],
    /// The lines of known names that differ from it by one typing error, unless it is a known name
    /// itself.
    similar_name_lines: Box<[u16]>,
    /// Whether it is among the commonest names of the country.
    pub(crate) is_common: bool,
    /// Whether many brothers have it as their first name.
    pub(crate) is_shared_by_brothers: bool,
}

impl WordFacts {
    /// Whether the word is a known given name. Two different known names are two names, not a
    /// typing error.
    pub(crate) const fn is_known(&self) -> bool {
        !self.name_lines.is_empty()
    }

    /// Whether the word is a misspelling of known names of which none is the other word: "Hassann"
    /// is Hassan, not Hussain.
    pub(crate) fn is_near_another_name(&self, other: &Self) -> bool {
        let other_lines = if other.is_known() {
            other.name_lines
        } else {
            &other.similar_name_lines
        };
        let own_lines = &self.similar_name_lines;
        !own_lines.is_empty()
            && !other_lines.is_empty()
            && own_lines.iter().all(|line| !other_lines.contains(line))
    }
}

/// All words read so far.
#[derive(Debug, Default)]
pub(crate) struct WordInterner {
    by_text: HashMap<Box<str>, WordId>,
    facts: Vec<WordFacts>,
}

impl WordInterner {
    /// Interns a word, which is in lower-case Latin letters and digits.
    pub(crate) fn intern(&mut self, text: &str) -> WordId {
        if let Some(word) = self.by_text.get(text) {
            return *word;
        }
        let word = WordId::try_from(self.facts.len()).unwrap_or(WordId::MAX);
        self.by_text.insert(text.into(), word);
        self.facts.push(word_facts(text));
        word
    }

    /// The facts about a word.
    pub(crate) fn get(&self, word: WordId) -> &WordFacts {
        static UNKNOWN_WORD: LazyLock<WordFacts> = LazyLock::new(WordFacts::default);
        let index = usize::try_from(word).unwrap_or(usize::MAX);
        self.facts.get(index).unwrap_or_else(|| &UNKNOWN_WORD)
    }

    /// Whether both are forms of one name: nickname, short form, or another spelling of it.
    pub(crate) fn share_form(&self, a: WordId, b: WordId) -> bool {
        let a = self.get(a).name_lines;
        let b = self.get(b).name_lines;
        a.iter().any(|line| b.contains(line))
    }
}

fn word_facts(text: &str) -> WordFacts {
    let sound = if text.bytes().all(|b| b.is_ascii_alphabetic()) {
        DoubleMetaphone::default().encode(text)
    } else {
        String::new()
    };
    let entry = name_tables::given_name(text);
    WordFacts {
        text: text.into(),
        sound: if sound.is_empty() {
            text.into()
        } else {
            sound.into()
        },
        name_lines: entry.map_or(&[], |entry| entry.lines.as_slice()),
        similar_name_lines: if entry.is_some() {
            Box::default()
        } else {
            name_tables::lines_one_slip_away(text).into()
        },
        is_common: entry.is_some_and(|entry| entry.is_common)
            || name_tables::is_common_surname(text),
        is_shared_by_brothers: name_tables::is_shared_by_brothers(text),
    }
}

/// Splits a text into words of lower-case Latin letters and digits. Accents are removed, other
/// scripts transliterated, and apostrophes ignored; all other characters separate words.
pub(crate) fn split_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.chars().take(MAX_TEXT_CHARS) {
        let Some(word) = words.last_mut() else { break };
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            let latin = deunicode_char(c).unwrap_or_default();
            word.extend(
                latin
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .map(|c| c.to_ascii_lowercase()),
            );
        } else if !matches!(c, '\'' | '’' | '‘' | '`' | 'ʼ') && !is_mark(c) && !word.is_empty()
        {
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words.truncate(MAX_WORDS);
    words
        .iter_mut()
        .for_each(|word| word.truncate(MAX_WORD_BYTES));
    words
}

/// Whether a character is a combining accent, which belongs to the letter before it.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{93a}'..='\u{94f}' | '\u{9bc}'..='\u{9cd}')
}

/// The number of typing errors (a letter wrong, missing or added, or two neighbouring letters
/// swapped) between two words; `usize::MAX` when their lengths differ by more than three.
pub(crate) fn edit_distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 3 {
        return usize::MAX;
    }
    osa::distance(a.bytes(), b.bytes())
}
