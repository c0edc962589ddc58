//! Where accounts of one event contradict each other. They are flagged and kept side by side; nobody decides here.

use domain::{SeenStatus, Significance};
use linkage::same_words;
use serde::{Deserialize, Serialize};

use crate::live::LiveEntry;

/// What accounts differ on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictField {
    /// The date or the time of day.
    When,
    /// Whether the child was seen.
    Seen,
    /// The outcome.
    Outcome,
    /// Whether it is a strength or a risk.
    Significance,
}

/// A contradiction between accounts of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Conflict {
    /// What they differ on.
    pub field: ConflictField,
    /// The contradiction in plain words.
    #[schema(example = "Accounts give different times of day")]
    pub words: String,
}

/// Every contradiction among the entries of one row.
pub(crate) fn conflicts(entries: &[LiveEntry]) -> Vec<Conflict> {
    let found = [
        (ConflictField::When, dates(entries)),
        (ConflictField::Seen, seen(entries)),
        (ConflictField::Outcome, outcomes(entries)),
        (ConflictField::Significance, significance(entries)),
    ];
    let conflict = |(field, words): (_, Option<&str>)| words.map(|words| Conflict { field, words: words.to_owned() });
    found.into_iter().filter_map(conflict).collect()
}

fn dates(entries: &[LiveEntry]) -> Option<&'static str> {
    let span = |entry: &LiveEntry| (entry.details.when.earliest(), entry.details.when.latest());
    let times: Vec<_> = entries.iter().filter_map(|entry| entry.details.when.time()).collect();
    let days_differ = vary(entries.iter().map(span));
    match (days_differ, vary(times.into_iter())) {
        (true, _) => Some("Accounts give different dates, or one is less exact"),
        (false, true) => Some("Accounts give different times of day"),
        (false, false) => None,
    }
}

fn seen(entries: &[LiveEntry]) -> Option<&'static str> {
    let said = entries.iter().filter_map(|entry| entry.details.seen).map(|seen| seen != SeenStatus::NotSeen);
    vary(said).then_some("One account says the child was seen, another that the child was not")
}

fn outcomes(entries: &[LiveEntry]) -> Option<&'static str> {
    let mut outcomes = entries.iter().filter_map(|entry| entry.details.outcome.as_ref());
    let first = outcomes.next()?;
    let differs = outcomes.any(|other| !same_words(first.as_str(), other.as_str()));
    differs.then_some("Accounts give different outcomes")
}

fn significance(entries: &[LiveEntry]) -> Option<&'static str> {
    let any = |wanted| entries.iter().any(|entry| entry.details.significance == wanted);
    let torn = any(Significance::Strength) && any(Significance::Risk);
    torn.then_some("One account calls it a strength, another a risk")
}

fn vary<T: PartialEq>(mut values: impl Iterator<Item = T>) -> bool {
    values.next().is_some_and(|first| values.any(|other| other != first))
}
