//! What speaks for and against two entries of one agency telling one event, each for another sibling.
//!
//! Points and where they come from are those of [`super::account_weights`].

use super::kinds;
use super::meeting::{Meeting, meeting};
use super::rarity::{Rarity, shared};
use super::reading::Reading;
use crate::evidence::{EvidenceCode as E, Spoken};

/// How many facts are weighed.
pub(crate) const FACTS: usize = 28;

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
}

/// Each fact in the order of [`Fact`]: its name, what one unit weighs, what it is in evidence.
pub(crate) const WEIGHTS: [(&str, i32, Option<E>); FACTS] = [
    ("bias", -190, None),
    ("same day", 14, Some(E::SameDate)),
    ("same span", 21, Some(E::SameDate)),
    ("date quoted", -17, Some(E::DateQuoted)),
    ("overlap", -21, Some(E::DateWithin)),
    ("same time", 212, Some(E::SameTime)),
    ("time missing", -150, None),
    ("shared child", 98, Some(E::SharedChild)),
    ("same children", 80, Some(E::SharedChild)),
    ("own business", -558, None),
    ("nothing shared", -218, None),
    ("same type", 171, Some(E::SameKind)),
    ("other type", -74, None),
    ("kinds", 0, Some(E::SameKind)),
    ("leading kinds", 122, Some(E::SameKind)),
    ("incidents differ", -29, None),
    ("steps differ", -175, None),
    ("points", 72, Some(E::PointsToSibling)),
    ("reference", 401, Some(E::SameReference)),
    ("numbers differ", -223, None),
    ("same number", 0, Some(E::RareWords)),
    ("words", 2, Some(E::RareWords)),
    ("words of the shorter", 0, Some(E::RareWords)),
    ("same words", 137, Some(E::SameWords)),
    ("nearly same words", 201, Some(E::NearlySameWords)),
    ("words for sibling", 48, Some(E::SameWordsForSibling)),
    ("one speaks of an earlier day", 0, None),
    ("one contained in the other", 0, Some(E::RareWords)),
];

/// Most that common words count, in points.
const MOST_WORDS: i32 = 120;
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
    let day = day(a, b)?;
    // For the same child a month and a day in it are two of many visits.
    if day == Fact::Overlap && pair.share_child && !(a.points || b.points) {
        return None;
    }
    put(day, 1);
    match a.minutes.zip(b.minutes) {
        Some((x, y)) if x != y => return None,
        Some(_) => put(Fact::SameTime, 1),
        None => put(Fact::TimeMissing, i32::from(a.minutes != b.minutes)),
    }
    put(Fact::SharedChild, i32::from(pair.share_child));
    put(Fact::SameChildren, i32::from(pair.same_children));
    let points = a.points || b.points;
    put(Fact::OwnBusiness, i32::from(!pair.share_child && !points && (a.is_own_business() || b.is_own_business())));
    put(Fact::NothingShared, i32::from(!pair.share_child && !a.may_be_shared() && !b.may_be_shared()));
    if let Some((x, y)) = a.own_word.zip(b.own_word) {
        put(if x == y { Fact::SameType } else { Fact::OtherType }, 1);
    }
    put(Fact::Points, i32::from(points));
    put(Fact::Reference, i32::from(shared(&a.references, &b.references).any(|one| rarity.names_event(one))));
    numbers(a, b, &mut put);
    kinds_of(a, b, rarity, &mut put);
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
    facts.iter().zip(&WEIGHTS).map(|(value, (_, weight, _))| value * weight).sum::<i32>() / 10
}

/// The facts that speak for one event, as evidence with their points.
pub(crate) fn evidence(facts: &[i32; FACTS]) -> Spoken {
    let mut spoken = Spoken::new();
    for (value, (_, weight, code)) in facts.iter().zip(&WEIGHTS) {
        if let Some(code) = code.filter(|_| value * weight > 0) {
            *spoken.entry(code).or_insert(0) += value * weight / 10;
        }
    }
    spoken
}

/// Whether the children are other ones and each is at its own business: two appointments, two letters.
pub(crate) fn is_own_business(facts: &[i32; FACTS]) -> bool {
    facts.get(Fact::OwnBusiness as usize).is_some_and(|value| *value > 0)
}

/// Whether the children are other ones and nothing shows that the same words tell of both.
pub(crate) fn is_nothing_shared(facts: &[i32; FACTS]) -> bool {
    facts.get(Fact::NothingShared as usize).is_some_and(|value| *value > 0)
}
