//! Each agency's tellings of events, its repeats taken together, and which of different agencies tell one event.

use std::collections::{BTreeSet, HashMap};

use domain::{AgencyId, PersonId};

use super::accounts::{self, FACTS, Pair};
use super::family::{Family, STEP, rank, unweighed, with};
use super::kinds;
use super::neighbours::Keys;
use super::rarity::Rarity;
use super::reading::Reading;
use super::sequence;
use crate::evidence::{EvidenceCode as E, Spoken};
use crate::facts::EventFacts;
use crate::union::Link;

/// Points from which two agencies' accounts are one event.
const ACCOUNT: i32 = 0;
/// Points that every two accounts of one event need.
const ACCOUNT_FLOOR: i32 = -12;
/// Points from which entries have to do with each other.
const RELATED: i32 = -10;
/// How many tellings before a step are looked at for its cause.
const LOOK_BACK: usize = 24;

/// One agency's telling of one event: a unit, or several that repeat one another.
struct Telling {
    units: Vec<usize>,
    reading: Reading,
    children: BTreeSet<PersonId>,
    agency: AgencyId,
    all_words: i32,
}

/// All tellings of a family.
pub(crate) struct Tellings<'t, 'e, 'f> {
    family: &'t Family<'e, 'f>,
    tellings: Vec<Telling>,
    rarity: Rarity,
    days: Vec<(time::Date, usize)>,
    per_day: HashMap<(AgencyId, time::Date), u32>,
}

impl<'t, 'e, 'f> Tellings<'t, 'e, 'f> {
    /// Takes the units of each group together.
    pub(crate) fn of<'g>(family: &'t Family<'e, 'f>, groups: impl Iterator<Item = &'g [usize]>) -> Self {
        let mut tellings: Vec<Telling> = groups.filter_map(|units| telling(family, units)).collect();
        let rarity = family.rarity_among(tellings.iter().map(|telling| &telling.reading));
        tellings.iter_mut().for_each(|telling| telling.all_words = rarity.all_words(&telling.reading));
        let dated = tellings.iter().enumerate().filter_map(|(place, telling)| Some((telling.reading.day?, place)));
        let mut days: Vec<_> = dated.collect();
        days.sort_unstable();
        let mut per_day = HashMap::new();
        for (day, agency) in tellings.iter().filter_map(|telling| Some((telling.reading.day?, telling.agency))) {
            *per_day.entry((agency, day)).or_insert(0) += 1;
        }
        Self { family, tellings, rarity, days, per_day }
    }

    fn first(&self, telling: usize) -> Option<&EventFacts<'f>> {
        self.tellings.get(telling).and_then(|telling| self.family.facts(*telling.units.first()?))
    }

    fn same_agency(&self, a: usize, b: usize) -> bool {
        self.tellings.get(a).zip(self.tellings.get(b)).is_some_and(|(a, b)| a.agency == b.agency)
    }

    /// The facts that speak for and against two tellings of different agencies being one event.
    pub(crate) fn facts(&self, a: usize, b: usize) -> Option<[i32; FACTS]> {
        let (x, y) = self.tellings.get(a).zip(self.tellings.get(b))?;
        let pair = Pair {
            one: &x.reading,
            other: &y.reading,
            all_words: (x.all_words, y.all_words),
            share_child: !x.children.is_disjoint(&y.children),
            same_children: x.children == y.children,
            others_that_day: self.others_that_day(x, y),
            rivals: self.rivals(x, y),
        };
        Some(accounts::facts(&pair, &self.rarity))
    }

    /// How many other tellings the two agencies have on the days of the two.
    fn others_that_day(&self, x: &Telling, y: &Telling) -> u32 {
        let count = |telling: &Telling| {
            let day = telling.reading.day?;
            self.per_day.get(&(telling.agency, day)).map(|count| count.saturating_sub(1))
        };
        count(x).unwrap_or(0) + count(y).unwrap_or(0)
    }

    /// How many dated tellings lie in the wider span of the two.
    fn rivals(&self, x: &Telling, y: &Telling) -> u32 {
        let wider = if x.reading.width() > y.reading.width() { x } else { y };
        let count = match wider.reading.span {
            Some((from, until)) if x.reading.span.is_some() && y.reading.span.is_some() => {
                let start = self.days.partition_point(|(day, _)| *day < from);
                self.days.partition_point(|(day, _)| *day <= until).saturating_sub(start)
            }
            _ => self.days.len(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// A match by the words themselves.
    fn verbatim(&self, a: usize, b: usize) -> Option<(u8, Spoken)> {
        let (x, y) = self.tellings.get(a).zip(self.tellings.get(b))?;
        let pairs = x.units.iter().flat_map(|one| y.units.iter().map(move |other| (*one, *other)));
        let verdicts = pairs.take(MOST_PAIRS).filter_map(|(one, other)| self.family.verbatim(one, other));
        verdicts.min_by_key(|verdict| verdict.rank).map(|verdict| (verdict.rank, unweighed(verdict.codes)))
    }

    /// Whether two tellings may stand in one event.
    pub(crate) fn may_join(&self, a: usize, b: usize) -> bool {
        if self.same_agency(a, b) {
            let (Some(x), Some(y)) = (self.tellings.get(a), self.tellings.get(b)) else { return false };
            return x.units.iter().all(|one| y.units.iter().all(|other| self.family.may_repeat(*one, *other)));
        }
        let Some(facts) = self.facts(a, b) else { return false };
        let alike = || accounts::may_be_verbatim(&facts) && self.verbatim(a, b).is_some();
        !accounts::excludes(&facts) && (accounts::points(&facts) >= ACCOUNT_FLOOR || alike())
    }

    /// Every pair of different agencies' tellings that is compared.
    pub(crate) fn pairs(&self) -> Vec<(usize, usize)> {
        let readings = self.tellings.iter().map(|telling| &telling.reading);
        let mut keys = Keys::of(readings, &self.rarity);
        for (place, telling) in self.tellings.iter().enumerate() {
            let words = self.first(place).map_or(&[][..], EventFacts::words);
            keys.add(place, &telling.reading, words);
        }
        let mut pairs =
            keys.pairs(self.tellings.len(), |telling| self.first(telling).map(|facts| (facts.span(), facts.words())));
        pairs.retain(|(a, b)| !self.same_agency(*a, *b));
        pairs
    }

    /// Pairs of different agencies' tellings that may be one event, and those that have to do with each other.
    pub(crate) fn links(&self) -> (Vec<Link>, Vec<Link>) {
        let (mut same, mut related) = (Vec::new(), Vec::new());
        for (a, b) in self.pairs() {
            let Some(facts) = self.facts(a, b) else { continue };
            // One of several repeats may be dated so vaguely that it fits what the others exclude.
            if !accounts::excludes(&facts)
                && accounts::may_be_verbatim(&facts)
                && let Some((strength, codes)) = self.verbatim(a, b)
            {
                same.push(Link { a, b, rank: strength.saturating_mul(STEP), codes });
                continue;
            }
            let points = accounts::points(&facts);
            let codes = || with(accounts::evidence(&facts), E::DifferentAgencies);
            if points >= ACCOUNT && !accounts::excludes(&facts) {
                same.push(Link { a, b, rank: rank(points + 100), codes: codes() });
            } else if points >= RELATED || accounts::is_step(&facts) && points >= RELATED - 30 {
                related.push(Link { a, b, rank: rank(points + 100), codes: with(codes(), E::LaterStep) });
            }
        }
        related.extend(self.steps());
        (self.mutual(same), related)
    }

    /// Leaves out links of which one side has a stronger partner at the other's agency that is another event.
    fn mutual(&self, links: Vec<Link>) -> Vec<Link> {
        let agency = |telling: usize| self.tellings.get(telling).map(|telling| telling.agency);
        let mut best: HashMap<(usize, Option<AgencyId>), (u8, usize)> = HashMap::new();
        for link in &links {
            for (own, other) in [(link.a, link.b), (link.b, link.a)] {
                let known = best.entry((own, agency(other))).or_insert((link.rank, other));
                *known = (*known).min((link.rank, other));
            }
        }
        let outdone = |own: usize, other: usize, rank: u8| {
            let stronger = best.get(&(own, agency(other))).filter(|(known, _)| *known < rank);
            stronger.is_some_and(|(_, partner)| !self.may_join(*partner, other))
        };
        let kept = |link: &Link| !outdone(link.a, link.b, link.rank) && !outdone(link.b, link.a, link.rank);
        links.into_iter().filter(kept).collect()
    }

    /// An agency's step with the latest event that leads to such a step.
    fn steps(&self) -> Vec<Link> {
        let dated: Vec<_> =
            self.days.iter().filter_map(|(day, place)| Some((day, place, self.tellings.get(*place)?))).collect();
        let mut links = Vec::new();
        for (place, (day, telling, step)) in dated.iter().enumerate() {
            let Some((causes, within)) = sequence::causes(step.reading.lead) else { continue };
            let before = dated.get(place.saturating_sub(LOOK_BACK)..place).unwrap_or_default().iter().rev();
            let mut before = before.take_while(|(earlier, ..)| (**day - **earlier).whole_days() <= within);
            let cause = before.find(|(earlier, _, cause)| {
                let (lead, own) = (cause.reading.lead, step.reading.lead.and(kinds::STEPS));
                let share = !step.children.is_disjoint(&cause.children);
                share && earlier < day && lead.meets(causes) && !lead.meets(own)
            });
            if let Some((_, other, _)) = cause {
                let (a, b) = (**telling.min(other), **telling.max(other));
                links.push(Link { a, b, rank: u8::MAX, codes: unweighed(vec![E::SharedChild, E::LaterStep]) });
            }
        }
        links
    }

    /// The facts of a pair by name, and what they weigh together.
    pub(crate) fn weighed(&self, a: usize, b: usize) -> Option<(Vec<(&'static str, i32)>, i32)> {
        let facts = self.facts(a, b)?;
        let names = accounts::WEIGHTS.iter().map(|(name, ..)| *name);
        Some((names.zip(facts).collect(), accounts::points(&facts)))
    }

    /// The units of a telling.
    pub(crate) fn units(&self, telling: usize) -> &[usize] {
        self.tellings.get(telling).map_or(&[], |telling| telling.units.as_slice())
    }
}

/// How many pairs of repeats are compared word for word; the strongest of more would be the same.
const MOST_PAIRS: usize = 9;

fn telling(family: &Family<'_, '_>, units: &[usize]) -> Option<Telling> {
    let length = |unit: usize| family.readings.get(unit).map(|reading| (reading.stems.len(), std::cmp::Reverse(unit)));
    let fullest = units.iter().copied().max_by_key(|unit| length(*unit))?;
    let mut reading = family.readings.get(fullest)?.clone();
    let others = units.iter().filter(|unit| **unit != fullest);
    others.filter_map(|unit| family.readings.get(*unit)).for_each(|other| reading.extend(other));
    let children =
        units.iter().filter_map(|unit| family.facts(*unit)).flat_map(|facts| facts.children().iter().copied());
    let agency = family.facts(fullest)?.agency;
    Some(Telling { units: units.to_vec(), reading, children: children.collect(), agency, all_words: 0 })
}
