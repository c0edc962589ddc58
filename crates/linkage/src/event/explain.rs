//! Why two accounts stand on one row or are suggested to, with the words that carried it.

use std::collections::BTreeSet;

use super::accounts::{Account, Accounts};
use super::acts;
use super::bits::Bits;
use super::dates::Dates;
use super::days;
use super::features::{Feature, Features};
use super::rarity::shared;
use super::words::{is_break, meanings_of, trimmed};
use crate::evidence::{EvidenceCode as E, LinkEvidence, Quote};
use crate::facts::EventFacts;

/// How many meanings that both share are quoted.
const MOST_MEANINGS: usize = 3;
/// A meaning less telling than this is not worth quoting, in thousandths.
const LEAST_TELLING: i32 = 4_000;
/// Words this far from each other are quoted together.
const NEAR_WORDS: usize = 3;
/// A consequence is quoted with so many words after the word that shows it.
const WORDS_AFTER: usize = 6;

/// What spoke for and against two accounts being one event.
#[derive(Default)]
pub(crate) struct Explanation {
    pub(crate) evidence: Vec<LinkEvidence>,
    pub(crate) against: Vec<LinkEvidence>,
}

/// A word with its place in a text.
struct Word<'t> {
    text: &'t str,
    from: usize,
}

impl Accounts<'_, '_, '_> {
    /// Explains a pair.
    pub(crate) fn explain(&self, a: usize, b: usize) -> Explanation {
        let (a, b) = (a.min(b), a.max(b));
        let pair = (self.features(a, b), self.dates(a, b), self.accounts.get(a), self.accounts.get(b));
        let (Some(features), Some(dates), Some(x), Some(y)) = pair else { return Explanation::default() };
        let mut evidence = vec![LinkEvidence::of(E::DifferentAgencies)];
        evidence.extend(codes(&features, FOR).map(LinkEvidence::of));
        evidence.extend(self.day_quoted(&dates, (a, x), (b, y)));
        evidence.extend(self.words_shared(x, y));
        let against = codes(&features, AGAINST).map(LinkEvidence::of).collect();
        Explanation { evidence, against }
    }

    fn entry_of(&self, account: &Account) -> Option<&EventFacts<'_>> {
        account.units.first().and_then(|unit| self.family.facts(*unit))
    }

    /// The words by which one account names the other's day.
    fn day_quoted(&self, dates: &Dates, (a, x): (usize, &Account), (b, y): (usize, &Account)) -> Option<LinkEvidence> {
        let (quoted, first) = dates.quoted.filter(|_| !dates.same_day())?;
        let (quoting, other) = if first { (x, b) } else { (y, a) };
        let facts = self.entry_of(quoting)?;
        let place = place_of_day(facts, |day| day.agrees(&quoted))?;
        let quotes = vec![Quote { entry: facts.entry, from: place.0, until: place.1 }];
        Some(LinkEvidence { code: E::DateQuoted, quotes, day_of: self.first(other).map(|facts| facts.entry) })
    }

    /// The words in which both tell of the same thing.
    fn words_shared(&self, x: &Account, y: &Account) -> Option<LinkEvidence> {
        let mut meanings: Vec<(i32, u32)> = shared(&x.reading.stems, &y.reading.stems)
            .map(|stem| (self.weighing.telling(stem), stem))
            .filter(|(telling, stem)| *telling >= LEAST_TELLING && self.is_uncommon(*stem))
            .collect();
        meanings.sort_by_key(|&(telling, stem)| (std::cmp::Reverse(telling), stem));
        let written = |stem: u32| usize::try_from(stem).ok().and_then(|stem| self.family.meanings.get(stem));
        let sought: BTreeSet<&str> =
            meanings.iter().take(MOST_MEANINGS).filter_map(|(_, stem)| written(*stem)).map(String::as_str).collect();
        let quotes: Vec<Quote> =
            [x, y].iter().filter_map(|one| self.entry_of(one)).flat_map(|one| quotes(one, &sought)).collect();
        (!quotes.is_empty()).then_some(LinkEvidence { code: E::SharedWords, quotes, day_of: None })
    }

    /// That one account tells of what followed from the other, with the words that say so.
    pub(crate) fn follows(&self, step: usize) -> Option<LinkEvidence> {
        let facts = self.first(step)?;
        let text = facts.details.what.as_str();
        let (from, cue) = acts::consequence(text)?;
        let after = text.get(cue..)?.split_inclusive(char::is_whitespace).take(WORDS_AFTER + 1);
        let until = cue + after.map(str::len).sum::<usize>();
        let quotes = vec![Quote { entry: facts.entry, from: number(from)?, until: number(until)? }];
        Some(LinkEvidence { code: E::LaterStep, quotes, day_of: None })
    }
}

/// Features that speak for one event, as evidence.
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
    (Feature::LeadAgrees, E::SameKind),
    (Feature::LeadWithin, E::SameKind),
    (Feature::Happening, E::SameKind),
    (Feature::MeetingSame, E::SameKind),
    (Feature::LongFigure, E::SameFigures),
    (Feature::Reference, E::SameReference),
    (Feature::SameChildren, E::SharedChild),
    (Feature::NamedInBoth, E::SharedChild),
];

/// Features that speak against it.
const AGAINST: &[(Feature, E)] = &[
    (Feature::QuotesElsewhere, E::DaysApart),
    (Feature::Minutes180, E::TimesDiffer),
    (Feature::HoursApart, E::TimesDiffer),
    (Feature::QuotedApart, E::TimesDiffer),
    (Feature::PartOfDayDiffers, E::TimesDiffer),
    (Feature::NoWords, E::WordsDiffer),
    (Feature::HappeningsDiffer, E::KindsOfActDiffer),
    (Feature::LeadClashes, E::KindsOfActDiffer),
    (Feature::StepOfOne, E::KindsOfActDiffer),
    (Feature::Aftermath, E::LaterStep),
    (Feature::MeetingDiffers, E::KindsOfActDiffer),
    (Feature::OwnContacts, E::OwnContacts),
    (Feature::TwoVisits, E::OwnContacts),
    (Feature::NoChild, E::NoSharedChild),
    (Feature::NamesDiffer, E::NoSharedChild),
];

/// The codes of the features that hold, each once, in the order of the table.
fn codes(features: &Features, table: &[(Feature, E)]) -> impl Iterator<Item = E> {
    let mut told: Vec<E> = Vec::new();
    for (feature, code) in table {
        if features.has(*feature) && !told.contains(code) {
            told.push(*code);
        }
    }
    told.into_iter()
}

/// The words of a text with their places.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut from = 0;
    let mut words = Vec::new();
    for piece in text.split_inclusive(is_break) {
        let word = trimmed(piece);
        let ahead = piece.find(word).unwrap_or_default();
        if !word.is_empty() {
            words.push(Word { text: word, from: from + ahead });
        }
        from += piece.len();
    }
    words
}

/// The stretches of an entry's text that hold the sought meanings, each meaning once.
fn quotes(facts: &EventFacts<'_>, sought: &BTreeSet<&str>) -> Vec<Quote> {
    let words = words(facts.details.what.as_str());
    let mut open: BTreeSet<&str> = sought.clone();
    let mut places: Vec<usize> = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let meanings = meanings_of(&word.text.to_lowercase());
        if meanings.iter().any(|meaning| open.remove(meaning.as_str())) {
            places.push(place);
        }
    }
    let runs = places.chunk_by(|one, next| next - one <= NEAR_WORDS);
    let stretch = |run: &[usize]| {
        let (first, last) = (words.get(*run.first()?)?, words.get(*run.last()?)?);
        let until = last.from + last.text.len();
        Some(Quote { entry: facts.entry, from: number(first.from)?, until: number(until)? })
    };
    runs.filter_map(stretch).collect()
}

/// Where an entry's text names a day that `is` the one sought.
fn place_of_day(facts: &EventFacts<'_>, is: impl Fn(&days::Quoted) -> bool) -> Option<(u32, u32)> {
    let found = words(facts.details.what.as_str());
    let lower: Vec<String> = found.iter().map(|word| word.text.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let temporal = |place: usize| lower.get(place).is_some_and(|word| days::is_temporal(word));
    let own = (facts.width() == 0).then(|| facts.span().0);
    let names = |place: usize| {
        let times = days::read(&lower, |at| at == place && temporal(at), own, own);
        times.days.iter().any(&is)
    };
    let place = (0..lower.len()).filter(|place| temporal(*place)).find(|place| names(*place))?;
    let belongs = |at: usize| lower.get(at).is_some_and(|word| days::belongs_to_day(word));
    let first = (0..place).rev().take_while(|at| belongs(*at)).last().unwrap_or(place);
    let last = (place + 1..lower.len()).take(3).take_while(|at| belongs(*at)).last().unwrap_or(place);
    let (first, last) = (found.get(first)?, found.get(last)?);
    Some((number(first.from)?, number(last.from + last.text.len())?))
}

fn number(place: usize) -> Option<u32> {
    u32::try_from(place).ok()
}

/// Whether what one account tells follows from what the other tells, because its words say so: it begins with a step or
/// a consequence, and speaks of the other's day or of what happened there.
pub(crate) fn is_consequence(
    step: &Account,
    cause: &Account,
    dates: &Dates,
    quoting: bool,
    words_in_common: usize,
) -> bool {
    let (later, earlier) = (&step.reading, &cause.reading);
    let begins = later.told.lead.meets(acts::CONSEQUENCES);
    let own = later.told.first.and(acts::STEPS);
    let in_order = later.reach.1 >= earlier.reach.0 && dates.gap <= 14;
    let same_step = !own.is_empty() && own.meets(earlier.told.first);
    let happened: Bits = earlier.told.lead.and(acts::HAPPENINGS).and(later.told.all);
    let speaks = !happened.is_empty() || words_in_common >= 2;
    begins
        && in_order
        && !same_step
        && speaks
        && (quoting || dates.gap <= 3 && !happened.is_empty() || words_in_common >= 3)
}
