//! A family's entries read once, with what each pair weighs.

use std::collections::BTreeSet;

use super::blocks::{Blocks, ranks, sketches};
use super::reading::{Reading, Vocabulary, read};
use super::weigh::{self, Rarity, Weight};
use super::{Verdict, contradiction, judge};
use super::{kinds, sequence};
use crate::event::EventBand;
use crate::evidence::EvidenceCode as E;
use crate::facts::EventFacts;
use crate::lexicon::is_pronoun;
use crate::piles::{Unit, pile};
use crate::union::Link;

/// Points from which two entries of one agency are one event.
const REPEAT: i32 = 68;
/// Points that every two repeats of one event need.
const REPEAT_FLOOR: i32 = 42;
/// Points from which two agencies' accounts are one event.
const ACCOUNT: i32 = 69;
/// Points that every two accounts of one event need.
const ACCOUNT_FLOOR: i32 = 40;
/// Points from which entries have to do with each other.
const RELATED: i32 = 62;
/// How many entries before a step are looked at for its cause.
const LOOK_BACK: usize = 24;
/// Stems in more entries than this are no key.
const RARE_STEM: u32 = 6;
/// How many rare stems of a text are keys.
const STEM_KEYS: usize = 5;
/// Ranks by verbatim words are spread this wide, so that one step is a clear preference.
const STEP: u8 = 5;

/// Entries, read.
pub(crate) struct Family<'e, 'f> {
    pub(crate) entries: &'e [EventFacts<'f>],
    pub(crate) units: Vec<Unit>,
    readings: Vec<Reading>,
    rarity: Rarity,
}

impl<'e, 'f> Family<'e, 'f> {
    /// Reads the entries, given in the order of their ids.
    pub(crate) fn read(entries: &'e [EventFacts<'f>], order: &[usize]) -> Self {
        let units = pile(entries, order);
        let mut vocabulary = Vocabulary::default();
        let firsts = units.iter().filter_map(|unit| entries.get(unit.first()));
        let readings: Vec<Reading> = firsts.map(|facts| read(facts, &mut vocabulary)).collect();
        let rarity = Rarity::of(&readings, vocabulary.len());
        Self { entries, units, readings, rarity }
    }

    pub(crate) fn facts(&self, unit: usize) -> Option<&EventFacts<'f>> {
        self.units.get(unit).and_then(|unit| self.entries.get(unit.first()))
    }

    fn pair(&self, a: usize, b: usize) -> Option<(&EventFacts<'f>, &EventFacts<'f>)> {
        self.facts(a).zip(self.facts(b))
    }

    fn weight(&self, a: usize, b: usize) -> Option<Weight> {
        let (one, other) = self.pair(a, b)?;
        let (x, y) = self.readings.get(a).zip(self.readings.get(b))?;
        let minutes = (one.minutes(), other.minutes());
        let shared = one.shares_child(other);
        if one.agency == other.agency {
            weigh::repeats(x, y, shared, minutes, &self.rarity)
        } else {
            weigh::accounts(x, y, shared, minutes, &self.rarity)
        }
    }

    /// What one agency's own fields exclude. References of files in which many events are kept exclude nothing.
    fn contradicts(&self, a: usize, b: usize) -> bool {
        let Some((one, other)) = self.pair(a, b) else { return true };
        match contradiction(one, other) {
            Some(E::ReferencesDiffer) => [a, b].into_iter().all(|unit| self.has_event_reference(unit)),
            against => against.is_some(),
        }
    }

    fn has_event_reference(&self, unit: usize) -> bool {
        let reference = self.facts(unit).and_then(EventFacts::reference).map(|bare| super::reading::digest(&bare));
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
        let neutral: Vec<Vec<&str>> = (0..self.units.len()).map(|unit| self.neutral(unit)).collect();
        let mut blocks = Blocks::default();
        for (unit, words) in neutral.iter().enumerate() {
            let Some((facts, reading)) = self.facts(unit).zip(self.readings.get(unit)) else { continue };
            for sketch in sketches(words) {
                blocks.add(&(facts.agency, facts.span(), sketch), unit);
            }
            blocks.add(&(facts.agency, facts.span()), unit);
            blocks.add(&(facts.agency, facts.span(), facts.minutes(), 1), unit);
            for stem in self.rare_stems(reading) {
                blocks.add(&(facts.agency, facts.span(), stem, 2), unit);
            }
        }
        let rank =
            ranks(self.units.len(), |unit| (neutral.get(unit), self.units.get(unit).map(|unit| unit.occurrence)));
        blocks.pairs(&rank).into_iter().filter_map(|(a, b)| self.repeat_link(a, b)).collect()
    }

    fn repeat_link(&self, a: usize, b: usize) -> Option<Link> {
        let verdict = self.verbatim(a, b).filter(|_| self.same_agency(a, b) && !self.listed_together(a, b));
        let same_place = self.units.get(a)?.occurrence == self.units.get(b)?.occurrence;
        if let Some(verdict) = verdict {
            let rank = (verdict.rank + u8::from(!same_place)).saturating_mul(STEP);
            return Some(Link { a, b, rank, codes: verdict.codes });
        }
        let weight = self.loose_repeat(a, b).filter(|weight| weight.points >= REPEAT)?;
        Some(Link { a, b, rank: rank(weight.points), codes: with(weight.codes, E::SameAgency) })
    }

    fn same_agency(&self, a: usize, b: usize) -> bool {
        self.pair(a, b).is_some_and(|(a, b)| a.agency == b.agency)
    }

    /// A match by the words themselves.
    fn verbatim(&self, a: usize, b: usize) -> Option<Verdict> {
        let (one, other) = self.pair(a, b)?;
        Some(judge(one, other)).filter(|verdict| verdict.band == EventBand::Match)
    }

    fn loose_repeat(&self, a: usize, b: usize) -> Option<Weight> {
        if !self.same_agency(a, b) {
            return None;
        }
        let weight = self.weight(a, b).filter(|weight| !weight.only_related && weight.points >= REPEAT_FLOOR)?;
        (!self.share_return(a, b) && !self.contradicts(a, b)).then_some(weight)
    }

    /// Whether two units of one agency may stand in one event.
    pub(crate) fn may_repeat(&self, a: usize, b: usize) -> bool {
        let verbatim = || self.same_agency(a, b) && !self.listed_together(a, b) && self.verbatim(a, b).is_some();
        self.loose_repeat(a, b).is_some() || verbatim()
    }

    /// Whether two units of different agencies, or of one, may stand in one event.
    pub(crate) fn may_join(&self, a: usize, b: usize) -> bool {
        if self.same_agency(a, b) {
            return self.may_repeat(a, b);
        }
        let weighed = self.weight(a, b).is_some_and(|weight| !weight.only_related && weight.points >= ACCOUNT_FLOOR);
        weighed || self.verbatim(a, b).is_some()
    }

    /// Pairs of different agencies' units that may be one event, and those that have to do with each other.
    pub(crate) fn account_links(&self) -> (Vec<Link>, Vec<Link>) {
        let mut blocks = Blocks::default();
        for unit in 0..self.units.len() {
            self.account_keys(unit, &mut blocks);
        }
        let rank_of = ranks(self.units.len(), |unit| self.facts(unit).map(|facts| (facts.span(), facts.words())));
        let (mut same, mut related) = (Vec::new(), Vec::new());
        for (a, b) in blocks.pairs(&rank_of) {
            if self.same_agency(a, b) {
                continue;
            }
            if let Some(verdict) = self.verbatim(a, b) {
                same.push(Link { a, b, rank: verdict.rank.saturating_mul(STEP), codes: verdict.codes });
                continue;
            }
            let Some(weight) = self.weight(a, b) else { continue };
            let Weight { points, codes, only_related } = weight;
            if !only_related && points >= ACCOUNT {
                same.push(Link { a, b, rank: rank(points), codes: with(codes, E::DifferentAgencies) });
            } else if points >= RELATED {
                related.push(Link { a, b, rank: rank(points), codes: with(codes, E::LaterStep) });
            }
        }
        related.extend(self.steps());
        (same, related)
    }

    /// An agency's step with the latest event that leads to such a step.
    fn steps(&self) -> Vec<Link> {
        let dated = self.readings.iter().enumerate().filter_map(|(unit, reading)| Some((reading.day?, unit, reading)));
        let mut dated: Vec<_> = dated.collect();
        dated.sort_by_key(|(day, unit, _)| (*day, *unit));
        let mut links = Vec::new();
        for (place, (day, unit, reading)) in dated.iter().enumerate() {
            let Some((causes, within)) = sequence::causes(reading.lead) else { continue };
            let before = dated.get(place.saturating_sub(LOOK_BACK)..place).unwrap_or_default().iter().rev();
            let mut before = before.take_while(|(earlier, ..)| (*day - *earlier).whole_days() <= within);
            let cause = before.find(|(earlier, other, cause)| {
                let share = self.pair(*unit, *other).is_some_and(|(a, b)| a.shares_child(b));
                share && earlier < day && cause.lead.meets(causes) && !cause.lead.meets(reading.lead.and(kinds::STEPS))
            });
            if let Some((_, other, _)) = cause {
                let (a, b) = (*unit.min(other), *unit.max(other));
                links.push(Link { a, b, rank: u8::MAX, codes: vec![E::SharedChild, E::LaterStep] });
            }
        }
        links
    }

    fn account_keys(&self, unit: usize, blocks: &mut Blocks) {
        let Some((facts, reading)) = self.facts(unit).zip(self.readings.get(unit)) else { return };
        let words: Vec<&str> = facts.words().iter().map(String::as_str).collect();
        for sketch in sketches(&words) {
            blocks.add(&sketch, unit);
        }
        for reference in &reading.references {
            blocks.add(&(3, reference), unit);
        }
        let own = reading.day.map(|date| ((u8::from(date.month()), date.day()), Some(date.year())));
        let quoted = reading.days.iter().map(|quoted| (quoted.day, quoted.year));
        let rare = self.rare_stems(reading);
        for (day, year) in own.into_iter().chain(quoted) {
            blocks.add(&(4, day), unit);
            reading.kinds.each().for_each(|kind| blocks.add(&(5, day, year, kind), unit));
            rare.iter().take(2).for_each(|stem| blocks.add(&(6, day, year, stem), unit));
        }
        if let Some((from, until)) = reading.span {
            for month in [from, until].map(|date| (date.year(), u8::from(date.month()))) {
                reading.kinds.each().for_each(|kind| blocks.add(&(7, month, kind), unit));
            }
        }
        rare.iter().for_each(|stem| blocks.add(&(8, stem), unit));
    }

    /// The rarest stems that stand in other entries too.
    fn rare_stems(&self, reading: &Reading) -> Vec<u32> {
        let count = |stem: &u32| self.rarity.count(*stem);
        let mut rare: Vec<u32> =
            reading.stems.iter().copied().filter(|stem| (2..=RARE_STEM).contains(&count(stem))).collect();
        rare.sort_by_key(|stem| (count(stem), *stem));
        rare.truncate(STEM_KEYS);
        rare
    }
}

/// More points, a stronger link; every match by verbatim words is stronger still.
fn rank(points: i32) -> u8 {
    u8::try_from((255 - points).clamp(75, 255)).unwrap_or(u8::MAX)
}

fn with(mut codes: Vec<E>, code: E) -> Vec<E> {
    codes.push(code);
    codes
}
