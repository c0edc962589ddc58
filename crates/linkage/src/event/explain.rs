//! Explains why two accounts are on one row or are suggested to be, with the words of the texts
//! that show it.

use std::collections::BTreeSet;

use super::accounts::{Account, Accounts};
use super::acts;
use super::bit_set::BitSet;
use super::date_comparison::DateComparison;
use super::features::{Feature, Features};
use super::quoted_days::{self, QuotedDay};
use super::rarity::intersect_sorted;
use super::vocabulary::{is_token_separator, meanings_of, trim_punctuation};
use crate::evidence::{EvidenceCode as E, LinkEvidence, Quote};
use crate::facts::EventFacts;

/// At most this many shared meanings are quoted, the most distinctive first.
const MAX_QUOTED_MEANINGS: usize = 3;
/// A meaning is quoted from this distinctiveness on, in thousandths.
const MIN_DISTINCTIVENESS: i32 = 4_000;
/// Words at most this many words apart are quoted together.
const MAX_WORDS_IN_GAP: usize = 3;
/// A consequence is quoted with this many words after the word that shows it.
const WORDS_AFTER_CONSEQUENCE: usize = 6;
/// A consequence follows its cause by at most this many days.
const MAX_DAYS_TO_CONSEQUENCE: i64 = 14;

/// What speaks for and against two accounts being about one event.
#[derive(Default)]
pub(crate) struct Explanation {
    pub(crate) evidence: Vec<LinkEvidence>,
    pub(crate) against: Vec<LinkEvidence>,
}

/// A word of a text.
struct TextWord<'t> {
    text: &'t str,
    /// The position of its first byte.
    start: usize,
}

impl TextWord<'_> {
    /// The position after its last byte.
    const fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

impl Accounts<'_, '_, '_> {
    /// Explains the score of a pair of accounts.
    pub(crate) fn explain(&self, a: usize, b: usize) -> Explanation {
        let (a, b) = (a.min(b), a.max(b));
        let pair = (
            self.features(a, b),
            self.compare_dates(a, b),
            self.accounts.get(a),
            self.accounts.get(b),
        );
        let (Some(features), Some(dates), Some(x), Some(y)) = pair else {
            return Explanation::default();
        };
        let mut evidence = vec![LinkEvidence::new(E::DifferentAgencies)];
        evidence.extend(evidence_codes(&features, FOR).map(LinkEvidence::new));
        evidence.extend(self.quoted_day_evidence(&dates, (a, x), (b, y)));
        evidence.extend(self.shared_words_evidence(x, y));
        let against = evidence_codes(&features, AGAINST)
            .map(LinkEvidence::new)
            .collect();
        Explanation { evidence, against }
    }

    fn entry_of(&self, account: &Account) -> Option<&EventFacts<'_>> {
        account
            .units
            .first()
            .and_then(|unit| self.family.facts(*unit))
    }

    /// Quotes the words by which one account names the other's day.
    fn quoted_day_evidence(
        &self,
        dates: &DateComparison,
        (a, x): (usize, &Account),
        (b, y): (usize, &Account),
    ) -> Option<LinkEvidence> {
        let (quoted, first_quotes) = dates.quoted.filter(|_| !dates.is_same_day())?;
        let (quoting, other) = if first_quotes { (x, b) } else { (y, a) };
        let facts = self.entry_of(quoting)?;
        let (from, until) = locate_day(facts, |day| day.could_equal(&quoted))?;
        let quotes = vec![Quote {
            entry: facts.entry,
            from,
            until,
        }];
        let day_of = self.fullest_entry(other).map(|facts| facts.entry);
        Some(LinkEvidence {
            code: E::DateQuoted,
            quotes,
            day_of,
        })
    }

    /// Quotes the words of both accounts that have a distinctive meaning in common.
    fn shared_words_evidence(&self, x: &Account, y: &Account) -> Option<LinkEvidence> {
        let mut meanings: Vec<(i32, u32)> =
            intersect_sorted(&x.parsed.meaning_ids, &y.parsed.meaning_ids)
                .map(|meaning| (self.rarity_weights.distinctiveness(meaning), meaning))
                .filter(|(value, meaning)| {
                    *value >= MIN_DISTINCTIVENESS && self.is_uncommon(*meaning)
                })
                .collect();
        meanings.sort_by_key(|&(value, meaning)| (std::cmp::Reverse(value), meaning));
        let written = |id: u32| {
            usize::try_from(id)
                .ok()
                .and_then(|id| self.family.meanings.get(id))
        };
        let most_distinctive = meanings.iter().take(MAX_QUOTED_MEANINGS);
        let sought: BTreeSet<&str> = most_distinctive
            .filter_map(|(_, id)| written(*id))
            .map(String::as_str)
            .collect();
        let entries = [x, y]
            .into_iter()
            .filter_map(|account| self.entry_of(account));
        let quotes: Vec<Quote> = entries
            .flat_map(|facts| quote_meanings(facts, &sought))
            .collect();
        (!quotes.is_empty()).then_some(LinkEvidence {
            code: E::SharedWords,
            quotes,
            day_of: None,
        })
    }

    /// Quotes the words by which an account shows that it follows from an earlier event.
    pub(crate) fn consequence_evidence(&self, step: usize) -> Option<LinkEvidence> {
        let facts = self.fullest_entry(step)?;
        let text = facts.details.what.as_str();
        let (start, end) = acts::find_consequence(text)?;
        let after = text
            .get(end..)?
            .split_inclusive(char::is_whitespace)
            .take(WORDS_AFTER_CONSEQUENCE + 1);
        let quote_end = end + after.map(str::len).sum::<usize>();
        let quotes = vec![quote(facts, start, quote_end)?];
        Some(LinkEvidence {
            code: E::LaterStep,
            quotes,
            day_of: None,
        })
    }
}

/// Features that speak for one event, with their evidence codes.
const FOR: &[(Feature, E)] = &[
    (Feature::SameDay, E::SameDate),
    (Feature::InexactOverlap, E::DateWithin),
    (Feature::WideOverlap, E::DateWithin),
    (Feature::BothQuote, E::SameDateQuoted),
    (Feature::Minutes10, E::SameTime),
    (Feature::Minutes30, E::TimesClose),
    (Feature::Minutes60, E::TimesClose),
    (Feature::Quoted5, E::TimesClose),
    (Feature::Quoted20, E::TimesClose),
    (Feature::LeadingActsAgree, E::SameKind),
    (Feature::LeadingActInOther, E::SameKind),
    (Feature::FamilyEvent, E::SameKind),
    (Feature::SameNamedMeeting, E::SameKind),
    (Feature::LongFigure, E::SameFigures),
    (Feature::Reference, E::SameReference),
    (Feature::SameChildren, E::SharedChild),
    (Feature::NamedInBoth, E::SharedChild),
];

/// Features that speak against one event, with their evidence codes.
const AGAINST: &[(Feature, E)] = &[
    (Feature::QuotesThirdDay, E::DaysApart),
    (Feature::Minutes180, E::TimesDiffer),
    (Feature::HoursApart, E::TimesDiffer),
    (Feature::QuotedApart, E::TimesDiffer),
    (Feature::PartOfDayDiffers, E::TimesDiffer),
    (Feature::NoCommonWords, E::WordsDiffer),
    (Feature::FamilyEventsDiffer, E::KindsOfActDiffer),
    (Feature::LeadingActsConflict, E::KindsOfActDiffer),
    (Feature::OnlyOneStep, E::KindsOfActDiffer),
    (Feature::OnlyOneAftermath, E::LaterStep),
    (Feature::DifferentNamedMeetings, E::KindsOfActDiffer),
    (Feature::OwnContacts, E::OwnContacts),
    (Feature::SeparateVisits, E::OwnContacts),
    (Feature::NoCommonChild, E::NoSharedChild),
    (Feature::NamesDiffer, E::NoSharedChild),
];

/// The codes of the features that hold, each once, in the order of the table.
fn evidence_codes(features: &Features, table: &[(Feature, E)]) -> impl Iterator<Item = E> {
    let mut codes: Vec<E> = Vec::new();
    for (feature, code) in table {
        if features.has(*feature) && !codes.contains(code) {
            codes.push(*code);
        }
    }
    codes.into_iter()
}

/// The words of a text with their positions.
fn text_words(text: &str) -> Vec<TextWord<'_>> {
    let mut piece_start = 0;
    let mut words = Vec::new();
    for piece in text.split_inclusive(is_token_separator) {
        let word = trim_punctuation(piece);
        let offset = piece.find(word).unwrap_or_default();
        if !word.is_empty() {
            words.push(TextWord {
                text: word,
                start: piece_start + offset,
            });
        }
        piece_start += piece.len();
    }
    words
}

/// Quotes the words of an entry that have the sought meanings, each meaning once. Words near each
/// other are one quote.
fn quote_meanings(facts: &EventFacts<'_>, sought: &BTreeSet<&str>) -> Vec<Quote> {
    let words = text_words(facts.details.what.as_str());
    let mut remaining: BTreeSet<&str> = sought.clone();
    let mut indexes: Vec<usize> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let meanings = meanings_of(&word.text.to_lowercase());
        if meanings
            .iter()
            .any(|meaning| remaining.remove(meaning.as_str()))
        {
            indexes.push(index);
        }
    }
    let runs = indexes.chunk_by(|one, next| next - one <= MAX_WORDS_IN_GAP);
    let quote_run = |run: &[usize]| {
        let first = words.get(*run.first()?)?;
        let last = words.get(*run.last()?)?;
        quote(facts, first.start, last.end())
    };
    runs.filter_map(quote_run).collect()
}

/// The first and last byte of the words of an entry's text that name a day for which `is_sought`
/// holds.
fn locate_day(
    facts: &EventFacts<'_>,
    is_sought: impl Fn(&QuotedDay) -> bool,
) -> Option<(u32, u32)> {
    let words = text_words(facts.details.what.as_str());
    let lower: Vec<String> = words.iter().map(|word| word.text.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let is_temporal = |index: usize| {
        lower
            .get(index)
            .is_some_and(|word| quoted_days::is_temporal(word))
    };
    let own = (facts.width() == 0).then(|| facts.span().0);
    let names_day = |index: usize| {
        let only_here = |other: usize| other == index && is_temporal(other);
        let mentions = quoted_days::find_mentions(&lower, only_here, own, own);
        mentions.days.iter().any(&is_sought)
    };
    let index = (0..lower.len())
        .filter(|index| is_temporal(*index))
        .find(|index| names_day(*index))?;
    let belongs = |index: usize| {
        lower
            .get(index)
            .is_some_and(|word| quoted_days::belongs_to_day(word))
    };
    let first = (0..index)
        .rev()
        .take_while(|index| belongs(*index))
        .last()
        .unwrap_or(index);
    let last = (index + 1..lower.len())
        .take(3)
        .take_while(|index| belongs(*index))
        .last()
        .unwrap_or(index);
    let start = words.get(first)?.start;
    let end = words.get(last)?.end();
    Some((u32::try_from(start).ok()?, u32::try_from(end).ok()?))
}

fn quote(facts: &EventFacts<'_>, start: usize, end: usize) -> Option<Quote> {
    Some(Quote {
        entry: facts.entry,
        from: u32::try_from(start).ok()?,
        until: u32::try_from(end).ok()?,
    })
}

/// Whether `step` is a consequence of `cause` by its own words: it begins with a step or a
/// consequence, and mentions the day of `cause` or what happened there. `quotes_day` says whether
/// it quotes that day.
pub(crate) fn is_consequence(
    step: &Account,
    cause: &Account,
    dates: &DateComparison,
    quotes_day: bool,
    words_in_common: usize,
) -> bool {
    let later = &step.parsed;
    let earlier = &cause.parsed;
    let begins_with_consequence = later.acts.leading.intersects(acts::CONSEQUENCES);
    let own_steps = later.acts.opening.intersection(acts::PROCESS_STEPS);
    let is_in_order =
        later.full_span.1 >= earlier.full_span.0 && dates.gap_days <= MAX_DAYS_TO_CONSEQUENCE;
    let is_same_step = !own_steps.is_empty() && own_steps.intersects(earlier.acts.opening);
    let retold: BitSet = earlier
        .acts
        .leading
        .intersection(acts::FAMILY_EVENTS)
        .intersection(later.acts.all);
    let mentions_cause = !retold.is_empty() || words_in_common >= 2;
    begins_with_consequence
        && is_in_order
        && !is_same_step
        && mentions_cause
        && (quotes_day || dates.gap_days <= 3 && !retold.is_empty() || words_in_common >= 3)
}
