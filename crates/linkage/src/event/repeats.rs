//! The facts for and against two entries of one agency being about one event, each recorded for
//! another sibling.
//!
//! Their weights were fitted to labelled packs by logistic regression; `linkage-bench weights
//! --repeats` prints the pairs and their facts.

use super::acts;
use super::bit_set::BitSet;
use super::day_relation::{DayRelation, day_relation};
use super::kinds;
use super::parsed_entry::ParsedEntry;
use super::quoted_days::QuotedDay;
use super::rarity::{RarityPoints, intersect_sorted};
use crate::evidence::{EvidenceCode as E, EvidenceWeights};

/// The number of facts.
const FACT_COUNT: usize = 41;

/// The value of each fact, in the order of [`RepeatFact`].
pub(crate) type RepeatFacts = [i32; FACT_COUNT];

/// A fact about a pair of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RepeatFact {
    Bias,
    SameDay,
    SameSpan,
    DateQuoted,
    DatesOverlap,
    SameTime,
    TimeMissing,
    SharedChild,
    SameChildren,
    SingleChildEvent,
    NoCommonConcern,
    SameTypeLabel,
    OtherTypeLabel,
    Kinds,
    LeadingKinds,
    IncidentsDiffer,
    StepsDiffer,
    RefersToSibling,
    Reference,
    NumbersDiffer,
    SameNumber,
    Words,
    WordsOfShorter,
    SameWords,
    NearlySameWords,
    WordsForSibling,
    OneQuotesOtherDay,
    Contained,
    EachNamesOwnChild,
    SeveralChildren,
    SingleChildEventOfBoth,
    CommonActs,
    FamilyEventShared,
    FamilyEventsDiffer,
    DayMistaken,
    TimeMistaken,
    CommonShare,
    RestOfShorter,
    ReferencesDiffer,
    OneReturn,
    CommonShareInOneReturn,
}

/// The name of each fact, its weight for one unit in hundredths of a point, and its evidence code.
/// In the order of [`RepeatFact`].
const WEIGHTS: [(&str, i32, Option<E>); FACT_COUNT] = [
    ("bias", -2250, None),
    ("same day", -1883, Some(E::SameDate)),
    ("same span", 1579, Some(E::SameDate)),
    ("date quoted", -5285, Some(E::DateQuoted)),
    ("overlap", -339, Some(E::DateWithin)),
    ("same time", 988, Some(E::SameTime)),
    ("time missing", 0, None),
    ("shared child", 2156, Some(E::SharedChild)),
    ("same children", 1845, Some(E::SharedChild)),
    ("event of one child", -1286, None),
    ("no common concern", -861, None),
    ("same type label", 916, Some(E::SameKind)),
    ("other type label", -1765, None),
    ("kinds", 0, Some(E::SameKind)),
    ("leading kinds", 0, Some(E::SameKind)),
    ("incidents differ", -89, None),
    ("steps differ", -1880, None),
    ("refers to a sibling", 1243, Some(E::PointsToSibling)),
    ("reference", 4423, Some(E::SameReference)),
    ("numbers differ", -2202, None),
    ("same number", 0, Some(E::RareWords)),
    ("words", 12, Some(E::RareWords)),
    ("words of the shorter", 0, Some(E::RareWords)),
    ("same words", 0, Some(E::SameWords)),
    ("nearly same words", 3316, Some(E::NearlySameWords)),
    ("words for sibling", 0, Some(E::SameWordsForSibling)),
    ("one quotes another day", 80, None),
    ("one contained in the other", 0, Some(E::RareWords)),
    ("each names its own child", -672, None),
    ("concerns several children", 2105, None),
    ("event of one child in both", -1292, None),
    ("acts in common", 74, Some(E::SameKind)),
    ("family event in common", 685, Some(E::SameKind)),
    ("family events differ", -1322, None),
    ("a mistaken day", 0, None),
    ("a mistaken time", 0, None),
    ("distinctive words in common", 37, Some(E::RareWords)),
    ("distinctive words of the shorter alone", -22, None),
    ("references differ", -5104, None),
    ("in one return", -4340, None),
    (
        "in one return, distinctive words in common",
        31,
        Some(E::RareWords),
    ),
];

/// Two entries with one event number may have times this far apart, of which one is mistaken.
const MAX_MISTAKEN_MINUTES: u16 = 60;
/// The most that common words count, in points.
const MAX_WORD_POINTS: i32 = 120;
/// Two entries of one return describe separate events from this rarity of words that only the
/// shorter one uses, in natural logarithms.
const SEPARATE_LINE_RARITY: i32 = 8;
/// The same, where each entry names its own child and what was found about it.
const SEPARATE_FINDING_RARITY: i32 = 2;
/// The most that words of one text alone count, in natural logarithms of their rarity.
const MAX_REST_RARITY: i32 = 40;
/// The most that common kinds count, in points.
const MAX_KIND_POINTS: i32 = 60;

/// How the wording of two entries compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WordingMatch {
    /// The same words.
    Same,
    /// The same words with misspellings.
    Near,
    /// The same words but for a sibling's name and pronouns.
    ForSibling,
    /// Other words.
    Other,
}

/// Two entries of one agency, with how their fields compare.
pub(crate) struct RepeatPair<'r> {
    pub(crate) first: &'r ParsedEntry,
    pub(crate) second: &'r ParsedEntry,
    pub(crate) shares_child: bool,
    pub(crate) has_same_children: bool,
    /// Whether each text names a child of its own entry, and none of the other's.
    pub(crate) each_names_own_child: bool,
    /// Whether both have the same event number of the agency.
    pub(crate) has_same_event_number: bool,
    /// Whether both have an event number, and the numbers differ.
    pub(crate) references_differ: bool,
    /// Whether both are in one return.
    pub(crate) is_in_one_return: bool,
    /// How rare in general the words are that both use, that `first` uses, and that `second` uses.
    pub(crate) distinctiveness: [i32; 3],
    pub(crate) wording: WordingMatch,
}

/// The facts of a pair. `None` when dates or times rule out one event.
pub(crate) fn repeat_facts(pair: &RepeatPair<'_>, rarity: &RarityPoints) -> Option<RepeatFacts> {
    let a = pair.first;
    let b = pair.second;
    let mut facts = [0; FACT_COUNT];
    let mut set = |fact: RepeatFact, value: i32| {
        if let Some(slot) = facts.get_mut(fact as usize) {
            *slot = value;
        }
    };
    set(RepeatFact::Bias, 1);
    let may_be_mistaken =
        pair.has_same_event_number && !pair.is_in_one_return && overlap_widely(a, b, rarity);
    set(admissible_day_fact(pair, may_be_mistaken)?, 1);
    let (time, value) = admissible_time_fact(a, b, may_be_mistaken)?;
    set(time, value);
    set_child_facts(pair, &mut set);
    set_reference_facts(pair, rarity, &mut set);
    set_type_label_facts(a, b, &mut set);
    set_number_facts(a, b, &mut set);
    set_kind_facts(a, b, rarity, &mut set);
    set_act_facts(a, b, &mut set);
    set_distinctiveness_facts(pair, &mut set);
    set_word_facts(pair, rarity, &mut set);
    set(
        RepeatFact::OneQuotesOtherDay,
        i32::from(quotes_other_day(a) != quotes_other_day(b)),
    );
    Some(facts)
}

/// The fact that the days of a pair show; `None` when they rule out one event.
fn admissible_day_fact(pair: &RepeatPair<'_>, may_be_mistaken: bool) -> Option<RepeatFact> {
    let a = pair.first;
    let b = pair.second;
    let day = match day_fact(a, b) {
        Some(day) => day,
        None if may_be_mistaken && days_apart(a, b) == Some(1) => RepeatFact::DayMistaken,
        None => return None,
    };
    // For the same child, an entry of a month and one of a day in it are usually two of many
    // contacts.
    let are_two_contacts = day == RepeatFact::DatesOverlap
        && pair.shares_child
        && !(a.refers_to_sibling || b.refers_to_sibling);
    (!are_two_contacts).then_some(day)
}

/// The fact that the times of day of two entries show, with its value; `None` when they rule out
/// one event.
fn admissible_time_fact(
    a: &ParsedEntry,
    b: &ParsedEntry,
    may_be_mistaken: bool,
) -> Option<(RepeatFact, i32)> {
    match a.minutes.zip(b.minutes) {
        Some((x, y)) if may_be_mistaken && x.abs_diff(y) <= MAX_MISTAKEN_MINUTES && x != y => {
            Some((RepeatFact::TimeMistaken, 1))
        }
        Some((x, y)) if x != y => None,
        Some(_) => Some((RepeatFact::SameTime, 1)),
        None => Some((RepeatFact::TimeMissing, i32::from(a.minutes != b.minutes))),
    }
}

/// Sets the facts on the children whom the entries are for.
fn set_child_facts(pair: &RepeatPair<'_>, set: &mut impl FnMut(RepeatFact, i32)) {
    set(RepeatFact::SharedChild, i32::from(pair.shares_child));
    set(RepeatFact::SameChildren, i32::from(pair.has_same_children));
    // The same words in two children's files are one account recorded in both.
    let is_for_other_children = !pair.shares_child && pair.wording != WordingMatch::Same;
    set_concern_facts(pair, is_for_other_children, set);
}

/// Sets the facts on the agency's own labels for the type of event.
fn set_type_label_facts(a: &ParsedEntry, b: &ParsedEntry, set: &mut impl FnMut(RepeatFact, i32)) {
    if let Some((x, y)) = a.type_label.zip(b.type_label) {
        set(
            if x == y {
                RepeatFact::SameTypeLabel
            } else {
                RepeatFact::OtherTypeLabel
            },
            1,
        );
    }
}

/// Sets the facts on references: to a record of a sibling, to one event, to one return.
fn set_reference_facts(
    pair: &RepeatPair<'_>,
    rarity: &RarityPoints,
    set: &mut impl FnMut(RepeatFact, i32),
) {
    let a = pair.first;
    let b = pair.second;
    set(
        RepeatFact::RefersToSibling,
        i32::from(a.refers_to_sibling || b.refers_to_sibling),
    );
    let mut common_references = intersect_sorted(&a.references, &b.references);
    let share_reference = common_references.any(|reference| rarity.identifies_event(reference));
    set(RepeatFact::Reference, i32::from(share_reference));
    set(
        RepeatFact::ReferencesDiffer,
        i32::from(pair.references_differ),
    );
    set(RepeatFact::OneReturn, i32::from(pair.is_in_one_return));
}

/// Sets the facts on how much of the wording the entries share.
fn set_word_facts(
    pair: &RepeatPair<'_>,
    rarity: &RarityPoints,
    set: &mut impl FnMut(RepeatFact, i32),
) {
    let a = pair.first;
    let b = pair.second;
    let words = rarity.common_words(a, b);
    let shorter = rarity.all_words(a).min(rarity.all_words(b));
    set(RepeatFact::Words, words.min(MAX_WORD_POINTS));
    set(
        RepeatFact::WordsOfShorter,
        100 * words.min(shorter) / shorter.max(40),
    );
    set(
        RepeatFact::Contained,
        i32::from(shorter > 0 && 10 * words >= 8 * shorter),
    );
    match pair.wording {
        WordingMatch::Same => set(RepeatFact::SameWords, 1),
        WordingMatch::Near => set(RepeatFact::NearlySameWords, 1),
        WordingMatch::ForSibling => set(RepeatFact::WordsForSibling, 1),
        WordingMatch::Other => {}
    }
}

/// Whether the text gives a date that is not the entry's own day.
fn quotes_other_day(parsed: &ParsedEntry) -> bool {
    let is_other = |quoted: &QuotedDay| parsed.day.is_some_and(|own| !quoted.could_be(own));
    parsed
        .quoted_days
        .iter()
        .any(|quoted| quoted.is_explicit && is_other(quoted))
}

/// Whether at least a third of the shorter text's words, by rarity, are in the other.
fn overlap_widely(a: &ParsedEntry, b: &ParsedEntry, rarity: &RarityPoints) -> bool {
    let words = rarity.common_words(a, b);
    let shorter = rarity.all_words(a).min(rarity.all_words(b));
    3 * words >= shorter
}

/// Sets the facts on whether entries for different children are about events of one child or of
/// several.
fn set_concern_facts(
    pair: &RepeatPair<'_>,
    is_for_other_children: bool,
    set: &mut impl FnMut(RepeatFact, i32),
) {
    let a = pair.first;
    let b = pair.second;
    let apart = is_for_other_children;
    let without_reference = apart && !a.refers_to_sibling && !b.refers_to_sibling;
    let one = a.concerns_one_child_only();
    let other = b.concerns_one_child_only();
    let both_examined = [a, b]
        .into_iter()
        .all(|parsed| parsed.acts.all.intersects(acts::SINGLE_CHILD));
    set(
        RepeatFact::SingleChildEvent,
        i32::from(without_reference && (one || other)),
    );
    set(
        RepeatFact::SingleChildEventOfBoth,
        i32::from(without_reference && (one && other || both_examined)),
    );
    set(
        RepeatFact::NoCommonConcern,
        i32::from(apart && !a.may_concern_siblings() && !b.may_concern_siblings()),
    );
    set(
        RepeatFact::EachNamesOwnChild,
        i32::from(apart && pair.each_names_own_child),
    );
    set(
        RepeatFact::SeveralChildren,
        i32::from(apart && (a.concerns_several_children || b.concerns_several_children)),
    );
}

fn days_apart(a: &ParsedEntry, b: &ParsedEntry) -> Option<i64> {
    a.day.zip(b.day).map(|(x, y)| (x - y).whole_days().abs())
}

/// Sets the facts on how much of the less distinctive text is in the other, in hundredths, and how
/// much is not.
fn set_distinctiveness_facts(pair: &RepeatPair<'_>, set: &mut impl FnMut(RepeatFact, i32)) {
    let [both, one, other] = pair.distinctiveness;
    let lesser = one.min(other);
    let share = 100 * both / lesser.max(1);
    set(RepeatFact::CommonShare, share);
    set(
        RepeatFact::CommonShareInOneReturn,
        if pair.is_in_one_return { share } else { 0 },
    );
    set(
        RepeatFact::RestOfShorter,
        ((lesser - both) / 1000).min(MAX_REST_RARITY),
    );
}

fn set_act_facts(a: &ParsedEntry, b: &ParsedEntry, set: &mut impl FnMut(RepeatFact, i32)) {
    let count = |acts: BitSet| i32::try_from(acts.indices().count()).unwrap_or(0);
    let both = a.acts.all.intersection(b.acts.all);
    let any = a.acts.all.union(b.acts.all);
    set(RepeatFact::CommonActs, 10 * count(both) / count(any).max(1));
    set(
        RepeatFact::FamilyEventShared,
        i32::from(both.intersects(acts::FAMILY_EVENTS)),
    );
    let x = a.acts.all.intersection(acts::FAMILY_EVENTS);
    let y = b.acts.all.intersection(acts::FAMILY_EVENTS);
    set(
        RepeatFact::FamilyEventsDiffer,
        i32::from(!x.is_empty() && !y.is_empty() && !x.intersects(y)),
    );
}

/// The fact that the days of two entries show; `None` when they rule out one event.
fn day_fact(a: &ParsedEntry, b: &ParsedEntry) -> Option<RepeatFact> {
    if a.span.is_some() && a.span == b.span {
        return Some(if a.day.is_some() {
            RepeatFact::SameDay
        } else {
            RepeatFact::SameSpan
        });
    }
    match day_relation(a, b) {
        DayRelation::BothQuote { is_explicit: true } if a.day == b.day => {
            Some(RepeatFact::DateQuoted)
        }
        DayRelation::QuotesOther {
            is_explicit: true, ..
        } if a.day.is_none() || b.day.is_none() => Some(RepeatFact::DateQuoted),
        DayRelation::Within(_) => Some(RepeatFact::DatesOverlap),
        _ => None,
    }
}

/// Sets the facts on numbers. They differ where each entry gives one that the other lacks: two
/// weights, marks or rooms.
fn set_number_facts(a: &ParsedEntry, b: &ParsedEntry, set: &mut impl FnMut(RepeatFact, i32)) {
    let common = intersect_sorted(&a.numbers, &b.numbers).count();
    set(
        RepeatFact::NumbersDiffer,
        i32::from(common < a.numbers.len() && common < b.numbers.len()),
    );
    set(RepeatFact::SameNumber, i32::from(common > 0));
}

fn set_kind_facts(
    a: &ParsedEntry,
    b: &ParsedEntry,
    rarity: &RarityPoints,
    set: &mut impl FnMut(RepeatFact, i32),
) {
    let both = a.kinds.intersection(b.kinds);
    set(RepeatFact::Kinds, rarity.kinds(both).min(MAX_KIND_POINTS));
    set(
        RepeatFact::LeadingKinds,
        i32::from(a.leading_kinds.intersects(b.leading_kinds)),
    );
    let x = a.kinds.intersection(kinds::INCIDENTS);
    let y = b.kinds.intersection(kinds::INCIDENTS);
    set(
        RepeatFact::IncidentsDiffer,
        i32::from(both.is_empty() && !x.is_empty() && !y.is_empty()),
    );
    set(RepeatFact::StepsDiffer, i32::from(steps_differ(a, b)));
}

/// Whether one entry begins with a step of its agency that the other does not mention, or the two
/// with different meetings.
fn steps_differ(a: &ParsedEntry, b: &ParsedEntry) -> bool {
    let is_one_sided = |one: &ParsedEntry, other: &ParsedEntry| {
        let steps = one.leading_kinds.intersection(kinds::PROCESS_STEPS);
        let meets_unnamed =
            steps.intersects(kinds::MEETINGS) && other.leading_kinds.intersects(kinds::MEETING);
        !(steps.is_empty() || steps.intersects(other.kinds) || meets_unnamed)
    };
    let x = a.leading_kinds.intersection(kinds::MEETINGS);
    let y = b.leading_kinds.intersection(kinds::MEETINGS);
    let are_two_meetings = !x.is_empty() && !y.is_empty() && !x.intersects(y);
    is_one_sided(a, b) || is_one_sided(b, a) || are_two_meetings
}

/// The score of the facts together, in points.
pub(crate) fn score(facts: &RepeatFacts) -> i32 {
    facts
        .iter()
        .zip(&WEIGHTS)
        .map(|(value, (_, weight, _))| value * weight)
        .sum::<i32>()
        / 100
}

/// The facts that speak for one event, as evidence with their points.
pub(crate) fn evidence(facts: &RepeatFacts) -> EvidenceWeights {
    let mut evidence = EvidenceWeights::new();
    for (value, (_, weight, code)) in facts.iter().zip(&WEIGHTS) {
        if let Some(code) = code.filter(|_| value * weight > 0) {
            *evidence.entry(code).or_insert(0) += value * weight / 100;
        }
    }
    evidence
}

/// Whether each entry says something that the other does not, and the two are lines of one return,
/// or about findings on two children whom they name. Two lines of a return are two events, and so
/// are findings on two children.
pub(crate) fn describes_separate_events(facts: &RepeatFacts) -> bool {
    let value = |fact: RepeatFact| facts.get(fact as usize).copied().unwrap_or_default();
    let names_each = value(RepeatFact::EachNamesOwnChild) > 0;
    let are_findings = names_each && value(RepeatFact::SingleChildEventOfBoth) > 0;
    let are_lines = value(RepeatFact::OneReturn) > 0;
    let rest = value(RepeatFact::RestOfShorter);
    are_findings && rest >= SEPARATE_FINDING_RARITY || are_lines && rest >= SEPARATE_LINE_RARITY
}

/// Whether the entries are for different children and nothing shows that the same words may be
/// about all of them.
pub(crate) fn lacks_common_concern(facts: &RepeatFacts) -> bool {
    facts
        .get(RepeatFact::NoCommonConcern as usize)
        .is_some_and(|value| *value > 0)
}
