//! What an entry's text says once wording is set aside: kinds of event, days and times quoted, rare words, references.

use domain::{PersonId, Precision};
use time::Date;

use super::acts;
use super::clock::Clock;
use super::days::{self, Quoted};
use super::kinds::{self, Kinds};
use super::mixing::digest;
use super::signs;
use super::words::{Named, Part, Raw, Vocabulary, is_break, trimmed};
use crate::facts::EventFacts;

/// Words at the beginning of a text that say what kind of event it tells.
const LEADING_WORDS: usize = 7;
/// Further words of a text are not read; nobody writes the event so far down.
const LONGEST: usize = 400;
/// No month has more days.
const MONTH_DAYS: i64 = 31;
/// Spans of more days than this show nothing of the day.
const LONGEST_SPAN_DAYS: i64 = 400;

/// One entry as read, or several that repeat one another.
#[derive(Clone)]
pub(crate) struct Reading {
    /// Telling meanings, sorted, as numbers in the family's vocabulary.
    pub(crate) stems: Vec<u32>,
    /// Kinds of event that the text, the agency's own word and the category show.
    pub(crate) kinds: Kinds,
    /// Those shown by its first words and the agency's own word.
    pub(crate) lead: Kinds,
    /// Days quoted.
    pub(crate) days: Vec<Quoted>,
    /// Times of day quoted.
    pub(crate) clocks: Vec<Clock>,
    /// Days of the week named, Monday being the lowest bit.
    pub(crate) weekdays: u8,
    /// The entry's own day, when it is one.
    pub(crate) day: Option<Date>,
    /// The entry's own time of day, in minutes.
    pub(crate) minutes: Option<u16>,
    /// First and last day it can have been, when that says anything.
    pub(crate) span: Option<(Date, Date)>,
    /// First and last day it can have been, whatever that says.
    pub(crate) reach: (Date, Date),
    /// Whether it tells of a period of more than a month, given by its first and last day.
    pub(crate) period: bool,
    /// Whether it points to a sibling's record.
    pub(crate) points: bool,
    /// Whether it speaks of several children, or of another than its own.
    pub(crate) together: bool,
    /// References given or quoted, sorted.
    pub(crate) references: Vec<u64>,
    /// References that the text itself quotes, sorted.
    pub(crate) quoted: Vec<u64>,
    /// Numbers in the text that are no date, time or reference, sorted.
    pub(crate) numbers: Vec<u64>,
    /// Those of three characters or more.
    pub(crate) long_numbers: Vec<u64>,
    /// The agency's own word for the type.
    pub(crate) own_word: Option<u64>,
    /// What it tells of, the agency's own word for the type included.
    pub(crate) told: acts::Told,
    /// Meanings that stand next to each other, as digests, sorted.
    pub(crate) neighbours: Vec<u64>,
    /// Children of the family whom the text names, sorted.
    pub(crate) named: Vec<PersonId>,
    /// How many words the text has.
    pub(crate) length: u32,
}

impl Reading {
    /// What a shorter telling of the same event by the same agency adds. What leads is what leads in the fullest.
    pub(crate) fn extend(&mut self, other: &Self) {
        merge(&mut self.references, &other.references);
        merge(&mut self.quoted, &other.quoted);
        merge(&mut self.numbers, &other.numbers);
        merge(&mut self.long_numbers, &other.long_numbers);
        merge(&mut self.stems, &other.stems);
        merge(&mut self.days, &other.days);
        merge(&mut self.clocks, &other.clocks);
        self.kinds = self.kinds.with(other.kinds);
        self.weekdays |= other.weekdays;
        self.minutes = self.minutes.or(other.minutes);
        let days = |reading: &Self| reading.reach.1 - reading.reach.0;
        if days(other) < days(self) {
            (self.day, self.span, self.reach) = (other.day, other.span, other.reach);
        }
        self.together |= other.together;
        self.told = self.told.with(other.told);
        self.length = self.length.max(other.length);
        merge(&mut self.neighbours, &other.neighbours);
        merge(&mut self.named, &other.named);
        self.own_word = self.own_word.min(other.own_word);
    }

    /// Whether it tells what only its own child went through: an appointment, a letter, an injury.
    pub(crate) fn is_own_business(&self) -> bool {
        self.kinds.meets(kinds::OF_ONE_CHILD) && !self.kinds.meets(kinds::OF_THE_HOME) && !self.points
    }

    /// Whether it shows that the same words may tell of several children.
    pub(crate) fn may_be_shared(&self) -> bool {
        let not_in = self.kinds.meets(kinds::MISSED) && !self.kinds.meets(kinds::OF_ONE_CHILD);
        self.together || self.points || not_in || self.kinds.meets(kinds::OF_ALL)
    }

    /// Whether it tells of a day, or of a time within a month.
    pub(crate) fn is_short(&self) -> bool {
        (self.reach.1 - self.reach.0).whole_days() <= MONTH_DAYS
    }

    /// Whether it can have been on one day only, or on few.
    pub(crate) fn width(&self) -> Option<i64> {
        self.span.map(|(from, until)| (until - from).whole_days())
    }
}

/// Adds the values of another list, each once, in order.
fn merge<T: Ord + Copy>(own: &mut Vec<T>, others: &[T]) {
    own.extend(others);
    own.sort_unstable();
    own.dedup();
}

/// Reads one entry; `named` says whom of the family a word names, `around` is a day of its records.
pub(crate) fn read(
    facts: &EventFacts<'_>,
    vocabulary: &mut Vocabulary<'_>,
    named: &dyn Fn(&str) -> Named,
    around: Option<Date>,
) -> Reading {
    let text = lower(facts.details.what.as_str());
    let words: Vec<&str> = words_of(&text).take(LONGEST).collect();
    let raws: Vec<Raw> = words.iter().map(|word| vocabulary.raw(word, named)).collect();
    let called = facts.own_word().unwrap_or_default().to_lowercase();
    let type_raws: Vec<Raw> = words_of(&called).map(|word| vocabulary.raw(word, named)).collect();
    let parts: Vec<&Part> = raws.iter().flat_map(|raw| vocabulary.parts_of(*raw)).collect();
    let told = acts::read(&format!("{called}. {text}"));
    let type_parts: Vec<&Part> = type_raws.iter().flat_map(|raw| vocabulary.parts_of(*raw)).collect();
    let (earliest, latest) = facts.span();
    let wide = (latest - earliest).whole_days() > LONGEST_SPAN_DAYS;
    let temporal = |place: usize| raws.get(place).is_some_and(|raw| raw.temporal);
    let times = days::read(&words, temporal, (!wide).then_some(latest), around);
    let lead = shown(parts.get(..LEADING_WORDS).unwrap_or(&parts)).with(shown(&type_parts));
    let quoted = sorted(raws.iter().filter_map(|raw| raw.reference));
    let own = facts.reference().into_iter().chain(facts.document()).map(|bare| digest(&bare));
    Reading {
        stems: sorted(parts.iter().filter_map(|part| part.meaning)),
        kinds: shown(&parts).with(lead).with(of_category(facts.details.category.as_str())),
        lead,
        days: times.days,
        clocks: times.clocks,
        weekdays: times.weekdays,
        day: (earliest == latest).then_some(earliest),
        minutes: facts.minutes(),
        reach: (earliest, latest),
        span: (!wide).then_some((earliest, latest)),
        period: facts.details.when.precision() == Precision::Range
            && !wide
            && (latest - earliest).whole_days() > MONTH_DAYS,
        points: points(&parts),
        together: parts.iter().any(|part| part.several || part.is_name && !facts.own_names().contains(&part.long)),
        references: sorted(quoted.iter().copied().chain(own)),
        quoted,
        numbers: sorted(raws.iter().filter_map(|raw| raw.number)),
        long_numbers: sorted(raws.iter().zip(&words).filter_map(|(raw, word)| raw.number.filter(|_| word.len() > 2))),
        own_word: (!called.is_empty()).then(|| digest(&called)),
        told,
        neighbours: neighbours(&parts),
        named: sorted(parts.iter().filter(|part| part.is_name).flat_map(|part| facts.names.children_named(&part.long))),
        length: u32::try_from(words.len()).unwrap_or(u32::MAX),
    }
}

/// Each two meanings that follow each other, words that show nothing set aside.
fn neighbours(parts: &[&Part]) -> Vec<u64> {
    let meanings: Vec<u32> = parts.iter().filter_map(|part| part.meaning).collect();
    sorted(meanings.windows(2).map(|pair| digest(&pair)))
}

fn lower(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase().replace(['’', '‘'], "'") }
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_break).map(trimmed).filter(|word| !word.is_empty())
}

fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = values.collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn shown(parts: &[&Part]) -> Kinds {
    let single = parts.iter().fold(Kinds::default(), |sum, part| sum.with(part.kinds));
    if !parts.iter().any(|part| part.starts_phrase) {
        return single;
    }
    let words: Vec<&str> = parts.iter().map(|part| part.long.as_str()).collect();
    single.with(signs::phrases(&words))
}

/// "See sibling record", "see Aisha", "see 4471/T", "as above".
fn points(parts: &[&Part]) -> bool {
    const RECORDS: &[&str] =
        &["record", "records", "rec", "entry", "log", "file", "notes", "sibling", "brother", "sister", "twin", "half"];
    let told = |part: &&&Part| part.is_name || RECORDS.contains(&part.long.as_str());
    let next = |at: usize| parts.get(at + 1);
    parts.iter().enumerate().any(|(at, part)| match part.long.as_str() {
        "see" | "c.f" | "cf" | "refer" => {
            let ahead = parts.get(at + 1..).unwrap_or_default();
            let reference = next(at).is_some_and(|part| part.long.contains(|c: char| c.is_ascii_digit()));
            reference || ahead.iter().take(4).any(|part| told(&part))
        }
        "as" => next(at)
            .is_some_and(|part| matches!(part.long.as_str(), "above" | "sibling" | "brother" | "sister" | "per")),
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
