//! What an entry's text says once wording is set aside: kinds of event, days and times quoted, rare words, references.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use time::Date;

use super::days::{self, Quoted};
use super::kinds::{self, Kinds};
use super::shorthand::{is_common, spelt_out, stem};
use crate::facts::EventFacts;

/// Words at the beginning of a text that say what kind of event it tells.
const LEADING_WORDS: usize = 7;
/// Further words of a text are not read; nobody writes the event so far down.
const LONGEST: usize = 400;
/// Spans of more days than this show nothing of the day.
const LONGEST_SPAN_DAYS: i64 = 400;

/// One entry as read.
pub(crate) struct Reading {
    /// Telling stems, sorted, as numbers in the family's vocabulary.
    pub(crate) stems: Vec<u32>,
    /// Kinds of event that the text, the agency's own word and the category show.
    pub(crate) kinds: Kinds,
    /// Those shown by its first words and the agency's own word.
    pub(crate) lead: Kinds,
    /// Days quoted.
    pub(crate) days: Vec<Quoted>,
    /// Times of day quoted, in minutes.
    pub(crate) clocks: Vec<u16>,
    /// The entry's own day, when it is one.
    pub(crate) day: Option<Date>,
    /// First and last day it can have been, when that says anything.
    pub(crate) span: Option<(Date, Date)>,
    /// First and last day it can have been, whatever that says.
    pub(crate) reach: (Date, Date),
    /// Whether it passes on what others told.
    pub(crate) reported: bool,
    /// Whether it points to a sibling's record.
    pub(crate) points: bool,
    /// References given or quoted, sorted.
    pub(crate) references: Vec<u64>,
    /// References that the text itself quotes, sorted.
    pub(crate) quoted: Vec<u64>,
    /// Numbers in the text that are no date, time or reference, sorted.
    pub(crate) numbers: Vec<u64>,
    /// The agency's own word for the type.
    pub(crate) own_word: Option<u64>,
}

#[derive(Clone, Copy)]
struct Word {
    stem: Option<u32>,
    kinds: Kinds,
    starts_phrase: bool,
}

/// The words of one family's entries, each looked up once.
#[derive(Default)]
pub(crate) struct Vocabulary {
    words: HashMap<String, Word>,
    stems: HashMap<String, u32>,
}

impl Vocabulary {
    fn word(&mut self, word: &str) -> Word {
        if let Some(known) = self.words.get(word) {
            return *known;
        }
        let long = spelt_out(word);
        let cut = stem(long);
        let next = u32::try_from(self.stems.len()).unwrap_or(u32::MAX);
        let telling = !is_common(cut) && !is_common(long);
        let stem = telling.then(|| *self.stems.entry(cut.to_owned()).or_insert(next));
        let looked_up = Word { stem, kinds: kinds::of_word(long), starts_phrase: kinds::starts_phrase(long) };
        self.words.insert(word.to_owned(), looked_up);
        looked_up
    }

    fn all(&mut self, words: &[&str]) -> Vec<Word> {
        words.iter().map(|word| self.word(word)).collect()
    }

    /// How many different stems were read.
    pub(crate) fn len(&self) -> usize {
        self.stems.len()
    }
}

/// Reads one entry.
pub(crate) fn read(facts: &EventFacts<'_>, vocabulary: &mut Vocabulary) -> Reading {
    let text = facts.details.what.as_str().to_lowercase().replace(['’', '‘'], "'");
    let raw: Vec<&str> = text.split(is_break).map(trimmed).filter(|word| !word.is_empty()).take(LONGEST).collect();
    let (earliest, latest) = facts.span();
    let day = (earliest == latest).then_some(earliest);
    let wide = (latest - earliest).whole_days() > LONGEST_SPAN_DAYS;
    let anchor = if wide { None } else { Some(latest) };
    let times = days::read(&raw, anchor);
    let words: Vec<&str> = raw.iter().flat_map(|word| parts(word)).collect();
    let called = facts.own_word().unwrap_or_default().to_lowercase();
    let type_words: Vec<&str> = called.split(is_break).map(trimmed).flat_map(parts).collect();
    let from_type = shown(&type_words, &vocabulary.all(&type_words));
    let known = vocabulary.all(&words);
    let head = LEADING_WORDS.min(words.len());
    let lead = shown(words.get(..head).unwrap_or_default(), known.get(..head).unwrap_or_default()).with(from_type);
    let own = words.iter().zip(&known).filter(|(word, _)| !facts.names.contains(word));
    let mut stems: Vec<u32> = own.filter_map(|(_, known)| known.stem).collect();
    stems.sort_unstable();
    stems.dedup();
    Reading {
        stems,
        kinds: shown(&words, &known).with(lead).with(of_category(facts.details.category.as_str())),
        lead,
        reported: words.iter().any(|word| PASSES_ON.contains(word)),
        points: points(&words),
        days: times.days,
        clocks: times.clocks,
        day,
        reach: (earliest, latest),
        span: (!wide).then_some((earliest, latest)),
        references: references(facts, &raw),
        quoted: quoted(&raw),
        numbers: numbers(&raw),
        own_word: (!called.is_empty()).then(|| digest(&called)),
    }
}

/// Words that pass on what others told.
const PASSES_ON: &[&str] = &[
    "rang",
    "phoned",
    "called",
    "email",
    "emailed",
    "notif",
    "notification",
    "letter",
    "ltr",
    "scanned",
    "told",
    "says",
    "said",
    "per",
    "reports",
    "reported",
    "handover",
    "encompass",
    "ppn",
    "informed",
    "copy",
    "text",
    "received",
    "rec'd",
    "heard",
    "advised",
    "disclosed",
    "notified",
    "learned",
    "shared",
];

fn is_break(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"' | '“' | '”' | ';' | ',' | '>' | '<' | '|' | '=' | '…')
}

fn trimmed(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '£' | '#' | '@'))
}

/// A short form such as "a&e" as it is; other words without their inner signs.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let whole =
        word.len() <= 5 && !word.contains(['-', '–', '+', '.', ':']) && !word.starts_with(|c: char| c.is_ascii_digit());
    let signs: &[char] = if whole { &[] } else { &['/', '+', ':', '&', '–', '—', '.', '@', '\\', '_', '*'] };
    word.split(signs).map(trimmed).filter(|part| !part.is_empty())
}

fn shown(words: &[&str], known: &[Word]) -> Kinds {
    let single = known.iter().fold(Kinds::default(), |sum, word| sum.with(word.kinds));
    if known.iter().any(|word| word.starts_phrase) { single.with(kinds::phrases(words)) } else { single }
}

/// "See sibling record", "see Aisha", "as above".
fn points(words: &[&str]) -> bool {
    let after = |at: usize| words.get(at + 1).copied().unwrap_or_default();
    words.iter().enumerate().any(|(at, word)| match *word {
        "see" | "c.f" | "cf" => {
            !matches!(after(at), "if" | "how" | "him" | "her" | "them" | "you" | "me" | "gp" | "what" | "the" | "dr")
        }
        "as" => matches!(after(at), "above" | "sibling" | "brother" | "sister" | "per"),
        "duplicate" | "cross-ref" | "xref" => true,
        _ => false,
    })
}

/// The kind that a built-in category stands for; most are too wide to stand for one.
fn of_category(code: &str) -> Kinds {
    match code {
        "DOMESTIC_ABUSE" => kinds::DOMESTIC,
        "MISSING_EXPLOITATION" => kinds::MISSING,
        "MISSED" => kinds::MISSED,
        _ => Kinds::default(),
    }
}

/// The entry's own reference, its document's, and words of the text that look like one.
fn references(facts: &EventFacts<'_>, raw: &[&str]) -> Vec<u64> {
    let quoted = raw.iter().filter(|word| looks_like_reference(word)).map(|word| bare(word));
    let mut all: Vec<u64> = quoted.chain(facts.reference()).chain(facts.document()).map(|bare| digest(&bare)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn quoted(raw: &[&str]) -> Vec<u64> {
    let mut all: Vec<u64> =
        raw.iter().filter(|word| looks_like_reference(word)).map(|word| digest(&bare(word))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Sums, marks, weights and numbers of rooms: with a digit, and no date, time or reference.
fn numbers(raw: &[&str]) -> Vec<u64> {
    let counts = |word: &&&str| {
        word.len() <= 6 && word.contains(|c: char| c.is_ascii_digit()) && !word.contains(['/', ':', '–', '-'])
    };
    let mut all: Vec<u64> = raw.iter().filter(counts).map(digest).collect();
    all.sort_unstable();
    all.dedup();
    all
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

/// The same in every run; a collision costs a comparison and no more.
pub(crate) fn digest(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
