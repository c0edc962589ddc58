//! All entries of a family, parsed once, and the comparison of one agency's entries with each
//! other.

use std::collections::{BTreeSet, HashSet};

use domain::FragmentId;
use rapidfuzz::distance::osa;

use super::block_index::{BlockIndex, rank_by, sketches};
use super::model::EventModel;
use super::parsed_entry::{ParsedEntry, parse_entry};
use super::rarity::{RarityPoints, intersect_sorted};
use super::repeats::{self, RepeatFacts, RepeatPair, WordingMatch};
use super::vocabulary::{NameMatch, Vocabulary};
use super::{EventBand, Verdict, decide, find_contradiction};
use crate::evidence::{EvidenceCode as E, EvidenceWeights};
use crate::exact_duplicates::{DistinctEntry, group_exact_duplicates};
use crate::facts::{EventFacts, FamilyNames};
use crate::lexicon::is_pronoun;
use crate::stable_hash::stable_hash;
use crate::union::RankedLink;

/// Two entries of one agency with at least this score are about one event.
const REPEAT_THRESHOLD: i32 = 0;
/// Every two entries of one agency that are grouped as one event have at least this score.
const REPEAT_FLOOR: i32 = -26;
/// A meaning that occurs in more entries than this is no blocking key.
const MAX_ENTRIES_OF_RARE_MEANING: u32 = 6;
/// At most this many rare meanings of a text are blocking keys.
const MAX_MEANING_KEYS: usize = 5;
/// Shorter words are never taken for misspellings.
const MIN_MISSPELT_LENGTH: usize = 5;
/// At most this many words of a text are compared to find misspellings.
const MAX_COMPARED_WORDS: usize = 40;
/// Ranks of matches by wording are this far apart, so that one step is a clear preference.
const RANK_STEP: u8 = 5;

/// All entries of a family, parsed.
pub(crate) struct FamilyEntries<'e, 'f> {
    pub(crate) entries: &'e [EventFacts<'f>],
    /// The distinct entries, called units: each with its exact duplicates.
    pub(crate) units: Vec<DistinctEntry>,
    /// What each unit says.
    pub(crate) parsed_entries: Vec<ParsedEntry>,
    pub(crate) model: &'e EventModel,
    /// The written form of each meaning, by meaning id.
    pub(crate) meanings: Vec<String>,
    /// Whether each meaning is frequent in English, by meaning id.
    pub(crate) frequent: Vec<bool>,
    /// How rare each meaning is in records in general, by meaning id.
    pub(crate) general_rarity: Vec<i32>,
    rarity: RarityPoints,
}

impl<'e, 'f> FamilyEntries<'e, 'f> {
    /// Parses the entries. `order` lists their indexes; units are in this order.
    pub(crate) fn parse(
        entries: &'e [EventFacts<'f>],
        order: &[usize],
        model: &'e EventModel,
    ) -> Self {
        let units = group_exact_duplicates(entries, order);
        let mut vocabulary = Vocabulary::new(&model.frequencies);
        let names = distinct_family_names(entries);
        let match_name = |word: &str| {
            if names.iter().any(|names| names.is_childs_given_name(word)) {
                NameMatch::Child
            } else if names.iter().any(|names| names.contains(word)) {
                NameMatch::Other
            } else {
                NameMatch::None
            }
        };
        let around = median_day(entries);
        let representatives = units
            .iter()
            .filter_map(|unit| entries.get(unit.representative()));
        let parsed_entries: Vec<ParsedEntry> = representatives
            .map(|facts| parse_entry(facts, &mut vocabulary, &match_name, around))
            .collect();
        let frequent = vocabulary.frequent().to_vec();
        let general_rarity = vocabulary.rarities().to_vec();
        let meanings = vocabulary
            .meanings()
            .into_iter()
            .map(str::to_owned)
            .collect();
        let rarity = RarityPoints::count(parsed_entries.iter(), &frequent);
        Self {
            entries,
            units,
            parsed_entries,
            rarity,
            frequent,
            general_rarity,
            meanings,
            model,
        }
    }

    /// How rare meanings, kinds and references are among `parsed_entries`.
    pub(crate) fn rarity_among<'r>(
        &self,
        parsed_entries: impl Iterator<Item = &'r ParsedEntry> + Clone,
    ) -> RarityPoints {
        RarityPoints::count(parsed_entries, &self.frequent)
    }

    /// The representative entry of a unit.
    pub(crate) fn facts(&self, unit: usize) -> Option<&EventFacts<'f>> {
        self.units
            .get(unit)
            .and_then(|unit| self.entries.get(unit.representative()))
    }

    fn facts_of_pair(&self, a: usize, b: usize) -> Option<(&EventFacts<'f>, &EventFacts<'f>)> {
        self.facts(a).zip(self.facts(b))
    }

    /// The facts for and against two units of one agency being one event, and the decision by
    /// wording when that is a match. `None` for two agencies, or when dates or times rule out one
    /// event.
    fn repeat_facts(&self, a: usize, b: usize) -> Option<(RepeatFacts, Option<Verdict>)> {
        let (one, other) = self
            .facts_of_pair(a, b)
            .filter(|(one, other)| one.agency == other.agency)?;
        let (x, y) = self.parsed_entries.get(a).zip(self.parsed_entries.get(b))?;
        let verdict = self.match_by_wording(a, b);
        let wording = verdict.as_ref().map_or(WordingMatch::Other, wording_match);
        let shares_child = one.shares_child(other);
        let names_child_of = |parsed: &ParsedEntry, facts: &EventFacts<'_>| {
            parsed
                .named_children
                .iter()
                .any(|child| facts.children().contains(child))
        };
        let each_names_own_child = names_child_of(x, one)
            && names_child_of(y, other)
            && !shares_child
            && !names_child_of(x, other)
            && !names_child_of(y, one);
        let same_reference = one.reference().is_some() && one.reference() == other.reference();
        let references_differ = one.reference() != other.reference();
        let a_has_number = self.has_event_reference(a);
        let b_has_number = self.has_event_reference(b);
        let distinctiveness = [
            self.distinctiveness_in_common(x, y),
            self.distinctiveness(x.meaning_ids.iter().copied()),
            self.distinctiveness(y.meaning_ids.iter().copied()),
        ];
        let pair = RepeatPair {
            first: x,
            second: y,
            shares_child,
            has_same_children: one.children() == other.children(),
            each_names_own_child,
            has_same_event_number: same_reference && a_has_number,
            references_differ: references_differ && a_has_number && b_has_number,
            is_in_one_return: self.are_in_one_return(a, b),
            distinctiveness,
            wording,
        };
        let facts = repeats::repeat_facts(&pair, &self.rarity)?;
        Some((facts, verdict))
    }

    /// How rare words are in general, together.
    fn distinctiveness(&self, meaning_ids: impl Iterator<Item = u32>) -> i32 {
        let rarity = |id: u32| {
            usize::try_from(id)
                .ok()
                .and_then(|id| self.general_rarity.get(id))
        };
        meaning_ids.filter_map(rarity).sum()
    }

    /// How rare in general the words are that both entries use, misspellings included.
    fn distinctiveness_in_common(&self, a: &ParsedEntry, b: &ParsedEntry) -> i32 {
        let common: Vec<u32> = intersect_sorted(&a.meaning_ids, &b.meaning_ids).collect();
        let others = |parsed: &ParsedEntry| -> Vec<(u32, &str)> {
            let others = parsed.meaning_ids.iter().filter(|id| !common.contains(id));
            let text = |id: &u32| {
                usize::try_from(*id)
                    .ok()
                    .and_then(|id| self.meanings.get(id))
            };
            others
                .filter_map(|id| Some((*id, text(id)?.as_str())))
                .take(MAX_COMPARED_WORDS)
                .collect()
        };
        let mut others_of_b = others(b);
        let mut misspelt = Vec::new();
        for (id, text) in others(a) {
            if let Some(index) = others_of_b
                .iter()
                .position(|(_, other)| is_misspelling(text, other))
            {
                misspelt.push(id);
                others_of_b.swap_remove(index);
            }
        }
        self.distinctiveness(common.into_iter().chain(misspelt))
    }

    /// Whether the fields of two units rule out one event. References of files that hold many
    /// events rule out nothing.
    fn is_contradicted(&self, a: usize, b: usize) -> bool {
        let Some((one, other)) = self.facts_of_pair(a, b) else {
            return true;
        };
        match find_contradiction(one, other) {
            Some(E::ReferencesDiffer) => [a, b]
                .into_iter()
                .all(|unit| self.has_event_reference(unit)),
            // Dates, times and double entries in one return are weighed with the other facts.
            Some(E::DatesDiffer | E::TimesDiffer | E::ListedTwice) => false,
            contradiction => contradiction.is_some(),
        }
    }

    fn has_event_reference(&self, unit: usize) -> bool {
        let reference = self
            .facts(unit)
            .and_then(EventFacts::reference)
            .map(|reference| stable_hash(&reference));
        reference.is_some_and(|reference| self.rarity.identifies_event(reference))
    }

    /// Whether one return lists both for the same children without a time for each.
    fn are_listed_together(&self, a: usize, b: usize) -> bool {
        let Some((one, other)) = self.facts_of_pair(a, b) else {
            return false;
        };
        if one.children() != other.children()
            || (one.minutes().is_some() && other.minutes().is_some())
        {
            return false;
        }
        self.are_in_one_return(a, b)
    }

    fn are_in_one_return(&self, a: usize, b: usize) -> bool {
        let entry_count = |unit: usize| self.units.get(unit).map_or(0, |unit| unit.entries.len());
        if entry_count(a) == 1 && entry_count(b) == 1 {
            return self.fragments(a).next() == self.fragments(b).next();
        }
        let fragments: BTreeSet<_> = self.fragments(a).collect();
        self.fragments(b)
            .any(|fragment| fragments.contains(&fragment))
    }

    fn fragments(&self, unit: usize) -> impl Iterator<Item = FragmentId> {
        let entries = self
            .units
            .get(unit)
            .map_or(&[][..], |unit| unit.entries.as_slice());
        entries
            .iter()
            .filter_map(|&index| self.entries.get(index))
            .map(|facts| facts.fragment)
    }

    /// The words of a unit, with its children's given names and all pronouns replaced by empty
    /// words.
    fn words_without_names(&self, unit: usize) -> Vec<&str> {
        let Some(facts) = self.facts(unit) else {
            return Vec::new();
        };
        let own_names = facts.own_names();
        let is_replaced = |word: &String| is_pronoun(word) || own_names.contains(word);
        facts
            .words()
            .iter()
            .map(|word| if is_replaced(word) { "" } else { word.as_str() })
            .collect()
    }

    /// The pairs of units of one agency that may be about one event, ranked.
    pub(crate) fn repeat_links(&self) -> Vec<RankedLink> {
        self.blocked_pairs()
            .into_iter()
            .filter_map(|(a, b)| self.repeat_link(a, b))
            .collect()
    }

    /// The pairs of units of one agency that share a blocking key. The last number of each key, or
    /// of its sketch, tells the kinds of key apart.
    fn blocked_pairs(&self) -> Vec<(usize, usize)> {
        let texts: Vec<Vec<&str>> = (0..self.units.len())
            .map(|unit| self.words_without_names(unit))
            .collect();
        let mut blocks = BlockIndex::default();
        let undated = self
            .parsed_entries
            .iter()
            .enumerate()
            .filter(|(_, parsed)| parsed.day.is_none());
        let agencies_with_undated: HashSet<_> = undated
            .filter_map(|(unit, _)| self.facts(unit))
            .map(|facts| facts.agency)
            .collect();
        for (unit, words) in texts.iter().enumerate() {
            let Some((facts, parsed)) = self.facts(unit).zip(self.parsed_entries.get(unit)) else {
                continue;
            };
            for sketch in sketches(words) {
                blocks.add(&(facts.agency, facts.span(), sketch), unit);
            }
            blocks.add(&(facts.agency, facts.span()), unit);
            blocks.add(&(facts.agency, facts.span(), facts.minutes(), 1), unit);
            if parsed.day.is_none() || agencies_with_undated.contains(&facts.agency) {
                add_inexact_day_keys(facts, parsed, unit, &mut blocks);
            }
            for meaning in rare_meanings(parsed, &self.rarity) {
                blocks.add(&(facts.agency, facts.span(), meaning, 2), unit);
            }
            for reference in parsed
                .references
                .iter()
                .filter(|reference| self.rarity.identifies_event(**reference))
            {
                blocks.add(&(facts.agency, reference, 5), unit);
            }
        }
        let rank = rank_by(self.units.len(), |unit| texts.get(unit));
        blocks.into_pairs(&rank)
    }

    fn repeat_link(&self, a: usize, b: usize) -> Option<RankedLink> {
        let (facts, verdict) = self.repeat_facts(a, b)?;
        let verdict =
            verdict.filter(|verdict| self.is_one_event_by_wording((a, b), verdict, &facts));
        if let Some(verdict) = verdict {
            let rank = verdict.rank.saturating_mul(RANK_STEP);
            let evidence = verdict.codes.into_iter().map(|code| (code, 0)).collect();
            return Some(RankedLink {
                a,
                b,
                rank,
                evidence,
            });
        }
        let score = self
            .weighed_score(a, b, &facts)
            .filter(|score| *score >= REPEAT_THRESHOLD)?;
        let mut evidence: EvidenceWeights = repeats::evidence(&facts);
        evidence.entry(E::SameAgency).or_insert(0);
        Some(RankedLink {
            a,
            b,
            rank: rank_of_score(score + 100),
            evidence,
        })
    }

    /// The pairs of units of one agency that are compared.
    pub(crate) fn compared_pairs(&self) -> Vec<(usize, usize)> {
        self.blocked_pairs()
            .into_iter()
            .filter(|(a, b)| !self.is_contradicted(*a, *b))
            .collect()
    }

    /// The decision by wording alone, when it is a match.
    fn match_by_wording(&self, a: usize, b: usize) -> Option<Verdict> {
        let (one, other) = self.facts_of_pair(a, b)?;
        Some(decide(one, other)).filter(|verdict| verdict.band == EventBand::Match)
    }

    /// The values of the facts of a pair and its score.
    pub(crate) fn weigh_pair(&self, a: usize, b: usize) -> Option<(RepeatFacts, i32)> {
        let (facts, _) = self.repeat_facts(a, b)?;
        Some((facts, repeats::score(&facts)))
    }

    /// The score of a pair, unless the pair describes separate events, is below the floor or is
    /// contradicted.
    fn weighed_score(&self, a: usize, b: usize, facts: &RepeatFacts) -> Option<i32> {
        let score = repeats::score(facts);
        if repeats::describes_separate_events(facts) {
            return None;
        }
        (score >= REPEAT_FLOOR && !self.is_contradicted(a, b)).then_some(score)
    }

    /// Whether two units of one agency may be grouped as one event.
    pub(crate) fn may_repeat(&self, a: usize, b: usize) -> bool {
        let Some((facts, verdict)) = self.repeat_facts(a, b) else {
            return false;
        };
        let is_one_by_wording =
            |verdict: &Verdict| self.is_one_event_by_wording((a, b), verdict, &facts);
        verdict.as_ref().is_some_and(is_one_by_wording)
            || self.weighed_score(a, b, &facts).is_some()
    }

    /// Whether similar wording shows one event. Two entries of one return for the same children are
    /// one event only when their words are the same.
    fn is_one_event_by_wording(
        &self,
        (a, b): (usize, usize),
        verdict: &Verdict,
        facts: &RepeatFacts,
    ) -> bool {
        let same_words = verdict.codes.contains(&E::SameWords);
        same_words || !repeats::lacks_common_concern(facts) && !self.are_listed_together(a, b)
    }
}

/// How a match by wording was found.
fn wording_match(verdict: &Verdict) -> WordingMatch {
    if verdict.codes.contains(&E::SameWords) {
        WordingMatch::Same
    } else if verdict.codes.contains(&E::NearlySameWords) {
        WordingMatch::Near
    } else {
        WordingMatch::ForSibling
    }
}

/// Whether one word is the other with one letter added, dropped or changed, or two neighbouring
/// letters swapped.
fn is_misspelling(a: &str, b: &str) -> bool {
    let is_eligible = |word: &str| {
        word.len() >= MIN_MISSPELT_LENGTH && word.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let is_near = a.as_bytes().first() == b.as_bytes().first() && a.len().abs_diff(b.len()) <= 1;
    is_near && is_eligible(a) && is_eligible(b) && osa::distance(a.bytes(), b.bytes()) == 1
}

/// Adds keys by which an entry without an exact day is compared with one that has it: the quoted
/// day and the month.
fn add_inexact_day_keys(
    facts: &EventFacts<'_>,
    parsed: &ParsedEntry,
    unit: usize,
    blocks: &mut BlockIndex,
) {
    for quoted in parsed
        .quoted_days
        .iter()
        .filter(|quoted| quoted.is_explicit && parsed.day.is_none())
    {
        blocks.add(&(facts.agency, quoted.month_day, 3), unit);
    }
    if let Some(day) = parsed.day {
        blocks.add(&(facts.agency, (u8::from(day.month()), day.day()), 3), unit);
    }
    if let Some((first, last)) = parsed.span {
        let months = [first, last].map(|date| (date.year(), u8::from(date.month())));
        months
            .iter()
            .for_each(|month| blocks.add(&(facts.agency, month, 4), unit));
    }
}

/// The rarest meanings of an entry that occur in other entries too, the rarest first.
pub(crate) fn rare_meanings(parsed: &ParsedEntry, rarity: &RarityPoints) -> Vec<u32> {
    let count = |meaning: &u32| rarity.entries_with(*meaning);
    let is_rare = |meaning: &u32| (2..=MAX_ENTRIES_OF_RARE_MEANING).contains(&count(meaning));
    let mut rare: Vec<u32> = parsed.meaning_ids.iter().copied().filter(is_rare).collect();
    rare.sort_by_key(|meaning| (count(meaning), *meaning));
    rare.truncate(MAX_MEANING_KEYS);
    rare
}

/// The median of the days to which entries are dated.
fn median_day(entries: &[EventFacts<'_>]) -> Option<time::Date> {
    let dated = entries.iter().filter(|facts| facts.width() == 0);
    let mut days: Vec<time::Date> = dated.map(|facts| facts.span().0).collect();
    days.sort_unstable();
    days.get(days.len() / 2).copied()
}

/// The names that the entries refer to, each set of names once.
fn distinct_family_names<'f>(entries: &[EventFacts<'f>]) -> Vec<&'f FamilyNames> {
    let mut names: Vec<&FamilyNames> = entries.iter().map(|facts| facts.names).collect();
    names.dedup_by(|a, b| std::ptr::eq(*a, *b));
    names.sort_by_key(|names| std::ptr::from_ref(*names).addr());
    names.dedup_by(|a, b| std::ptr::eq(*a, *b));
    names
}

/// The rank of a weighed pair: the higher the score, the stronger. Every match by wording is
/// stronger still.
fn rank_of_score(score: i32) -> u8 {
    u8::try_from((255 - score).clamp(75, 255)).unwrap_or(u8::MAX)
}
