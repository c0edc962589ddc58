//! The words of one family's entries, each analysed once.

use std::collections::HashMap;

use super::abbreviations::expand;
use super::common_words::{is_frequent, is_ignored};
use super::kinds::Kinds;
use super::quoted_days::is_temporal;
use super::sibling_references::means_several_children;
use super::stemming::stem;
use super::word_frequencies::WordFrequencies;
use super::{keywords, synonyms};
use crate::stable_hash::stable_hash;

/// A piece of text between spaces: "a&e/ward" is one token with two parts.
#[derive(Clone, Copy, Default)]
pub(crate) struct Token {
    /// Index of the first part in [`Vocabulary::part_ids`].
    first_part: u32,
    part_count: u32,
    pub(crate) is_temporal: bool,
    /// The hash of what looks like a reference.
    pub(crate) reference: Option<u64>,
    /// The hash of a number that is no date, time or reference.
    pub(crate) number: Option<u64>,
}

/// A part of a token.
pub(crate) struct WordPart {
    /// The word with its abbreviation expanded.
    pub(crate) expanded: String,
    /// The id of its meaning; absent for a word that says nothing about an event or is a name.
    pub(crate) meaning: Option<u32>,
    pub(crate) kinds: Kinds,
    pub(crate) starts_phrase: bool,
    /// Whether it stands for several children.
    pub(crate) means_several_children: bool,
    /// Whether it names a child of the family.
    pub(crate) is_name: bool,
}

/// Whether a word is a name in the family.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameMatch {
    /// The given name of a child.
    Child,
    /// Another name of the family: of an adult, a family name or an address.
    Other,
    /// No name.
    None,
}

/// Every word seen so far, with what it shows.
pub(crate) struct Vocabulary<'m> {
    frequencies: &'m WordFrequencies,
    rarities: Vec<i32>,
    tokens: HashMap<String, Token>,
    parts: Vec<WordPart>,
    /// The ids of parts, which are their indexes in `parts`, by word.
    ids_by_word: HashMap<String, u32>,
    /// The ids of the parts of all tokens, one token after the other.
    part_ids: Vec<u32>,
    meanings: HashMap<String, u32>,
    frequent: Vec<bool>,
}

impl<'m> Vocabulary<'m> {
    /// An empty vocabulary. `frequencies` says how rare words are in records in general.
    pub(crate) fn new(frequencies: &'m WordFrequencies) -> Self {
        Self {
            frequencies,
            rarities: Vec::new(),
            tokens: HashMap::new(),
            parts: Vec::new(),
            ids_by_word: HashMap::new(),
            part_ids: Vec::new(),
            meanings: HashMap::new(),
            frequent: Vec::new(),
        }
    }

    /// Looks up a lower-case token, and adds it when it is new. `match_name` says whether a part of
    /// it is a name.
    pub(crate) fn token(&mut self, text: &str, match_name: &dyn Fn(&str) -> NameMatch) -> Token {
        if let Some(known) = self.tokens.get(text) {
            return *known;
        }
        let first_part = u32::try_from(self.part_ids.len()).unwrap_or(u32::MAX);
        for word in split_into_parts(text) {
            let id = self.part_id(word, match_name);
            self.part_ids.push(id);
        }
        let part_count = u32::try_from(self.part_ids.len()).unwrap_or(u32::MAX) - first_part;
        let reference = looks_like_reference(text).then(|| stable_hash(&alphanumeric(text)));
        let number = is_number(text).then(|| stable_hash(&without_unit(text)));
        let token = Token {
            first_part,
            part_count,
            is_temporal: is_temporal(text),
            reference,
            number,
        };
        self.tokens.insert(text.to_owned(), token);
        token
    }

    fn part_id(&mut self, word: &str, match_name: &dyn Fn(&str) -> NameMatch) -> u32 {
        if let Some(known) = self.ids_by_word.get(word) {
            return *known;
        }
        let expanded = expand(word);
        let stem = stem(expanded);
        let name = match_name(word);
        let says_nothing = is_ignored(stem) || is_ignored(expanded) || name != NameMatch::None;
        let part = WordPart {
            expanded: expanded.to_owned(),
            meaning: (!says_nothing).then(|| self.meaning_id(expanded, stem)),
            kinds: keywords::kinds_of_word(expanded),
            starts_phrase: keywords::starts_phrase(expanded),
            means_several_children: means_several_children(word),
            is_name: name == NameMatch::Child,
        };
        let id = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        self.parts.push(part);
        self.ids_by_word.insert(word.to_owned(), id);
        id
    }

    fn meaning_id(&mut self, expanded: &str, stem: &str) -> u32 {
        let meaning = meaning_of(expanded, stem);
        if let Some(known) = self.meanings.get(meaning) {
            return *known;
        }
        let id = u32::try_from(self.meanings.len()).unwrap_or(u32::MAX);
        self.meanings.insert(meaning.to_owned(), id);
        let is_short_figure =
            expanded.len() <= 2 && expanded.bytes().all(|byte| byte.is_ascii_digit());
        self.frequent
            .push(is_short_figure || is_frequent(meaning) || is_frequent(expanded));
        self.rarities.push(self.frequencies.rarity(meaning));
        id
    }

    /// The parts of a token.
    pub(crate) fn parts_of(&self, token: Token) -> impl Iterator<Item = &WordPart> {
        let first = usize::try_from(token.first_part).unwrap_or(usize::MAX);
        let count = usize::try_from(token.part_count).unwrap_or(0);
        let ids = self
            .part_ids
            .get(first..first.saturating_add(count))
            .unwrap_or_default();
        ids.iter()
            .filter_map(|id| self.parts.get(usize::try_from(*id).ok()?))
    }

    /// Whether each meaning is frequent in English, by meaning id.
    pub(crate) fn frequent(&self) -> &[bool] {
        &self.frequent
    }

    /// How rare each meaning is in records in general, in thousandths of a natural logarithm, by
    /// meaning id.
    pub(crate) fn rarities(&self) -> &[i32] {
        &self.rarities
    }

    /// The written form of each meaning, by meaning id.
    pub(crate) fn meanings(&self) -> Vec<&str> {
        let mut written: Vec<(u32, &str)> = self
            .meanings
            .iter()
            .map(|(word, id)| (*id, word.as_str()))
            .collect();
        written.sort_unstable();
        written.into_iter().map(|(_, word)| word).collect()
    }
}

/// The meaning of an expanded word with its stem: the concept of its synonyms, or the stem.
fn meaning_of<'w>(expanded: &str, stem: &'w str) -> &'w str {
    synonyms::concept(expanded, stem).unwrap_or(stem)
}

/// The written forms of the meanings of a lower-case token; none for a word that says nothing about
/// an event.
pub(crate) fn meanings_of(token: &str) -> Vec<String> {
    let meaning = |word: &str| {
        let expanded = expand(word);
        let stem = stem(expanded);
        (!is_ignored(stem) && !is_ignored(expanded)).then(|| meaning_of(expanded, stem).to_owned())
    };
    split_into_parts(token).filter_map(meaning).collect()
}

/// Whether a character ends a token.
pub(crate) fn is_token_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '(' | ')' | '[' | ']' | '"' | '“' | '”' | ';' | ',' | '>' | '<' | '|' | '=' | '…'
        )
}

/// A token without the punctuation around it.
pub(crate) fn trim_punctuation(token: &str) -> &str {
    token.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '£' | '#' | '@'))
}

/// Splits a token at its inner punctuation. A short form such as "a&e" stays whole.
fn split_into_parts(token: &str) -> impl Iterator<Item = &str> {
    let stays_whole = token.len() <= 5
        && !token.contains(['-', '–', '+', '.', ':'])
        && !token.starts_with(|c: char| c.is_ascii_digit());
    let separators: &[char] = if stays_whole {
        &[]
    } else {
        &['/', '+', ':', '&', '–', '—', '.', '@', '\\', '_', '*']
    };
    token
        .split(separators)
        .map(trim_punctuation)
        .filter(|part| !part.is_empty())
}

/// Whether a token is an amount, a mark, a weight or the number of a room: it has a digit, and is
/// no date, time or reference.
fn is_number(token: &str) -> bool {
    token.len() <= 6
        && token.contains(|c: char| c.is_ascii_digit())
        && !token.contains(['/', ':', '–', '-'])
}

/// The figure without its unit, so that "12kg" and "12" are the same.
fn without_unit(token: &str) -> &str {
    const UNITS: [&str; 12] = [
        "kg", "cm", "mm", "ml", "mg", "g", "m", "%", "st", "nd", "rd", "th",
    ];
    let token = token.trim_start_matches(['£', '#']);
    let bare = UNITS.iter().find_map(|unit| token.strip_suffix(unit));
    bare.filter(|bare| bare.ends_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(token)
}

/// Whether a token has five digits or more with a letter or punctuation among them
/// ("inc/2024/1182") and is no date, time or amount.
fn looks_like_reference(token: &str) -> bool {
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let letters = token.bytes().filter(u8::is_ascii_alphabetic).count();
    digits >= 5
        && (letters >= 1 && digits + letters >= 7 || token.matches('/').count() == 2 && digits > 8)
}

fn alphanumeric(token: &str) -> String {
    token.chars().filter(|c| c.is_alphanumeric()).collect()
}
