//! What an entry's text says, independent of its wording: kinds of event, days and times quoted,
//! rare words, references.

use domain::{PersonId, Precision};
use time::Date;

use super::acts;
use super::keywords;
use super::kinds::{self, Kinds};
use super::quoted_days::{self, QuotedDay};
use super::quoted_times::QuotedTime;
use super::sibling_references::refers_to_record;
use super::vocabulary::{
    NameMatch, Token, Vocabulary, WordPart, is_token_separator, trim_punctuation,
};
use crate::facts::EventFacts;
use crate::stable_hash::stable_hash;

/// The first words of a text that show what kind of event it is about.
const LEADING_WORDS: usize = 7;
/// Later tokens of a text are not read: an entry names its event before them.
const MAX_TOKENS: usize = 400;
/// The days of the longest month.
const MONTH_DAYS: i64 = 31;
/// A longer span says nothing about the day.
const MAX_SPAN_DAYS: i64 = 400;

/// What one entry says, or several entries that repeat one another.
#[derive(Clone)]
pub(crate) struct ParsedEntry {
    /// The ids of its meanings in the family's [`Vocabulary`], sorted.
    pub(crate) meaning_ids: Vec<u32>,
    /// Kinds of event shown by the text, the type label and the category.
    pub(crate) kinds: Kinds,
    /// Kinds of event shown by the first words of the text and by the type label.
    pub(crate) leading_kinds: Kinds,
    /// Days that the text quotes.
    pub(crate) quoted_days: Vec<QuotedDay>,
    /// Times of day that the text quotes.
    pub(crate) quoted_times: Vec<QuotedTime>,
    /// Days of the week that the text names, as a bit set, Monday being the lowest bit.
    pub(crate) weekdays: u8,
    /// The day of the entry, when it is dated to one day.
    pub(crate) day: Option<Date>,
    /// The time of day of the entry, in minutes after midnight.
    pub(crate) minutes: Option<u16>,
    /// The first and last possible day; absent when they are more than [`MAX_SPAN_DAYS`] apart.
    pub(crate) span: Option<(Date, Date)>,
    /// The first and last possible day, however far apart.
    pub(crate) full_span: (Date, Date),
    /// Whether it is dated to a period of more than a month, given by its first and last day.
    pub(crate) is_period: bool,
    /// Whether it refers to a sibling's record.
    pub(crate) refers_to_sibling: bool,
    /// Whether the text mentions several children, or another child than the entry's own.
    pub(crate) concerns_several_children: bool,
    /// References in the entry's fields or in its text, as sorted hashes.
    pub(crate) references: Vec<u64>,
    /// References in the text, as sorted hashes.
    pub(crate) quoted_references: Vec<u64>,
    /// Numbers in the text that are no date, time or reference, as sorted hashes.
    pub(crate) numbers: Vec<u64>,
    /// Those of the numbers that have three characters or more.
    pub(crate) long_numbers: Vec<u64>,
    /// The hash of the agency's own label for the type of event.
    pub(crate) type_label: Option<u64>,
    /// The acts shown by the type label and the text.
    pub(crate) acts: acts::ActProfile,
    /// Pairs of meanings that follow one another, as sorted hashes.
    pub(crate) adjacent_meanings: Vec<u64>,
    /// Children of the family whom the text names, sorted.
    pub(crate) named_children: Vec<PersonId>,
    /// The number of tokens of the text that were read.
    pub(crate) word_count: u32,
}

impl ParsedEntry {
    /// Adds what another entry of the same agency says about the same event. `self` is the fuller
    /// entry: its leading kinds are kept.
    pub(crate) fn extend(&mut self, other: &Self) {
        merge(&mut self.references, &other.references);
        merge(&mut self.quoted_references, &other.quoted_references);
        merge(&mut self.numbers, &other.numbers);
        merge(&mut self.long_numbers, &other.long_numbers);
        merge(&mut self.meaning_ids, &other.meaning_ids);
        merge(&mut self.quoted_days, &other.quoted_days);
        merge(&mut self.quoted_times, &other.quoted_times);
        merge(&mut self.adjacent_meanings, &other.adjacent_meanings);
        merge(&mut self.named_children, &other.named_children);
        self.kinds = self.kinds.union(other.kinds);
        self.acts = self.acts.union(other.acts);
        self.weekdays |= other.weekdays;
        self.minutes = self.minutes.or(other.minutes);
        let length = |entry: &Self| entry.full_span.1 - entry.full_span.0;
        if length(other) < length(self) {
            (self.day, self.span, self.full_span) = (other.day, other.span, other.full_span);
        }
        self.concerns_several_children |= other.concerns_several_children;
        self.word_count = self.word_count.max(other.word_count);
        self.type_label = self.type_label.min(other.type_label);
    }

    /// Whether it is about an event of its own child alone: an appointment, a letter, an injury.
    pub(crate) fn concerns_one_child_only(&self) -> bool {
        self.kinds.intersects(kinds::SINGLE_CHILD)
            && !self.kinds.intersects(kinds::HOUSEHOLD)
            && !self.refers_to_sibling
    }

    /// Whether it shows that the same words may be about several children.
    pub(crate) fn may_concern_siblings(&self) -> bool {
        let missed_by_family =
            self.kinds.intersects(kinds::MISSED) && !self.kinds.intersects(kinds::SINGLE_CHILD);
        self.concerns_several_children
            || self.refers_to_sibling
            || missed_by_family
            || self.kinds.intersects(kinds::ALL_CHILDREN)
    }

    /// Whether its first and last possible day are within a month.
    pub(crate) fn is_within_a_month(&self) -> bool {
        (self.full_span.1 - self.full_span.0).whole_days() <= MONTH_DAYS
    }

    /// The days from its first to its last possible day, 0 for one day; `None` for a span that says
    /// nothing about the day.
    pub(crate) fn span_days(&self) -> Option<i64> {
        self.span.map(|(first, last)| (last - first).whole_days())
    }
}

/// Adds the values of another list. The result is sorted, without duplicates.
fn merge<T: Ord + Copy>(own: &mut Vec<T>, others: &[T]) {
    own.extend(others);
    own.sort_unstable();
    own.dedup();
}

/// Parses one entry. `match_name` says whether a word is a name in the family; `around` is a day in
/// the middle of the family's records.
pub(crate) fn parse_entry(
    facts: &EventFacts<'_>,
    vocabulary: &mut Vocabulary<'_>,
    match_name: &dyn Fn(&str) -> NameMatch,
    around: Option<Date>,
) -> ParsedEntry {
    let text = lowercase(facts.details.what.as_str());
    let words: Vec<&str> = split_into_tokens(&text).take(MAX_TOKENS).collect();
    let label = facts.type_label().unwrap_or_default().to_lowercase();
    let mut look_up = |word: &str| vocabulary.token(word, match_name);
    let tokens: Vec<Token> = words.iter().map(|word| look_up(word)).collect();
    let label_tokens: Vec<Token> = split_into_tokens(&label).map(look_up).collect();
    let parts = parts_of_tokens(vocabulary, &tokens);
    let label_parts = parts_of_tokens(vocabulary, &label_tokens);
    let acts = acts::recognize(&format!("{label}. {text}"));
    let dates = EntryDates::of(facts);
    let is_temporal = |index: usize| tokens.get(index).is_some_and(|token| token.is_temporal);
    let latest = dates.span().map(|(_, latest)| latest);
    let mentions = quoted_days::find_mentions(&words, is_temporal, latest, around);
    let leading_parts = parts.get(..LEADING_WORDS).unwrap_or(&parts);
    let leading_kinds = kinds_of_parts(leading_parts).union(kinds_of_parts(&label_parts));
    let category_kinds = kinds_of_category(facts.details.category.as_str());
    let quoted_references = sorted(tokens.iter().filter_map(|token| token.reference));
    let own_references = facts.reference().into_iter().chain(facts.document());
    let own_references = own_references.map(|reference| stable_hash(&reference));
    let is_other_child =
        |part: &WordPart| part.is_name && !facts.own_names().contains(&part.expanded);
    let long_number = |(token, word): (&Token, &&str)| token.number.filter(|_| word.len() > 2);
    let named = parts.iter().filter(|part| part.is_name);
    ParsedEntry {
        meaning_ids: sorted(parts.iter().filter_map(|part| part.meaning)),
        kinds: kinds_of_parts(&parts)
            .union(leading_kinds)
            .union(category_kinds),
        leading_kinds,
        quoted_days: mentions.days,
        quoted_times: mentions.times,
        weekdays: mentions.weekdays,
        day: dates.day(),
        minutes: facts.minutes(),
        full_span: (dates.earliest, dates.latest),
        span: dates.span(),
        is_period: dates.is_period(),
        refers_to_sibling: refers_to_record(&parts),
        concerns_several_children: parts
            .iter()
            .any(|part| part.means_several_children || is_other_child(part)),
        references: sorted(quoted_references.iter().copied().chain(own_references)),
        quoted_references,
        numbers: sorted(tokens.iter().filter_map(|token| token.number)),
        long_numbers: sorted(tokens.iter().zip(&words).filter_map(long_number)),
        type_label: (!label.is_empty()).then(|| stable_hash(&label)),
        acts,
        adjacent_meanings: adjacent_meanings(&parts),
        named_children: sorted(named.flat_map(|part| facts.names.children_named(&part.expanded))),
        word_count: u32::try_from(words.len()).unwrap_or(u32::MAX),
    }
}

/// The days on which an event may have happened.
struct EntryDates {
    earliest: Date,
    latest: Date,
    precision: Precision,
}

impl EntryDates {
    fn of(facts: &EventFacts<'_>) -> Self {
        let (earliest, latest) = facts.span();
        Self {
            earliest,
            latest,
            precision: facts.details.when.precision(),
        }
    }

    /// The day, when it is the only possible one.
    fn day(&self) -> Option<Date> {
        (self.earliest == self.latest).then_some(self.earliest)
    }

    /// The first and last possible day, when they are at most [`MAX_SPAN_DAYS`] apart.
    fn span(&self) -> Option<(Date, Date)> {
        (self.length() <= MAX_SPAN_DAYS).then_some((self.earliest, self.latest))
    }

    /// Whether it is a period of more than a month, given by its first and last day.
    fn is_period(&self) -> bool {
        self.precision == Precision::Range && self.span().is_some() && self.length() > MONTH_DAYS
    }

    fn length(&self) -> i64 {
        (self.latest - self.earliest).whole_days()
    }
}

/// The words that tokens consist of.
fn parts_of_tokens<'v>(vocabulary: &'v Vocabulary<'_>, tokens: &[Token]) -> Vec<&'v WordPart> {
    tokens
        .iter()
        .flat_map(|token| vocabulary.parts_of(*token))
        .collect()
}

/// The hashes of each two meanings that follow one another; words without a meaning are skipped.
fn adjacent_meanings(parts: &[&WordPart]) -> Vec<u64> {
    let meanings: Vec<u32> = parts.iter().filter_map(|part| part.meaning).collect();
    sorted(meanings.windows(2).map(|pair| stable_hash(&pair)))
}

fn lowercase(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.to_lowercase().replace(['’', '‘'], "'")
    }
}

fn split_into_tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_token_separator)
        .map(trim_punctuation)
        .filter(|token| !token.is_empty())
}

/// The values in order, without duplicates.
fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = values.collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn kinds_of_parts(parts: &[&WordPart]) -> Kinds {
    let of_words = parts
        .iter()
        .fold(Kinds::default(), |sum, part| sum.union(part.kinds));
    if !parts.iter().any(|part| part.starts_phrase) {
        return of_words;
    }
    let words: Vec<&str> = parts.iter().map(|part| part.expanded.as_str()).collect();
    of_words.union(keywords::kinds_of_phrases(&words))
}

/// The kind that a built-in category stands for. Most categories are too wide to stand for one.
fn kinds_of_category(code: &str) -> Kinds {
    match code {
        "DOMESTIC_ABUSE" => kinds::DOMESTIC,
        "MISSING_EXPLOITATION" => kinds::MISSING,
        "MISSED" => kinds::MISSED,
        _ => Kinds::default(),
    }
}
