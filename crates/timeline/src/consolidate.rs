//! Builds the rows of a timeline from live entries.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{BirthDate, EventDate, Instant, PersonId, Significance, SortKey, WhenOut};
use linkage::SortedEvents;
use serde::{Deserialize, Serialize};
use time::Date;

use crate::accounts::build_accounts;
use crate::age::age_at;
use crate::conflicts::find_conflicts;
use crate::cross_references::{add_cross_references, fragments_of_quoted_entries};
use crate::event_links::EventLinks;
use crate::explanations::{AgencyNames, ExplainedEvent, explain_events};
use crate::filter::TimelineFilter;
use crate::input::{ChildFacts, FamilyFacts, LiveEntry, SubmissionOrder};
use crate::row::{Row, RowChild};

/// The order of rows, in words for the header of a timeline.
pub const ORDERING_RULE: &str = "Events are in order of the earliest day on which each can have happened. \"Before\" and \"until\" a \
    date are placed at that date's last day, ahead of its other events. On one day, events with a known time come first, in order of \
    time; then events of that day without a time; then months, seasons and years that begin on it, the shorter first; then ranges; \
    then events that go on from it or came after it. A time that is not known is left empty. Where accounts of one event \
    differ, the most exact date decides. Events that are still equal are in order of submission. What the order assumes \
    of a date is written beside the event.";

/// A timeline: every event once, with all its accounts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConsolidatedTimeline {
    /// The rows that the filter selects, in order.
    pub rows: Vec<Row>,
    /// The number of rows of the reader's whole timeline, whatever the filter.
    pub row_count: u32,
    /// The number of entries of the reader's whole timeline, whatever the filter.
    pub entry_count: u32,
    /// The order of rows, in words.
    pub ordering_rule: String,
}

/// Consolidates the entries that a reader may see: links entries, folds repeats of one agency,
/// groups the accounts of one event into a row, sorts the rows and applies the filter. The result
/// depends on the set of entries, not on their order in `entries`. Takes O(n log n) time.
#[must_use]
pub fn consolidate(
    entries: Vec<LiveEntry>,
    family: &FamilyFacts,
    agencies: &AgencyNames,
    filter: &TimelineFilter,
) -> ConsolidatedTimeline {
    let sorted = EventLinks::find(&entries, family).for_entries(&entries);
    consolidate_linked(entries, &sorted, &family.children, agencies, filter)
}

/// Consolidates entries whose links are known already. `sorted` names each entry exactly once, by
/// its index in `entries`. A row may refer to a row that the filter omits.
#[must_use]
pub fn consolidate_linked(
    entries: Vec<LiveEntry>,
    sorted: &SortedEvents,
    children: &[ChildFacts],
    agencies: &AgencyNames,
    filter: &TimelineFilter,
) -> ConsolidatedTimeline {
    let entry_count = to_u32(entries.len());
    let births: Births = children
        .iter()
        .map(|child| (child.id, child.birth))
        .collect();
    let explained = explain_events(sorted, &entries, agencies);
    let fragments = fragments_of_quoted_entries(&explained, &entries);
    let mut slots: Vec<Option<LiveEntry>> = entries.into_iter().map(Some).collect();
    let events = explained.events.into_iter();
    let mut positioned: Vec<(RowPosition, Row)> = events
        .filter_map(|event| build_row(take_entries(&mut slots, &event.members), event, &births))
        .collect();
    positioned.sort_by_key(|(position, _)| *position);
    let numbered = positioned
        .into_iter()
        .zip(1..)
        .map(|((_, row), sequence)| Row { sequence, ..row });
    let mut rows: Vec<Row> = numbered.collect();
    let row_count = to_u32(rows.len());
    add_cross_references(
        &mut rows,
        explained.related,
        explained.suggested,
        &fragments,
    );
    rows.retain(|row| filter.matches(row));
    ConsolidatedTimeline {
        rows,
        row_count,
        entry_count,
        ordering_rule: ORDERING_RULE.to_owned(),
    }
}

type Births = HashMap<PersonId, Option<BirthDate>>;
/// The sort key of a row: its date, its first submission, and the position of its first entry in
/// that submission.
type RowPosition = (SortKey, Instant, SubmissionOrder);

fn take_entries(slots: &mut [Option<LiveEntry>], members: &[usize]) -> Vec<LiveEntry> {
    members
        .iter()
        .filter_map(|&index| slots.get_mut(index).and_then(Option::take))
        .collect()
}

/// Builds one row and its sort key. `None` without entries.
fn build_row(
    entries: Vec<LiveEntry>,
    event: ExplainedEvent,
    births: &Births,
) -> Option<(RowPosition, Row)> {
    let most_exact = entries
        .iter()
        .min_by_key(|entry| (exactness(&entry.details.when), entry.submission_order()))?;
    let when = most_exact.details.when.clone();
    let category = most_exact.details.category.clone();
    let submitted = entries.iter().map(|entry| entry.submitted_at).min()?;
    let first = entries.iter().map(LiveEntry::submission_order).min()?;
    let row = Row {
        id: event.row,
        sequence: 0,
        order_note: when.assumption().map(str::to_owned),
        children: build_row_children(&entries, &when, births),
        category,
        significance: significance(&entries),
        linked_because: event.because,
        linked_despite: event.despite,
        related: Vec::new(),
        may_be_same: Vec::new(),
        conflicts: find_conflicts(&entries),
        key_incident: entries.iter().any(|entry| entry.details.key_incident),
        family_history: entries.iter().any(|entry| entry.details.family_history),
        when: WhenOut::from(&when),
        accounts: build_accounts(entries),
        quoted: BTreeMap::new(),
    };
    Some(((when.sort_key(), submitted, first), row))
}

/// A sort key that puts the most exact date first: fewest days, no qualification, a known time,
/// then the order of dates.
fn exactness(when: &EventDate) -> (i64, bool, bool, SortKey) {
    let days = (when.latest() - when.earliest()).whole_days();
    (
        days,
        when.is_approximate() || when.is_uncertain(),
        when.time().is_none(),
        when.sort_key(),
    )
}

/// The children whom the entries concern, the eldest first, children without a date of birth last.
fn build_row_children(entries: &[LiveEntry], when: &EventDate, births: &Births) -> Vec<RowChild> {
    let concerned: BTreeSet<PersonId> = entries
        .iter()
        .flat_map(|entry| entry.details.children.iter().copied())
        .collect();
    let birth = |id: PersonId| births.get(&id).copied().flatten();
    let born = |id: PersonId| birth(id).map_or(Date::MAX, |birth| birth.date);
    let mut concerned: Vec<PersonId> = concerned.into_iter().collect();
    concerned.sort_by_key(|&id| (born(id), id));
    let child = |id| RowChild {
        id,
        age_at_event: birth(id).and_then(|birth| age_at(birth, when)),
    };
    concerned.into_iter().map(child).collect()
}

fn significance(entries: &[LiveEntry]) -> Significance {
    let any = |wanted: &[Significance]| {
        entries
            .iter()
            .any(|entry| wanted.contains(&entry.details.significance))
    };
    let strength = any(&[Significance::Strength, Significance::Both]);
    let risk = any(&[Significance::Risk, Significance::Both]);
    match (strength, risk) {
        (true, true) => Significance::Both,
        (true, false) => Significance::Strength,
        (false, true) => Significance::Risk,
        (false, false) => Significance::Neutral,
    }
}

fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
