//! Contradictions between accounts of one event. They are flagged, and the accounts are shown side
//! by side; the service does not decide between them.

use domain::{SeenStatus, Significance};
use linkage::same_words;
use serde::{Deserialize, Serialize};

use crate::input::LiveEntry;

/// The field in which accounts differ.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ConflictField {
    /// The date or the time of day.
    When,
    /// Whether the child was seen.
    Seen,
    /// The outcome.
    Outcome,
    /// Whether the event is a strength or a risk.
    Significance,
}

/// A contradiction between accounts of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Conflict {
    /// The field in which the accounts differ.
    pub field: ConflictField,
    /// The contradiction in plain words.
    #[schema(example = "Accounts give different times of day")]
    pub words: String,
}

/// Finds the contradictions between the entries of one row.
pub(crate) fn find_conflicts(entries: &[LiveEntry]) -> Vec<Conflict> {
    let found = [
        (ConflictField::When, date_conflict(entries)),
        (ConflictField::Seen, seen_conflict(entries)),
        (ConflictField::Outcome, outcome_conflict(entries)),
        (ConflictField::Significance, significance_conflict(entries)),
    ];
    let conflict = |(field, words): (_, Option<&str>)| {
        words.map(|words| Conflict {
            field,
            words: words.to_owned(),
        })
    };
    found.into_iter().filter_map(conflict).collect()
}

fn date_conflict(entries: &[LiveEntry]) -> Option<&'static str> {
    let span = |entry: &LiveEntry| (entry.details.when.earliest(), entry.details.when.latest());
    let times: Vec<_> = entries
        .iter()
        .filter_map(|entry| entry.details.when.time())
        .collect();
    let days_differ = values_differ(entries.iter().map(span));
    match (days_differ, values_differ(times.into_iter())) {
        (true, _) => Some("Accounts give different dates, or one is less exact"),
        (false, true) => Some("Accounts give different times of day"),
        (false, false) => None,
    }
}

fn seen_conflict(entries: &[LiveEntry]) -> Option<&'static str> {
    let was_seen = entries
        .iter()
        .filter_map(|entry| entry.details.seen)
        .map(|seen| seen != SeenStatus::NotSeen);
    values_differ(was_seen)
        .then_some("One account says the child was seen, another that the child was not")
}

fn outcome_conflict(entries: &[LiveEntry]) -> Option<&'static str> {
    let mut outcomes = entries
        .iter()
        .filter_map(|entry| entry.details.outcome.as_ref());
    let first = outcomes.next()?;
    let differs = outcomes.any(|other| !same_words(first.as_str(), other.as_str()));
    differs.then_some("Accounts give different outcomes")
}

fn significance_conflict(entries: &[LiveEntry]) -> Option<&'static str> {
    let any = |wanted| {
        entries
            .iter()
            .any(|entry| entry.details.significance == wanted)
    };
    let differs = any(Significance::Strength) && any(Significance::Risk);
    differs.then_some("One account calls it a strength, another a risk")
}

fn values_differ<T: PartialEq>(mut values: impl Iterator<Item = T>) -> bool {
    values
        .next()
        .is_some_and(|first| values.any(|other| other != first))
}
