//! The words of one family's entries, each looked up once.

use std::collections::HashMap;

use super::common::is_frequent;
use super::days::is_temporal;
use super::frequencies::Frequencies;
use super::kinds::Kinds;
use super::mixing::digest;
use super::shorthand::{is_common, spelt_out, stem};
use super::{signs, thesaurus};

/// A word as it stands between spaces: "a&e/ward" is one with two parts.
#[derive(Clone, Copy, Default)]
pub(crate) struct Raw {
    first: u32,
    count: u32,
    pub(crate) temporal: bool,
    /// The digest of what looks like a reference.
    pub(crate) reference: Option<u64>,
    /// The digest of a number that is no date, time or reference.
    pub(crate) number: Option<u64>,
}

/// A part of a word.
pub(crate) struct Part {
    /// Spelt out.
    pub(crate) long: String,
    /// The number of its meaning, unless it shows nothing or names a child.
    pub(crate) meaning: Option<u32>,
    pub(crate) kinds: Kinds,
    pub(crate) starts_phrase: bool,
    /// Whether it stands for several children.
    pub(crate) several: bool,
    /// Whether it names a child of the family.
    pub(crate) is_name: bool,
}

/// Whom a word names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// A child of the family.
    Child,
    /// Somebody else of the family, or the family itself.
    Other,
    /// Nobody of the family.
    Nobody,
}

/// Every word seen, with what it shows.
pub(crate) struct Vocabulary<'m> {
    frequencies: &'m Frequencies,
    rarities: Vec<i32>,
    raws: HashMap<String, Raw>,
    part_numbers: HashMap<String, u32>,
    parts: Vec<Part>,
    places: Vec<u32>,
    meanings: HashMap<String, u32>,
    frequent: Vec<bool>,
}

impl<'m> Vocabulary<'m> {
    /// An empty vocabulary over the frequencies of words in records in general.
    pub(crate) fn new(frequencies: &'m Frequencies) -> Self {
        Self {
            frequencies,
            rarities: Vec::new(),
            raws: HashMap::new(),
            part_numbers: HashMap::new(),
            parts: Vec::new(),
            places: Vec::new(),
            meanings: HashMap::new(),
            frequent: Vec::new(),
        }
    }

    /// What is known of a lower-case word; `named` says whom a part of it names.
    pub(crate) fn raw(&mut self, word: &str, named: &dyn Fn(&str) -> Named) -> Raw {
        if let Some(known) = self.raws.get(word) {
            return *known;
        }
        let first = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        for part in parts(word) {
            let number = self.part(part, named);
            self.places.push(number);
        }
        let count = u32::try_from(self.places.len()).unwrap_or(u32::MAX) - first;
        let reference = looks_like_reference(word).then(|| digest(&bare(word)));
        let number = is_number(word).then(|| digest(&without_unit(word)));
        let raw = Raw { first, count, temporal: is_temporal(word), reference, number };
        self.raws.insert(word.to_owned(), raw);
        raw
    }

    fn part(&mut self, word: &str, named: &dyn Fn(&str) -> Named) -> u32 {
        if let Some(known) = self.part_numbers.get(word) {
            return *known;
        }
        let long = spelt_out(word);
        let cut = stem(long);
        let named = named(word);
        let is_name = named == Named::Child;
        let silent = is_common(cut) || is_common(long) || named != Named::Nobody;
        let meaning = (!silent).then(|| self.meaning(long, cut));
        let kinds = signs::of_word(long);
        let starts_phrase = signs::starts_phrase(long);
        let several = SEVERAL.contains(&word);
        let number = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        self.parts.push(Part { long: long.to_owned(), meaning, kinds, starts_phrase, several, is_name });
        self.part_numbers.insert(word.to_owned(), number);
        number
    }

    fn meaning(&mut self, long: &str, cut: &str) -> u32 {
        let stands_for = stands_for(long, cut);
        if let Some(known) = self.meanings.get(stands_for) {
            return *known;
        }
        let next = u32::try_from(self.meanings.len()).unwrap_or(u32::MAX);
        self.meanings.insert(stands_for.to_owned(), next);
        let figure = long.len() <= 2 && long.bytes().all(|byte| byte.is_ascii_digit());
        self.frequent.push(figure || is_frequent(stands_for) || is_frequent(long));
        self.rarities.push(self.frequencies.rarity(stands_for));
        next
    }

    /// The parts of a word.
    pub(crate) fn parts_of(&self, raw: Raw) -> impl Iterator<Item = &Part> {
        let first = usize::try_from(raw.first).unwrap_or(usize::MAX);
        let count = usize::try_from(raw.count).unwrap_or(0);
        let places = self.places.get(first..first.saturating_add(count)).unwrap_or_default();
        places.iter().filter_map(|place| self.parts.get(usize::try_from(*place).ok()?))
    }

    /// Of each meaning, whether it is frequent in English.
    pub(crate) fn frequent(&self) -> &[bool] {
        &self.frequent
    }

    /// Of each meaning, how rare it is in records in general, in thousandths of a natural logarithm.
    pub(crate) fn rarities(&self) -> &[i32] {
        &self.rarities
    }

    /// Every meaning as it is written, in the order of their numbers.
    pub(crate) fn meanings(&self) -> Vec<&str> {
        let mut written: Vec<(u32, &str)> =
            self.meanings.iter().map(|(word, number)| (*number, word.as_str())).collect();
        written.sort_unstable();
        written.into_iter().map(|(_, word)| word).collect()
    }
}

/// The meaning of a word spelt out, or of its stem.
fn stands_for<'w>(long: &str, cut: &'w str) -> &'w str {
    thesaurus::concept(long, cut).unwrap_or(cut)
}

/// The meanings of a lower-case word as they are written; none for a word that shows nothing.
pub(crate) fn meanings_of(word: &str) -> Vec<String> {
    let meaning = |part: &str| {
        let long = spelt_out(part);
        let cut = stem(long);
        (!is_common(cut) && !is_common(long)).then(|| stands_for(long, cut).to_owned())
    };
    parts(word).filter_map(meaning).collect()
}

/// Words for several children, or for another than the one the entry is about.
const SEVERAL: &[&str] = &[
    "children", "chn", "chdn", "kids", "twins", "siblings", "sibs", "both", "girls", "boys", "brothers", "sisters",
    "family", "brother", "sister", "sibling", "bro", "sis", "x2", "x3", "x4", "all",
];

/// Whether a character ends a word.
pub(crate) fn is_break(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"' | '“' | '”' | ';' | ',' | '>' | '<' | '|' | '=' | '…')
}

/// A word without the signs around it.
pub(crate) fn trimmed(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '£' | '#' | '@'))
}

/// A short form such as "a&e" as it is; other words without their inner signs.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let whole =
        word.len() <= 5 && !word.contains(['-', '–', '+', '.', ':']) && !word.starts_with(|c: char| c.is_ascii_digit());
    let signs: &[char] = if whole { &[] } else { &['/', '+', ':', '&', '–', '—', '.', '@', '\\', '_', '*'] };
    word.split(signs).map(trimmed).filter(|part| !part.is_empty())
}

/// Sums, marks, weights and numbers of rooms: with a digit, and no date, time or reference.
fn is_number(word: &str) -> bool {
    word.len() <= 6 && word.contains(|c: char| c.is_ascii_digit()) && !word.contains(['/', ':', '–', '-'])
}

/// "12kg" and "12" are the same figure.
fn without_unit(word: &str) -> &str {
    const UNITS: [&str; 12] = ["kg", "cm", "mm", "ml", "mg", "g", "m", "%", "st", "nd", "rd", "th"];
    let word = word.trim_start_matches(['£', '#']);
    let bare = UNITS.iter().find_map(|unit| word.strip_suffix(unit));
    bare.filter(|bare| bare.ends_with(|c: char| c.is_ascii_digit())).unwrap_or(word)
}

/// Five digits or more with a letter or a sign among them: "inc/2024/1182", and not a date, a time or a sum.
fn looks_like_reference(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    digits >= 5 && (letters >= 1 && digits + letters >= 7 || word.matches('/').count() == 2 && digits > 8)
}

fn bare(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).collect()
}
