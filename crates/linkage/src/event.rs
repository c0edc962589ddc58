//! Decides whether two entries are about the same event.
//!
//! Repeats by one agency, which records an event for each sibling, need the same date, the same or
//! nearly the same words and no contradiction. Accounts of two agencies need a common child,
//! compatible dates and the same or nearly the same words, or a document reference in common.
//! Recurring contacts on other days, two incidents on one day and separate appointments of two
//! children stay apart.

mod abbreviations;
mod accounts;
mod act_pairs;
mod acts;
mod bit_set;
mod block_index;
mod candidate_pairs;
mod common_words;
mod date_comparison;
mod day_relation;
mod day_words;
mod explain;
mod family_entries;
mod features;
mod grouping;
mod keywords;
mod kinds;
mod model;
mod named_days;
mod parsed_entry;
mod quoted_days;
mod quoted_times;
mod rarity;
mod rarity_weights;
mod relative_days;
mod repeats;
mod row_links;
mod sibling_references;
mod stemming;
mod synonyms;
mod vocabulary;
mod word_frequencies;

use domain::{AdultRole, PersonId};
use serde::{Deserialize, Serialize};

pub(crate) use accounts::Accounts;
pub(crate) use explain::Explanation;
pub(crate) use family_entries::FamilyEntries;
pub(crate) use grouping::group_accounts;
pub use model::EventModel;
pub(crate) use row_links::{RowLinks, find_row_links};
pub use word_frequencies::WordFrequencies;

use crate::evidence::{Evidence, EvidenceCode as E};
use crate::facts::EventFacts;
use crate::lexicon::is_joint_work;
use crate::similarity::{NameContext, Similarity, compare_texts};
use crate::tokens::{content_words, same_words};

/// Times given by two agencies for one event are at most this far apart: they are seldom recorded
/// exactly.
const MAX_MINUTES_APART: u16 = 60;
/// Words alone can match a day to a date with a span of at most a month.
const MAX_SPAN_FOR_WORDS_DAYS: i64 = 30;
/// A document reference can match a day to a date with a span of at most a year.
const MAX_SPAN_FOR_DOCUMENT_DAYS: i64 = 365;
/// Fewer content words than this are too general to show that two agencies' accounts are about one
/// event.
const MIN_WORDS: usize = 5;
/// The same for accounts with the same time of day or of joint work.
const MIN_WORDS_WITH_TIME: usize = 3;
/// Categories of an agency's own contacts, appointments and services. The same standard words at
/// two agencies are two contacts.
const OWN_CONTACT_CATEGORIES: &[&str] = &["CONTACT", "MISSED", "SUPPORT"];

/// Whether two entries are about the same event.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EventBand {
    /// The same event: one row.
    Match,
    /// Something indicates one event, but not enough to show one row. A person may decide.
    Related,
    /// Two events.
    Different,
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDecision {
    /// The decision.
    pub band: EventBand,
    /// The facts that decided it.
    pub evidence: Vec<Evidence>,
}

impl EventDecision {
    fn new(band: EventBand, codes: &[E]) -> Self {
        Self {
            band,
            evidence: codes.iter().copied().map(Evidence::new).collect(),
        }
    }
}

/// A decision before its reasons are put into words.
pub(crate) struct Verdict {
    pub(crate) band: EventBand,
    pub(crate) codes: Vec<E>,
    /// The strength of a match, 0 being the strongest.
    pub(crate) rank: u8,
}

/// Decides whether two entries are about the same event. Symmetric; the ids of the entries have no
/// influence.
#[must_use]
pub fn same_event(a: &EventFacts<'_>, b: &EventFacts<'_>) -> EventDecision {
    let verdict = decide(a, b);
    EventDecision::new(verdict.band, &verdict.codes)
}

/// Decides by wording and fields alone.
pub(crate) fn decide(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Verdict {
    if let Some(contradiction) = find_contradiction(a, b) {
        return Verdict {
            band: EventBand::Different,
            codes: vec![contradiction],
            rank: u8::MAX,
        };
    }
    if a.agency == b.agency {
        decide_repeat(a, b)
    } else {
        decide_accounts(a, b)
    }
}

/// The fact that rules out one event, whatever the words.
pub(crate) fn find_contradiction(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Option<E> {
    if a.agency == b.agency {
        find_repeat_contradiction(a, b)
    } else {
        find_account_contradiction(a, b)
    }
}

fn find_repeat_contradiction(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Option<E> {
    let listed_together = a.fragment == b.fragment && a.children() == b.children();
    let references = a.reference().zip(b.reference());
    let checks = [
        (
            a.details.when.edtf() != b.details.when.edtf() && !differ_in_time_only(a, b),
            E::DatesDiffer,
        ),
        (differ(a.minutes(), b.minutes()), E::TimesDiffer),
        (differ(a.was_seen(), b.was_seen()), E::SeenDiffers),
        (outcomes_differ(a, b), E::OutcomesDiffer),
        (adults_differ(a, b), E::AdultsDiffer),
        (
            a.shares_child(b) && references.is_some_and(|(x, y)| x != y),
            E::ReferencesDiffer,
        ),
        (
            listed_together && (a.minutes().is_none() || b.minutes().is_none()) && !same_text(a, b),
            E::ListedTwice,
        ),
    ];
    checks
        .into_iter()
        .find_map(|(holds, code)| holds.then_some(code))
}

fn same_text(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    a.words() == b.words() && (!a.words().is_empty() || a.details.what == b.details.what)
}

fn find_account_contradiction(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Option<E> {
    let times_differ = a
        .minutes()
        .zip(b.minutes())
        .is_some_and(|(x, y)| x.abs_diff(y) > MAX_MINUTES_APART);
    let both_exact = a.width() == 0 && b.width() == 0;
    let checks = [
        (!(is_within(a, b) || is_within(b, a)), E::DatesDiffer),
        (times_differ && both_exact, E::TimesDiffer),
        (adults_differ(a, b), E::AdultsDiffer),
    ];
    checks
        .into_iter()
        .find_map(|(holds, code)| holds.then_some(code))
}

fn decide_repeat(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Verdict {
    let plain = text_similarity(a, b, false);
    let are_siblings = !a.shares_child(b);
    let similarity = if are_siblings && plain != Similarity::Same {
        plain.min(text_similarity(a, b, true))
    } else {
        plain
    };
    let mut codes = vec![E::SameAgency, E::SameDate];
    codes.extend(same_time(a, b).then_some(E::SameTime));
    match similarity {
        Similarity::Different => {
            let same_record = a.reference().is_some() && a.reference() == b.reference();
            let band = if same_record {
                EventBand::Related
            } else {
                EventBand::Different
            };
            Verdict {
                band,
                codes: vec![E::WordsDiffer],
                rank: u8::MAX,
            }
        }
        similarity => {
            codes.push(words_code(similarity, plain));
            Verdict {
                band: EventBand::Match,
                codes,
                rank: rank(a, b, similarity),
            }
        }
    }
}

fn decide_accounts(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Verdict {
    let similarity = text_similarity(a, b, false);
    let same_document = a.document().is_some() && a.document() == b.document();
    let width = a.width().max(b.width());
    let mut codes = vec![E::DifferentAgencies];
    codes.push(if a.span() == b.span() {
        E::SameDate
    } else {
        E::DateWithin
    });
    codes.extend(time_code(a, b));
    codes.push(if a.shares_child(b) {
        E::SharedChild
    } else {
        E::NoSharedChild
    });
    codes.extend(same_document.then_some(E::SameDocument));
    codes.push(words_code(similarity, similarity));
    let by_words = similarity != Similarity::Different && width <= MAX_SPAN_FOR_WORDS_DAYS;
    let by_document = same_document && width <= MAX_SPAN_FOR_DOCUMENT_DAYS;
    let is_specific = are_words_specific(a, b);
    codes.extend((by_words && !is_specific).then_some(E::WordsTooGeneral));
    let band = if a.shares_child(b) && (by_document || (by_words && is_specific)) {
        EventBand::Match
    } else if same_document || similarity == Similarity::Same {
        EventBand::Related
    } else {
        EventBand::Different
    };
    let rank = if band == EventBand::Match {
        rank(a, b, similarity)
    } else {
        u8::MAX
    };
    Verdict { band, codes, rank }
}

/// Whether the words alone can show that two agencies' accounts are about one event.
fn are_words_specific(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    let shorter = a.words().len().min(b.words().len());
    let both_joint = is_joint_work(a.words()) && is_joint_work(b.words());
    if same_time(a, b) || both_joint {
        return shorter >= MIN_WORDS_WITH_TIME;
    }
    shorter >= MIN_WORDS && !OWN_CONTACT_CATEGORIES.contains(&a.details.category.as_str())
}

/// Compares two texts. With `for_siblings`, each may use the names of its own children.
fn text_similarity(a: &EventFacts<'_>, b: &EventFacts<'_>, for_siblings: bool) -> Similarity {
    if a.words().is_empty() {
        let same = same_words(a.details.what.as_str(), b.details.what.as_str());
        return if same {
            Similarity::Same
        } else {
            Similarity::Different
        };
    }
    let is_given_name = |word: &str| a.names.is_childs_given_name(word);
    let own_names = for_siblings.then(|| (a.own_names(), b.own_names()));
    compare_texts(
        a.words(),
        b.words(),
        NameContext {
            is_given_name: &is_given_name,
            own_names,
        },
    )
}

/// The strength of a match, 0 being the strongest: the same words before nearly the same ones,
/// equal times before a missing one.
fn rank(a: &EventFacts<'_>, b: &EventFacts<'_>, similarity: Similarity) -> u8 {
    let words = match similarity {
        Similarity::Same => 0,
        Similarity::Near => 8,
        Similarity::Different => 16,
    };
    let time = if a.minutes() == b.minutes() { 0 } else { 2 };
    let date = if a.span() == b.span() { 0 } else { 4 };
    words + time + date
}

/// The evidence code of a comparison; `plain` is the similarity without allowing for siblings'
/// names.
const fn words_code(similarity: Similarity, plain: Similarity) -> E {
    match (similarity, plain) {
        (Similarity::Different, _) => E::WordsDiffer,
        (Similarity::Same, Similarity::Same) => E::SameWords,
        (Similarity::Near, Similarity::Near) => E::NearlySameWords,
        _ => E::SameWordsForSibling,
    }
}

fn same_time(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    a.minutes().is_some() && a.minutes() == b.minutes()
}

fn time_code(a: &EventFacts<'_>, b: &EventFacts<'_>) -> Option<E> {
    a.minutes()
        .zip(b.minutes())
        .map(|(x, y)| if x == y { E::SameTime } else { E::TimesClose })
}

fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    one.zip(other).is_some_and(|(x, y)| x != y)
}

fn differ_in_time_only(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    let date_part = |facts: &EventFacts<'_>| {
        facts
            .details
            .when
            .edtf()
            .split('T')
            .next()
            .map(str::to_owned)
    };
    a.span() == b.span() && a.width() == 0 && date_part(a) == date_part(b)
}

/// Whether the span of `inner` is within the span of `outer`.
fn is_within(inner: &EventFacts<'_>, outer: &EventFacts<'_>) -> bool {
    outer.span().0 <= inner.span().0 && inner.span().1 <= outer.span().1
}

fn outcomes_differ(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    let is_given_name = |word: &str| a.names.is_childs_given_name(word);
    a.outcome().zip(b.outcome()).is_some_and(|(x, y)| {
        let x = content_words(x);
        let y = content_words(y);
        let own_names = (!a.shares_child(b)).then(|| (a.own_names(), b.own_names()));
        compare_texts(
            &x,
            &y,
            NameContext {
                is_given_name: &is_given_name,
                own_names,
            },
        ) == Similarity::Different
    })
}

fn adults_differ(a: &EventFacts<'_>, b: &EventFacts<'_>) -> bool {
    let a = a.adults();
    let b = b.adults();
    let is_same = |(person, role): &(Option<PersonId>, AdultRole),
                   (other, other_role): &(Option<PersonId>, AdultRole)| {
        role == other_role || (person.is_some() && person == other)
    };
    let share_adult = a
        .iter()
        .any(|adult| b.iter().any(|other| is_same(adult, other)));
    !a.is_empty() && !b.is_empty() && !share_adult
}
