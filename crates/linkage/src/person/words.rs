//! Words of names and addresses, each looked at once: how it sounds, which name it is a form of, how common it is.

use std::collections::HashMap;
use std::sync::OnceLock;

use deunicode::deunicode_char;
use rapidfuzz::distance::osa;
use rphonetic::{DoubleMetaphone, Encoder};

use super::nicknames;

/// The most words looked at in one name or address line, and the longest word in bytes: what is longer is cut.
const MOST_WORDS: usize = 8;
const LONGEST_WORD: usize = 32;
/// The most characters read of one name or address.
const LONGEST_TEXT: usize = 300;

/// A word, by its place in [`Words`].
pub(crate) type Word = u32;

/// What is known of one word.
#[derive(Debug, Default)]
pub(crate) struct WordFacts {
    /// In small Latin letters and digits.
    pub(crate) text: Box<str>,
    /// How it sounds (Double Metaphone), for Latin letters.
    pub(crate) sound: Box<str>,
    /// The lines of the table of name forms it stands in.
    pub(crate) forms: &'static [u16],
    /// The lines of known names that one slip makes of it, when it is none itself.
    near: Box<[u16]>,
    /// Among the commonest names of the country.
    pub(crate) common: bool,
}

impl WordFacts {
    /// A name that the table knows: another known name is another name, not a slip of the pen.
    pub(crate) const fn is_known(&self) -> bool {
        !self.forms.is_empty()
    }

    /// Whether it is one slip away from known names, and none of them is the other: "Hassann" is Hassan, not Hussain.
    pub(crate) fn is_near_another_name(&self, other: &Self) -> bool {
        let others = if other.is_known() { other.forms } else { &other.near };
        !self.near.is_empty() && !others.is_empty() && self.near.iter().all(|line| !others.contains(line))
    }
}

/// All words met so far.
#[derive(Debug, Default)]
pub(crate) struct Words {
    by_text: HashMap<Box<str>, Word>,
    facts: Vec<WordFacts>,
}

impl Words {
    /// The word for a text that is already in small Latin letters and digits.
    pub(crate) fn intern(&mut self, text: &str) -> Word {
        if let Some(word) = self.by_text.get(text) {
            return *word;
        }
        let word = Word::try_from(self.facts.len()).unwrap_or(Word::MAX);
        self.by_text.insert(text.into(), word);
        self.facts.push(facts(text));
        word
    }

    pub(crate) fn get(&self, word: Word) -> &WordFacts {
        static NONE: OnceLock<WordFacts> = OnceLock::new();
        let place = usize::try_from(word).unwrap_or(usize::MAX);
        self.facts.get(place).unwrap_or_else(|| NONE.get_or_init(WordFacts::default))
    }

    /// Whether both are forms of one name: nickname, short form, or another spelling of it.
    pub(crate) fn share_a_form(&self, a: Word, b: Word) -> bool {
        let (a, b) = (self.get(a).forms, self.get(b).forms);
        a.iter().any(|form| b.contains(form))
    }
}

fn facts(text: &str) -> WordFacts {
    let sound = if text.bytes().all(|b| b.is_ascii_alphabetic()) {
        DoubleMetaphone::default().encode(text)
    } else {
        String::new()
    };
    let entry = nicknames::table().get(text);
    WordFacts {
        text: text.into(),
        sound: if sound.is_empty() { text.into() } else { sound.into() },
        forms: entry.map_or(&[], |entry| entry.forms.as_slice()),
        near: if entry.is_some() { Box::default() } else { nicknames::near(text).into() },
        common: entry.is_some_and(|entry| entry.common) || nicknames::is_common_surname(text),
    }
}

/// Splits a text into words of small Latin letters and digits: accents go, other scripts are transliterated, apostrophes
/// join, everything else separates. Signs and pictures are no words.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.chars().take(LONGEST_TEXT) {
        let Some(word) = words.last_mut() else { break };
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            let latin = deunicode_char(c).unwrap_or_default();
            word.extend(latin.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()));
        } else if !matches!(c, '\'' | '’' | '‘' | '`' | 'ʼ') && !is_mark(c) && !word.is_empty() {
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words.truncate(MOST_WORDS);
    words.iter_mut().for_each(|word| word.truncate(LONGEST_WORD));
    words
}

/// A combining accent, which belongs to the letter before it.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{93a}'..='\u{94f}' | '\u{9bc}'..='\u{9cd}')
}

/// How many slips (a letter wrong, missing, added, or two changed places) lie between two words.
pub(crate) fn slips(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 3 {
        return usize::MAX;
    }
    osa::distance(a.bytes(), b.bytes())
}
