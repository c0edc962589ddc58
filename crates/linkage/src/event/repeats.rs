//! What speaks for and against two entries of one agency telling one event, each for another sibling.
//!
//! Points and where they come from are those of [`super::account_weights`].

use super::acts;
use super::bits::Bits;
use super::kinds;
use super::meeting::{Meeting, meeting};
use super::rarity::{Rarity, shared};
use super::reading::Reading;
use crate::evidence::{EvidenceCode as E, Spoken};

/// How many facts are weighed.
pub(crate) const FACTS: usize = 41;

/// What is weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Bias,
    SameDay,
    SameSpan,
    DateQuoted,
    Overlap,
    SameTime,
    TimeMissing,
    SharedChild,
    SameChildren,
    OwnBusiness,
    NothingShared,
    SameType,
    OtherType,
    Kinds,
    LeadingKinds,
    IncidentsDiffer,
    StepsDiffer,
    Points,
    Reference,
    NumbersDiffer,
    SameNumber,
    Words,
    WordsOfShorter,
    SameWords,
    NearlySameWords,
    WordsForSibling,
    OneEarlier,
    Contained,
    EachOwnNamed,
    Together,
    OwnBusinessOfBoth,
    ActsAgree,
    HappeningShared,
    HappeningsDiffer,
    DaySlip,
    TimeSlip,
    TellingShare,
    LeftOfLesser,
    ReferencesDiffer,
    OneReturn,
    OneReturnShare,
}

/// Each fact in the order of [`Fact`]: its name, what one unit weighs, what it is in evidence.
pub(crate) const WEIGHTS: [(&str, i32, Option<E>); FACTS] = [
    ("bias", -2250, None),
    ("same day", -1883, Some(E::SameDate)),
    ("same span", 1579, Some(E::SameDate)),
    ("date quoted", -5285, Some(E::DateQuoted)),
    ("overlap", -339, Some(E::DateWithin)),
    ("same time", 988, Some(E::SameTime)),
    ("time missing", 0, None),
    ("shared child", 2156, Some(E::SharedChild)),
    ("same children", 1845, Some(E::SharedChild)),
    ("own business", -1286, None),
    ("nothing shared", -861, None),
    ("same type", 916, Some(E::SameKind)),
    ("other type", -1765, None),
    ("kinds", 0, Some(E::SameKind)),
    ("leading kinds", 0, Some(E::SameKind)),
    ("incidents differ", -89, None),
    ("steps differ", -1880, None),
    ("points", 1243, Some(E::PointsToSibling)),
    ("reference", 4423, Some(E::SameReference)),
    ("numbers differ", -2202, None),
    ("same number", 0, Some(E::RareWords)),
    ("words", 12, Some(E::RareWords)),
    ("words of the shorter", 0, Some(E::RareWords)),
    ("same words", 0, Some(E::SameWords)),
    ("nearly same words", 3316, Some(E::NearlySameWords)),
    ("words for sibling", 0, Some(E::SameWordsForSibling)),
    ("one speaks of an earlier day", 80, None),
    ("one contained in the other", 0, Some(E::RareWords)),
    ("each names its own child", -672, None),
    ("speaks of several children", 2105, None),
    ("own business of both", -1292, None),
    ("acts in common", 74, Some(E::SameKind)),
    ("happening in common", 685, Some(E::SameKind)),
    ("happenings differ", -1322, None),
    ("a slip in the day", 0, None),
    ("a slip in the time", 0, None),
    ("telling words in common", 37, Some(E::RareWords)),
    ("telling words left of the lesser", -22, None),
    ("references differ", -5104, None),
    ("in one return", -4340, None),
    ("in one return, telling words in common", 31, Some(E::RareWords)),
];

/// Under one event number a time may be wrong by so much.
const TIME_SLIP_MINUTES: u16 = 60;
/// Most that common words count, in points.
const MOST_WORDS: i32 = 120;
/// What one uncommon word that only one of two lines uses counts at least, in natural logarithms of how rare it is.
const OWN_WORD: i32 = 8;
/// The same, where each names its own child and what was found of it.
const OWN_FINDING: i32 = 2;
/// Most that words of one text alone count, in natural logarithms of how rare they are.
const MOST_LEFT: i32 = 40;
/// Most that common kinds count, in points.
const MOST_KINDS: i32 = 60;

/// How the words themselves compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verbatim {
    Same,
    Near,
    ForSibling,
    Other,
}

/// Two entries of one agency with what is known of their children.
pub(crate) struct Pair<'r> {
    pub(crate) one: &'r Reading,
    pub(crate) other: &'r Reading,
    pub(crate) share_child: bool,
    pub(crate) same_children: bool,
    /// Each text names a child of its own, and none of the other's.
    pub(crate) each_names_its_own: bool,
    /// Both stand under one event number of the agency.
    pub(crate) one_number: bool,
    /// Each has an event number of its own, and they differ.
    pub(crate) references_differ: bool,
    /// One return holds both.
    pub(crate) one_return: bool,
    /// How rare in general the words are that both use, that one uses, and that the other uses.
    pub(crate) telling: [i32; 3],
    pub(crate) verbatim: Verbatim,
}

/// The facts of a pair, each as a number; `None` when their dates or times exclude each other.
pub(crate) fn facts(pair: &Pair<'_>, rarity: &Rarity) -> Option<[i32; FACTS]> {
    let (a, b) = (pair.one, pair.other);
    let mut found = [0; FACTS];
    let mut put = |fact: Fact, value: i32| {
        if let Some(place) = found.get_mut(fact as usize) {
            *place = value;
        }
    };
    put(Fact::Bias, 1);
    let slip = pair.one_number && !pair.one_return && one_record(a, b, rarity);
    let day = match day(a, b) {
        Some(day) => day,
        None if slip && days_apart(a, b) == Some(1) => Fact::DaySlip,
        None => return None,
    };
    // For the same child a month and a day in it are two of many visits.
    if day == Fact::Overlap && pair.share_child && !(a.points || b.points) {
        return None;
    }
    put(day, 1);
    match a.minutes.zip(b.minutes) {
        Some((x, y)) if slip && x.abs_diff(y) <= TIME_SLIP_MINUTES && x != y => put(Fact::TimeSlip, 1),
        Some((x, y)) if x != y => return None,
        Some(_) => put(Fact::SameTime, 1),
        None => put(Fact::TimeMissing, i32::from(a.minutes != b.minutes)),
    }
    put(Fact::SharedChild, i32::from(pair.share_child));
    put(Fact::SameChildren, i32::from(pair.same_children));
    let points = a.points || b.points;
    // The very same words in two children's files are one account that stands in both.
    let apart = !pair.share_child && pair.verbatim != Verbatim::Same;
    whose_matter(pair, apart, &mut put);
    if let Some((x, y)) = a.own_word.zip(b.own_word) {
        put(if x == y { Fact::SameType } else { Fact::OtherType }, 1);
    }
    put(Fact::Points, i32::from(points));
    put(Fact::Reference, i32::from(shared(&a.references, &b.references).any(|one| rarity.names_event(one))));
    numbers(a, b, &mut put);
    kinds_of(a, b, rarity, &mut put);
    acts_of(a, b, &mut put);
    telling(pair, &mut put);
    put(Fact::ReferencesDiffer, i32::from(pair.references_differ));
    put(Fact::OneReturn, i32::from(pair.one_return));
    let words = rarity.common_words(a, b);
    let shorter = rarity.all_words(a).min(rarity.all_words(b));
    put(Fact::Words, words.min(MOST_WORDS));
    put(Fact::WordsOfShorter, 100 * words.min(shorter) / shorter.max(40));
    put(Fact::Contained, i32::from(shorter > 0 && 10 * words >= 8 * shorter));
    match pair.verbatim {
        Verbatim::Same => put(Fact::SameWords, 1),
        Verbatim::Near => put(Fact::NearlySameWords, 1),
        Verbatim::ForSibling => put(Fact::WordsForSibling, 1),
        Verbatim::Other => {}
    }
    let earlier =
        |reading: &Reading| reading.days.iter().any(|day| day.firm && reading.day.is_some_and(|own| !day.is(own)));
    put(Fact::OneEarlier, i32::from(earlier(a) != earlier(b)));
    Some(found)
}

/// Whether much of the shorter is in the longer.
fn one_record(a: &Reading, b: &Reading, rarity: &Rarity) -> bool {
    let (words, shorter) = (rarity.common_words(a, b), rarity.all_words(a).min(rarity.all_words(b)));
    3 * words >= shorter
}

/// Whether each of two children's entries tells what its own child went through, or what may be of both.
fn whose_matter(pair: &Pair<'_>, apart: bool, put: &mut impl FnMut(Fact, i32)) {
    let (a, b) = (pair.one, pair.other);
    let alone = apart && !a.points && !b.points;
    let (one, other) = (a.is_own_business(), b.is_own_business());
    let examined = [a, b].into_iter().all(|reading| reading.told.all.meets(acts::OF_ONE_CHILD));
    put(Fact::OwnBusiness, i32::from(alone && (one || other)));
    put(Fact::OwnBusinessOfBoth, i32::from(alone && (one && other || examined)));
    put(Fact::NothingShared, i32::from(apart && !a.may_be_shared() && !b.may_be_shared()));
    put(Fact::EachOwnNamed, i32::from(apart && pair.each_names_its_own));
    put(Fact::Together, i32::from(apart && (a.together || b.together)));
}

fn days_apart(a: &Reading, b: &Reading) -> Option<i64> {
    a.day.zip(b.day).map(|(x, y)| (x - y).whole_days().abs())
}

/// How much of what the lesser text tells stands in the other, in hundredths, and what is left of it.
fn telling(pair: &Pair<'_>, put: &mut impl FnMut(Fact, i32)) {
    let [both, one, other] = pair.telling;
    let lesser = one.min(other);
    let share = 100 * both / lesser.max(1);
    put(Fact::TellingShare, share);
    put(Fact::OneReturnShare, if pair.one_return { share } else { 0 });
    put(Fact::LeftOfLesser, ((lesser - both) / 1000).min(MOST_LEFT));
}

fn acts_of(a: &Reading, b: &Reading, put: &mut impl FnMut(Fact, i32)) {
    let count = |set: Bits| i32::try_from(set.places().count()).unwrap_or(0);
    let (both, any) = (a.told.all.and(b.told.all), a.told.all.with(b.told.all));
    put(Fact::ActsAgree, 10 * count(both) / count(any).max(1));
    put(Fact::HappeningShared, i32::from(both.meets(acts::HAPPENINGS)));
    let (x, y) = (a.told.all.and(acts::HAPPENINGS), b.told.all.and(acts::HAPPENINGS));
    put(Fact::HappeningsDiffer, i32::from(!x.is_empty() && !y.is_empty() && !x.meets(y)));
}

fn day(a: &Reading, b: &Reading) -> Option<Fact> {
    if a.span.is_some() && a.span == b.span {
        return Some(if a.day.is_some() { Fact::SameDay } else { Fact::SameSpan });
    }
    match meeting(a, b) {
        Meeting::BothQuote { firm: true } if a.day == b.day => Some(Fact::DateQuoted),
        Meeting::Quoted { firm: true, .. } if a.day.is_none() || b.day.is_none() => Some(Fact::DateQuoted),
        Meeting::Within(_) => Some(Fact::Overlap),
        _ => None,
    }
}

/// Whether each gives a number that the other lacks: two weights, two marks, two rooms.
fn numbers(a: &Reading, b: &Reading, put: &mut impl FnMut(Fact, i32)) {
    let common = shared(&a.numbers, &b.numbers).count();
    put(Fact::NumbersDiffer, i32::from(common < a.numbers.len() && common < b.numbers.len()));
    put(Fact::SameNumber, i32::from(common > 0));
}

fn kinds_of(a: &Reading, b: &Reading, rarity: &Rarity, put: &mut impl FnMut(Fact, i32)) {
    let both = a.kinds.and(b.kinds);
    put(Fact::Kinds, rarity.kinds(both).min(MOST_KINDS));
    put(Fact::LeadingKinds, i32::from(a.lead.meets(b.lead)));
    let incidents = (a.kinds.and(kinds::INCIDENTS), b.kinds.and(kinds::INCIDENTS));
    put(Fact::IncidentsDiffer, i32::from(both.is_empty() && !incidents.0.is_empty() && !incidents.1.is_empty()));
    put(Fact::StepsDiffer, i32::from(steps_differ(a, b)));
}

fn steps_differ(a: &Reading, b: &Reading) -> bool {
    let one_sided = |one: &Reading, other: &Reading| {
        let strong = one.lead.and(kinds::STEPS);
        let some_meeting = strong.meets(kinds::MEETINGS) && other.lead.meets(kinds::MEETING);
        !(strong.is_empty() || strong.meets(other.kinds) || some_meeting)
    };
    let meetings = (a.lead.and(kinds::MEETINGS), b.lead.and(kinds::MEETINGS));
    let two_meetings = !meetings.0.is_empty() && !meetings.1.is_empty() && !meetings.0.meets(meetings.1);
    one_sided(a, b) || one_sided(b, a) || two_meetings
}

/// The points of the facts together.
pub(crate) fn points(facts: &[i32; FACTS]) -> i32 {
    facts.iter().zip(&WEIGHTS).map(|(value, (_, weight, _))| value * weight).sum::<i32>() / 100
}

/// The facts that speak for one event, as evidence with their points.
pub(crate) fn evidence(facts: &[i32; FACTS]) -> Spoken {
    let mut spoken = Spoken::new();
    for (value, (_, weight, code)) in facts.iter().zip(&WEIGHTS) {
        if let Some(code) = code.filter(|_| value * weight > 0) {
            *spoken.entry(code).or_insert(0) += value * weight / 100;
        }
    }
    spoken
}

/// Whether each tells something of its own: two lines of one return, or two children's own business, each by its name. Two
/// lines of a list are two events, and so are two children's findings.
pub(crate) fn is_of_its_own(facts: &[i32; FACTS]) -> bool {
    let value = |fact: Fact| facts.get(fact as usize).copied().unwrap_or_default();
    let own_finding = value(Fact::EachOwnNamed) > 0 && value(Fact::OwnBusinessOfBoth) > 0;
    let left = value(Fact::LeftOfLesser);
    own_finding && left >= OWN_FINDING || value(Fact::OneReturn) > 0 && left >= OWN_WORD
}

/// Whether the children are other ones and nothing shows that the same words tell of both.
pub(crate) fn is_nothing_shared(facts: &[i32; FACTS]) -> bool {
    facts.get(Fact::NothingShared as usize).is_some_and(|value| *value > 0)
}
