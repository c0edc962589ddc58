//! A family's entries read once, with what each pair weighs.

use std::collections::{BTreeSet, HashSet};

use rapidfuzz::distance::osa;

use super::blocks::{Blocks, ranks, sketches};
use super::mixing::digest;
use super::model::Model;
use super::rarity::{Rarity, shared};
use super::reading::{Reading, read};
use super::repeats::{self, Verbatim};
use super::words::{Named, Vocabulary};
use super::{Verdict, contradiction, judge};
use crate::event::EventBand;
use crate::evidence::{EvidenceCode as E, Spoken};
use crate::facts::{EventFacts, FamilyNames};
use crate::lexicon::is_pronoun;
use crate::piles::{Unit, pile};
use crate::union::Link;

/// Points from which two entries of one agency are one event.
const REPEAT: i32 = 0;
/// Points that every two repeats of one event need.
const REPEAT_FLOOR: i32 = -26;
/// Stems in more entries than this are no key.
const RARE_STEM: u32 = 6;
/// How many rare stems of a text are keys.
const STEM_KEYS: usize = 5;
/// Shorter words are not read as misspelt.
const SHORTEST_MISSPELT: usize = 5;
/// So many words of a text are looked at for slips of the pen.
const MOST_SLIPS: usize = 40;
/// Ranks by verbatim words are spread this wide, so that one step is a clear preference.
pub(crate) const STEP: u8 = 5;

/// Entries, read.
pub(crate) struct Family<'e, 'f> {
    pub(crate) entries: &'e [EventFacts<'f>],
    pub(crate) units: Vec<Unit>,
    pub(crate) readings: Vec<Reading>,
    pub(crate) model: &'e Model,
    /// Every meaning as it is written, by number.
    pub(crate) meanings: Vec<String>,
    /// Of each meaning, whether it is frequent in English.
    pub(crate) frequent: Vec<bool>,
    /// Of each meaning, how rare it is in records in general.
    pub(crate) general: Vec<i32>,
    rarity: Rarity,
}

impl<'e, 'f> Family<'e, 'f> {
    /// Reads the entries, given in the order of their ids.
    pub(crate) fn read(entries: &'e [EventFacts<'f>], order: &[usize], model: &'e Model) -> Self {
        let units = pile(entries, order);
        let mut vocabulary = Vocabulary::new(&model.frequencies);
        let names = names(entries);
        let named = |word: &str| match () {
            () if names.iter().any(|names| names.contains(word)) => Named::Child,
            () if names.iter().any(|names| names.names_anybody(word)) => Named::Other,
            () => Named::Nobody,
        };
        let around = middle_day(entries);
        let firsts = units.iter().filter_map(|unit| entries.get(unit.first()));
        let readings: Vec<Reading> = firsts.map(|facts| read(facts, &mut vocabulary, &named, around)).collect();
        let frequent = vocabulary.frequent().to_vec();
        let general = vocabulary.rarities().to_vec();
        let meanings = vocabulary.meanings().into_iter().map(str::to_owned).collect();
        let rarity = Rarity::of(readings.iter(), &frequent);
        Self { entries, units, readings, rarity, frequent, general, meanings, model }
    }

    /// How rare things are when each of `readings` counts once.
    pub(crate) fn rarity_among<'r>(&self, readings: impl Iterator<Item = &'r Reading> + Clone) -> Rarity {
        Rarity::of(readings, &self.frequent)
    }

    pub(crate) fn facts(&self, unit: usize) -> Option<&EventFacts<'f>> {
        self.units.get(unit).and_then(|unit| self.entries.get(unit.first()))
    }

    fn pair(&self, a: usize, b: usize) -> Option<(&EventFacts<'f>, &EventFacts<'f>)> {
        self.facts(a).zip(self.facts(b))
    }

    /// The facts that speak for and against two entries of one agency being one event.
    pub(crate) fn weighed(&self, a: usize, b: usize) -> Option<([i32; repeats::FACTS], Option<Verdict>)> {
        let (one, other) = self.pair(a, b).filter(|(one, other)| one.agency == other.agency)?;
        let (x, y) = self.readings.get(a).zip(self.readings.get(b))?;
        let verdict = self.verbatim(a, b);
        let verbatim = verdict.as_ref().map_or(Verbatim::Other, |verdict| match () {
            () if verdict.codes.contains(&E::SameWords) => Verbatim::Same,
            () if verdict.codes.contains(&E::NearlySameWords) => Verbatim::Near,
            () => Verbatim::ForSibling,
        });
        let (share_child, same_children) = (one.shares_child(other), one.children() == other.children());
        let names =
            |reading: &Reading, of: &EventFacts<'_>| reading.named.iter().any(|child| of.children().contains(child));
        let each_names_its_own = names(x, one) && names(y, other) && !share_child && !names(x, other) && !names(y, one);
        let numbered = |unit: usize| self.has_event_reference(unit);
        let references_differ = one.reference() != other.reference() && numbered(a) && numbered(b);
        let telling =
            [self.telling_of_both(x, y), self.telling(x.stems.iter().copied()), self.telling(y.stems.iter().copied())];
        let pair = repeats::Pair {
            one: x,
            other: y,
            share_child,
            same_children,
            each_names_its_own,
            one_number: one.reference().is_some() && one.reference() == other.reference() && numbered(a),
            references_differ,
            one_return: self.share_return(a, b),
            telling,
            verbatim,
        };
        let facts = repeats::facts(&pair, &self.rarity)?;
        Some((facts, verdict))
    }

    /// How rare words are in general, together.
    fn telling(&self, stems: impl Iterator<Item = u32>) -> i32 {
        stems.filter_map(|stem| usize::try_from(stem).ok().and_then(|stem| self.general.get(stem))).sum()
    }

    /// How rare the words are in general that both use, slips of the pen allowed.
    fn telling_of_both(&self, a: &Reading, b: &Reading) -> i32 {
        let common: Vec<u32> = shared(&a.stems, &b.stems).collect();
        let rest = |reading: &Reading| -> Vec<(u32, &str)> {
            let rest = reading.stems.iter().filter(|stem| !common.contains(stem));
            let text = |stem: &u32| usize::try_from(*stem).ok().and_then(|stem| self.meanings.get(stem));
            rest.filter_map(|stem| Some((*stem, text(stem)?.as_str()))).take(MOST_SLIPS).collect()
        };
        let (left, mut right) = (rest(a), rest(b));
        let mut slips = Vec::new();
        for (stem, text) in left {
            if let Some(place) = right.iter().position(|(_, other)| is_misspelt(text, other)) {
                slips.push(stem);
                right.swap_remove(place);
            }
        }
        self.telling(common.into_iter().chain(slips))
    }

    /// What one agency's own fields exclude. References of files in which many events are kept exclude nothing.
    fn contradicts(&self, a: usize, b: usize) -> bool {
        let Some((one, other)) = self.pair(a, b) else { return true };
        match contradiction(one, other) {
            Some(E::ReferencesDiffer) => [a, b].into_iter().all(|unit| self.has_event_reference(unit)),
            // Which days and times can be one, and what one return lists twice, is weighed with the rest.
            Some(E::DatesDiffer | E::TimesDiffer | E::ListedTwice) => false,
            against => against.is_some(),
        }
    }

    fn has_event_reference(&self, unit: usize) -> bool {
        let reference = self.facts(unit).and_then(EventFacts::reference).map(|bare| digest(&bare));
        reference.is_some_and(|reference| self.rarity.names_event(reference))
    }

    /// Whether one return lists both for the same children without a time for each.
    fn listed_together(&self, a: usize, b: usize) -> bool {
        let Some((one, other)) = self.pair(a, b) else { return false };
        if one.children() != other.children() || (one.minutes().is_some() && other.minutes().is_some()) {
            return false;
        }
        self.share_return(a, b)
    }

    fn share_return(&self, a: usize, b: usize) -> bool {
        let count = |unit: usize| self.units.get(unit).map_or(0, |unit| unit.entries.len());
        if count(a) == 1 && count(b) == 1 {
            return self.fragments(a).next() == self.fragments(b).next();
        }
        let returns: BTreeSet<_> = self.fragments(a).collect();
        self.fragments(b).any(|fragment| returns.contains(&fragment))
    }

    fn fragments(&self, unit: usize) -> impl Iterator<Item = domain::FragmentId> {
        let entries = self.units.get(unit).map_or(&[][..], |unit| unit.entries.as_slice());
        entries.iter().filter_map(|&index| self.entries.get(index)).map(|facts| facts.fragment)
    }

    /// The words with the children's own names and the pronouns that go with them taken out.
    fn neutral(&self, unit: usize) -> Vec<&str> {
        let Some(facts) = self.facts(unit) else { return Vec::new() };
        let own = facts.own_names();
        let left_out = |word: &String| is_pronoun(word) || own.contains(word);
        facts.words().iter().map(|word| if left_out(word) { "" } else { word.as_str() }).collect()
    }

    /// Pairs of one agency's units that may be one event.
    pub(crate) fn repeat_links(&self) -> Vec<Link> {
        self.repeat_pairs().into_iter().filter_map(|(a, b)| self.repeat_link(a, b)).collect()
    }

    fn repeat_pairs(&self) -> Vec<(usize, usize)> {
        let neutral: Vec<Vec<&str>> = (0..self.units.len()).map(|unit| self.neutral(unit)).collect();
        let mut blocks = Blocks::default();
        let undated = self.readings.iter().enumerate().filter(|(_, reading)| reading.day.is_none());
        let vague: HashSet<_> = undated.filter_map(|(unit, _)| self.facts(unit)).map(|facts| facts.agency).collect();
        for (unit, words) in neutral.iter().enumerate() {
            let Some((facts, reading)) = self.facts(unit).zip(self.readings.get(unit)) else { continue };
            for sketch in sketches(words) {
                blocks.add(&(facts.agency, facts.span(), sketch), unit);
            }
            blocks.add(&(facts.agency, facts.span()), unit);
            blocks.add(&(facts.agency, facts.span(), facts.minutes(), 1), unit);
            if reading.day.is_none() || vague.contains(&facts.agency) {
                vague_keys(facts, reading, unit, &mut blocks);
            }
            for stem in self.rare_stems(reading) {
                blocks.add(&(facts.agency, facts.span(), stem, 2), unit);
            }
            for reference in reading.references.iter().filter(|reference| self.rarity.names_event(**reference)) {
                blocks.add(&(facts.agency, reference, 5), unit);
            }
        }
        let rank = ranks(self.units.len(), |unit| neutral.get(unit));
        blocks.pairs(&rank)
    }

    fn repeat_link(&self, a: usize, b: usize) -> Option<Link> {
        let (facts, verdict) = self.weighed(a, b)?;
        let verdict = verdict.filter(|verdict| self.word_for_word((a, b), verdict, &facts));
        if let Some(verdict) = verdict {
            let rank = verdict.rank.saturating_mul(STEP);
            return Some(Link { a, b, rank, codes: unweighed(verdict.codes) });
        }
        let points = self.loose_repeat(a, b, &facts).filter(|points| *points >= REPEAT)?;
        Some(Link { a, b, rank: rank(points + 100), codes: with(repeats::evidence(&facts), E::SameAgency) })
    }

    /// Pairs of one agency's units that are compared.
    pub(crate) fn compared(&self) -> Vec<(usize, usize)> {
        self.repeat_pairs().into_iter().filter(|(a, b)| !self.contradicts(*a, *b)).collect()
    }

    /// A match by the words themselves.
    pub(crate) fn verbatim(&self, a: usize, b: usize) -> Option<Verdict> {
        let (one, other) = self.pair(a, b)?;
        Some(judge(one, other)).filter(|verdict| verdict.band == EventBand::Match)
    }

    /// The facts of a pair by name, and what they weigh together.
    pub(crate) fn named(&self, a: usize, b: usize) -> Option<(Vec<(&'static str, i32)>, i32)> {
        let (facts, _) = self.weighed(a, b)?;
        let names = repeats::WEIGHTS.iter().map(|(name, ..)| *name);
        Some((names.zip(facts).collect(), repeats::points(&facts)))
    }

    fn loose_repeat(&self, a: usize, b: usize, facts: &[i32; repeats::FACTS]) -> Option<i32> {
        let points = repeats::points(facts);
        if repeats::is_of_its_own(facts) {
            return None;
        }
        (points >= REPEAT_FLOOR && !self.contradicts(a, b)).then_some(points)
    }

    /// Whether two units of one agency may stand in one event.
    pub(crate) fn may_repeat(&self, a: usize, b: usize) -> bool {
        let Some((facts, verdict)) = self.weighed(a, b) else { return false };
        let word_for_word = || verdict.as_ref().is_some_and(|verdict| self.word_for_word((a, b), verdict, &facts));
        word_for_word() || self.loose_repeat(a, b, &facts).is_some()
    }

    /// Whether words that are alike show one event. What one return lists twice for the same children is one when the words
    /// are the very same.
    fn word_for_word(&self, (a, b): (usize, usize), verdict: &Verdict, facts: &[i32; repeats::FACTS]) -> bool {
        let same_words = verdict.codes.contains(&E::SameWords);
        same_words || !repeats::is_nothing_shared(facts) && !self.listed_together(a, b)
    }

    /// The rarest meanings that stand in other entries too.
    fn rare_stems(&self, reading: &Reading) -> Vec<u32> {
        rare_stems(reading, &self.rarity)
    }
}

/// Whether one is the other with a slip of the pen: a letter more, less or another, or two that changed places.
fn is_misspelt(a: &str, b: &str) -> bool {
    let letters = |word: &str| word.len() >= SHORTEST_MISSPELT && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let near = a.as_bytes().first() == b.as_bytes().first() && a.len().abs_diff(b.len()) <= 1;
    near && letters(a) && letters(b) && osa::distance(a.bytes(), b.bytes()) == 1
}

/// Keys by which an entry without an exact day meets one with: the day that it quotes, the month that it gives.
fn vague_keys(facts: &EventFacts<'_>, reading: &Reading, unit: usize, blocks: &mut Blocks) {
    for quoted in reading.days.iter().filter(|quoted| quoted.firm && reading.day.is_none()) {
        blocks.add(&(facts.agency, quoted.day, 3), unit);
    }
    if let Some(day) = reading.day {
        blocks.add(&(facts.agency, (u8::from(day.month()), day.day()), 3), unit);
    }
    if let Some((from, until)) = reading.span {
        let months = [from, until].map(|date| (date.year(), u8::from(date.month())));
        months.iter().for_each(|month| blocks.add(&(facts.agency, month, 4), unit));
    }
}

/// The rarest meanings that stand in other entries too.
pub(crate) fn rare_stems(reading: &Reading, rarity: &Rarity) -> Vec<u32> {
    let count = |stem: &u32| rarity.count(*stem);
    let mut rare: Vec<u32> =
        reading.stems.iter().copied().filter(|stem| (2..=RARE_STEM).contains(&count(stem))).collect();
    rare.sort_by_key(|stem| (count(stem), *stem));
    rare.truncate(STEM_KEYS);
    rare
}

/// The day in the middle of those that entries are dated to.
fn middle_day(entries: &[EventFacts<'_>]) -> Option<time::Date> {
    let mut days: Vec<time::Date> =
        entries.iter().filter(|facts| facts.width() == 0).map(|facts| facts.span().0).collect();
    days.sort_unstable();
    days.get(days.len() / 2).copied()
}

/// The names of the family's children, each list once.
fn names<'f>(entries: &[EventFacts<'f>]) -> Vec<&'f FamilyNames> {
    let mut names: Vec<&FamilyNames> = entries.iter().map(|facts| facts.names).collect();
    names.dedup_by(|a, b| std::ptr::eq(*a, *b));
    names.sort_by_key(|names| std::ptr::from_ref(*names).addr());
    names.dedup_by(|a, b| std::ptr::eq(*a, *b));
    names
}

/// More points, a stronger link; every match by verbatim words is stronger still.
pub(crate) fn rank(points: i32) -> u8 {
    u8::try_from((255 - points).clamp(75, 255)).unwrap_or(u8::MAX)
}

/// Facts that decide without being weighed.
pub(crate) fn unweighed(codes: Vec<E>) -> Spoken {
    codes.into_iter().map(|code| (code, 0)).collect()
}

pub(crate) fn with(mut codes: Spoken, code: E) -> Spoken {
    codes.entry(code).or_insert(0);
    codes
}
