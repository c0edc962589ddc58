//! Do two entries tell the same event?
//!
//! One agency's repeats (the same event told for each sibling) need the same date, the same or nearly the same words and
//! no contradiction. Two agencies' accounts need a shared child, compatible dates and the same or nearly the same words,
//! or a document reference in common. Recurring contacts on other days, two incidents on one day and two children's own
//! appointments stay apart.

mod accounts;
mod act_pairs;
mod acts;
mod between;
mod bits;
mod blocks;
mod clock;
mod common;
mod dates;
mod days;
mod explain;
mod family;
mod feasts;
mod features;
mod frequencies;
mod grouping;
mod kinds;
mod meeting;
mod mixing;
mod model;
mod neighbours;
mod rarity;
mod reading;
mod relative;
mod repeats;
mod shorthand;
mod signs;
mod thesaurus;
mod weighing;
mod words;

use serde::{Deserialize, Serialize};

pub(crate) use accounts::Accounts;
pub(crate) use between::between;
pub(crate) use explain::Explanation;
pub(crate) use family::Family;
pub use frequencies::Frequencies;
pub(crate) use grouping::group;
pub use model::Model;

use crate::evidence::{Evidence, EvidenceCode as E};
use crate::facts::EventFacts;
use crate::lexicon::is_joint;
use crate::likeness::{Likeness, Naming, compare};
use crate::tokens::{content, same_words};

/// Two clocks at one event are seldom set alike; further apart they show two events.
const CLOCKS_APART_MINUTES: u16 = 60;
/// A month is the widest date that words alone may tie to a day within it.
const WIDEST_FOR_WORDS_DAYS: i64 = 30;
/// A year is the widest date that a document reference may tie to a day within it.
const WIDEST_FOR_DOCUMENT_DAYS: i64 = 365;
/// Fewer words than this are too general to show that two agencies tell one event.
const TELLING_WORDS: usize = 5;
/// With the same time of day, fewer words are enough.
const TELLING_WORDS_WITH_TIME: usize = 3;
/// An agency's own contacts, appointments and services: the same template words at two agencies are two contacts.
const OWN_CONTACTS: &[&str] = &["CONTACT", "MISSED", "SUPPORT"];

/// Whether two entries tell the same event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventBand {
    /// The same event: one row.
    Match,
    /// Something points to one event, not enough to show one row: a person may look.
    Related,
    /// Two events.
    Different,
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDecision {
    /// What was decided.
    pub band: EventBand,
    /// The facts that decided it.
    pub evidence: Vec<Evidence>,
}

impl EventDecision {
    fn of(band: EventBand, codes: &[E]) -> Self {
        Self { band, evidence: codes.iter().copied().map(Evidence::of).collect() }
    }
}

/// A match before it is put into words: its reasons and how strong it is, 0 being the strongest.
pub(crate) struct Verdict {
    pub(crate) band: EventBand,
    pub(crate) codes: Vec<E>,
    pub(crate) rank: u8,
}

/// Whether two entries tell the same event. Symmetric; the entry ids play no part.
#[must_use]
pub fn same_event(a: &EventFacts<'_>, b: &EventFacts<'_>) -> EventDecision {
    let verdict = judge(a, b);
    EventDecision::of(verdict.band, &verdict.codes)
}

pub(crate) fn judge(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Verdict {
    if let Some(against) = contradiction(a, b) {
        return Verdict { band: EventBand::Different, codes: vec![against], rank: u8::MAX };
    }
    if a.agency == b.agency { judge_repeat(a, b) } else { judge_accounts(a, b) }
}

/// What makes it impossible that both tell one event, whatever their words.
pub(crate) fn contradiction(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Option<E> {
    if a.agency == b.agency { repeat_contradiction(a, b) } else { accounts_contradiction(a, b) }
}

fn repeat_contradiction(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Option<E> {
    let listed_together = a.fragment == b.fragment && a.children() == b.children();
    let references = a.reference().zip(b.reference());
    let checks = [
        (a.details.when.edtf() != b.details.when.edtf() && !differ_in_time_only(a, b), E::DatesDiffer),
        (differ(a.minutes(), b.minutes()), E::TimesDiffer),
        (differ(a.was_seen(), b.was_seen()), E::SeenDiffers),
        (outcomes_differ(a, b), E::OutcomesDiffer),
        (adults_differ(a, b), E::AdultsDiffer),
        (a.shares_child(b) && references.is_some_and(|(x, y)| x != y), E::ReferencesDiffer),
        (listed_together && (a.minutes().is_none() || b.minutes().is_none()) && !same_text(a, b), E::ListedTwice),
    ];
    checks.into_iter().find_map(|(holds, code)| holds.then_some(code))
}

fn same_text(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    a.words() == b.words() && (!a.words().is_empty() || a.details.what == b.details.what)
}

fn accounts_contradiction(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Option<E> {
    let far = a.minutes().zip(b.minutes()).is_some_and(|(x, y)| x.abs_diff(y) > CLOCKS_APART_MINUTES);
    let checks = [
        (!(within(a, b) || within(b, a)), E::DatesDiffer),
        (far && a.width() == 0 && b.width() == 0, E::TimesDiffer),
        (adults_differ(a, b), E::AdultsDiffer),
    ];
    checks.into_iter().find_map(|(holds, code)| holds.then_some(code))
}

fn judge_repeat(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Verdict {
    let plain = likeness(a, b, false);
    let apart = !a.shares_child(b);
    let like = if apart && plain != Likeness::Same { plain.min(likeness(a, b, true)) } else { plain };
    let mut codes = vec![E::SameAgency, E::SameDate];
    codes.extend(same_time(a, b).then_some(E::SameTime));
    match like {
        Likeness::Unlike => {
            let same_record = a.reference().is_some() && a.reference() == b.reference();
            let band = if same_record { EventBand::Related } else { EventBand::Different };
            Verdict { band, codes: vec![E::WordsDiffer], rank: u8::MAX }
        }
        like => {
            codes.push(words_code(like, plain));
            Verdict { band: EventBand::Match, codes, rank: rank(a, b, like) }
        }
    }
}

fn judge_accounts(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Verdict {
    let like = likeness(a, b, false);
    let document = a.document().is_some() && a.document() == b.document();
    let width = a.width().max(b.width());
    let mut codes = vec![E::DifferentAgencies];
    codes.push(if a.span() == b.span() { E::SameDate } else { E::DateWithin });
    codes.extend(time_code(a, b));
    codes.push(if a.shares_child(b) { E::SharedChild } else { E::NoSharedChild });
    codes.extend(document.then_some(E::SameDocument));
    codes.push(words_code(like, like));
    let by_words = like != Likeness::Unlike && width <= WIDEST_FOR_WORDS_DAYS;
    let by_document = document && width <= WIDEST_FOR_DOCUMENT_DAYS;
    let telling = telling(a, b);
    codes.extend((by_words && !telling).then_some(E::WordsTooGeneral));
    let band = if a.shares_child(b) && (by_document || (by_words && telling)) {
        EventBand::Match
    } else if document || like == Likeness::Same {
        EventBand::Related
    } else {
        EventBand::Different
    };
    let rank = if band == EventBand::Match { rank(a, b, like) } else { u8::MAX };
    Verdict { band, codes, rank }
}

/// Whether the words alone can show that two agencies tell one event.
fn telling(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    let shorter = a.words().len().min(b.words().len());
    let joint = is_joint(a.words()) && is_joint(b.words());
    if same_time(a, b) || joint {
        return shorter >= TELLING_WORDS_WITH_TIME;
    }
    shorter >= TELLING_WORDS && !OWN_CONTACTS.contains(&a.details.category.as_str())
}

fn likeness(a: &EventFacts<'_>, b: &EventFacts<'_>, siblings: bool) -> Likeness {
    if a.words().is_empty() {
        let same = same_words(a.details.what.as_str(), b.details.what.as_str());
        return if same { Likeness::Same } else { Likeness::Unlike };
    }
    let is_name = |word: &str| a.names.contains(word);
    let own = siblings.then(|| (a.own_names(), b.own_names()));
    compare(a.words(), b.words(), Naming { is_name: &is_name, own })
}

/// How strong a match is: the same words before nearly the same, times that agree before one that is missing.
fn rank(a: &EventFacts<'_>, b: &EventFacts<'_>, like: Likeness) -> u8 {
    let words = match like {
        Likeness::Same => 0,
        Likeness::Near => 8,
        Likeness::Unlike => 16,
    };
    let time = if a.minutes() == b.minutes() { 0 } else { 2 };
    let date = if a.span() == b.span() { 0 } else { 4 };
    words + time + date
}

const fn words_code(like: Likeness, plain: Likeness) -> E {
    match (like, plain) {
        (Likeness::Unlike, _) => E::WordsDiffer,
        (Likeness::Same, Likeness::Same) => E::SameWords,
        (Likeness::Near, Likeness::Near) => E::NearlySameWords,
        _ => E::SameWordsForSibling,
    }
}

fn same_time(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    a.minutes().is_some() && a.minutes() == b.minutes()
}

fn time_code(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Option<E> {
    a.minutes().zip(b.minutes()).map(|(x, y)| if x == y { E::SameTime } else { E::TimesClose })
}

fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    one.zip(other).is_some_and(|(x, y)| x != y)
}

fn differ_in_time_only(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    let untimed = |facts: &EventFacts<'_>| facts.details.when.edtf().split('T').next().map(str::to_owned);
    a.span() == b.span() && a.width() == 0 && untimed(a) == untimed(b)
}

/// Whether `inner` lies within `outer`.
fn within(inner: &EventFacts<'_>, outer: &EventFacts<'_>) -> bool {
    outer.span().0 <= inner.span().0 && inner.span().1 <= outer.span().1
}

fn outcomes_differ(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    let is_name = |word: &str| a.names.contains(word);
    a.outcome().zip(b.outcome()).is_some_and(|(x, y)| {
        let (x, y) = (content(x), content(y));
        let own = (!a.shares_child(b)).then(|| (a.own_names(), b.own_names()));
        compare(&x, &y, Naming { is_name: &is_name, own }) == Likeness::Unlike
    })
}

fn adults_differ(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    let (a, b) = (a.adults(), b.adults());
    let shared = a
        .iter()
        .any(|(person, role)| b.iter().any(|(other, part)| role == part || (person.is_some() && person == other)));
    !a.is_empty() && !b.is_empty() && !shared
}
