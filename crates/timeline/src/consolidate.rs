//! From live entries to the rows of a timeline.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{BirthDate, EventDate, Instant, PersonId, Significance, SortKey, WhenOut};
use linkage::SortedEvents;
use serde::{Deserialize, Serialize};
use time::Date;

use crate::accounts::accounts;
use crate::age::age_at;
use crate::conflicts::conflicts;
use crate::explained::{AgencyNames, ExplainedEvent, explain};
use crate::filter::Filter;
use crate::links::Links;
use crate::live::{ChildFacts, FamilyFacts, LiveEntry, SubmissionOrder};
use crate::pointers::{point, quoted_fragments};
use crate::row::{Row, RowChild};

/// How rows are ordered, in words for the timeline's header.
pub const ORDERING_RULE: &str = "Events stand in order of the earliest day each can have happened. \"Before\" and \"until\" a date \
    stand at that date's last day, ahead of its other events. On one day, events with a known time come first, in order of \
    time; then events of that day without a time; then months, seasons and years that begin on it, the shorter first; then ranges; \
    then events that go on from it or came after it. A time that is not known is left empty. Where accounts of one event \
    differ, the most exact date decides. Events that still agree stand in order of submission. What a place assumes is \
    written beside the event.";

/// A timeline: every event once, with every account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Consolidated {
    /// The rows asked for, in order.
    pub rows: Vec<Row>,
    /// How many rows the reader's whole timeline has, whatever the filter.
    pub row_count: u32,
    /// How many entries went into the reader's whole timeline, whatever the filter.
    pub entry_count: u32,
    /// How rows are ordered.
    pub ordering_rule: String,
}

/// Consolidates the entries a reader may see: repeats of one agency folded, accounts of one event side by side, rows in order,
/// then filtered. The answer depends on the set of entries, never on the order in which they come. n log n.
#[must_use]
pub fn consolidate(
    entries: Vec<LiveEntry>,
    family: &FamilyFacts,
    agencies: &AgencyNames,
    filter: &Filter,
) -> Consolidated {
    let sorted = Links::find(&entries, family).among(&entries);
    consolidate_sorted(entries, &sorted, &family.children, agencies, filter)
}

/// The same with what is known already of which entries tell one event. `sorted` names each entry, by its place in
/// `entries`, exactly once. A row that the filter leaves out may still be pointed to.
#[must_use]
pub fn consolidate_sorted(
    entries: Vec<LiveEntry>,
    sorted: &SortedEvents,
    children: &[ChildFacts],
    agencies: &AgencyNames,
    filter: &Filter,
) -> Consolidated {
    let entry_count = number(entries.len());
    let births: Births = children.iter().map(|child| (child.id, child.birth)).collect();
    let explained = explain(sorted, &entries, agencies);
    let fragments = quoted_fragments(&explained, &entries);
    let mut slots: Vec<Option<LiveEntry>> = entries.into_iter().map(Some).collect();
    let events = explained.events.into_iter();
    let mut placed: Vec<(Place, Row)> =
        events.filter_map(|event| place(take(&mut slots, &event.members), event, &births)).collect();
    placed.sort_by_key(|(place, _)| *place);
    let numbered = placed.into_iter().zip(1..).map(|((_, row), sequence)| Row { sequence, ..row });
    let mut rows: Vec<Row> = numbered.collect();
    let row_count = number(rows.len());
    point(&mut rows, explained.related, explained.suggested, &fragments);
    rows.retain(|row| filter.takes(row));
    Consolidated { rows, row_count, entry_count, ordering_rule: ORDERING_RULE.to_owned() }
}

type Births = HashMap<PersonId, Option<BirthDate>>;
/// Where a row stands: its date, then its first submission, then where its first entry stands there.
type Place = (SortKey, Instant, SubmissionOrder);

fn take(slots: &mut [Option<LiveEntry>], members: &[usize]) -> Vec<LiveEntry> {
    members.iter().filter_map(|&index| slots.get_mut(index).and_then(Option::take)).collect()
}

/// One row and its place; `None` without entries.
fn place(entries: Vec<LiveEntry>, event: ExplainedEvent, births: &Births) -> Option<(Place, Row)> {
    let leading = entries.iter().min_by_key(|entry| (exactness(&entry.details.when), entry.order()))?;
    let when = leading.details.when.clone();
    let category = leading.details.category.clone();
    let submitted = entries.iter().map(|entry| entry.submitted_at).min()?;
    let first = entries.iter().map(LiveEntry::order).min()?;
    let row = Row {
        id: event.row,
        sequence: 0,
        order_note: when.assumption().map(str::to_owned),
        children: row_children(&entries, &when, births),
        category,
        significance: significance(&entries),
        linked_because: event.because,
        linked_despite: event.despite,
        related: Vec::new(),
        may_be_same: Vec::new(),
        conflicts: conflicts(&entries),
        key_incident: entries.iter().any(|entry| entry.details.key_incident),
        family_history: entries.iter().any(|entry| entry.details.family_history),
        when: WhenOut::from(&when),
        accounts: accounts(entries),
        quoted: BTreeMap::new(),
    };
    Some(((when.sort_key(), submitted, first), row))
}

/// The most exact first: fewest days, surest, a known time, then order.
fn exactness(when: &EventDate) -> (i64, bool, bool, SortKey) {
    let days = (when.latest() - when.earliest()).whole_days();
    (days, when.is_about() || when.is_uncertain(), when.time().is_none(), when.sort_key())
}

/// Every child concerned, the eldest first, children without a date of birth last.
fn row_children(entries: &[LiveEntry], when: &EventDate, births: &Births) -> Vec<RowChild> {
    let concerned: BTreeSet<PersonId> =
        entries.iter().flat_map(|entry| entry.details.children.iter().copied()).collect();
    let birth = |id: PersonId| births.get(&id).copied().flatten();
    let born = |id: PersonId| birth(id).map_or(Date::MAX, |birth| birth.date);
    let mut concerned: Vec<PersonId> = concerned.into_iter().collect();
    concerned.sort_by_key(|&id| (born(id), id));
    let child = |id| RowChild { id, age_at_event: birth(id).and_then(|birth| age_at(birth, when)) };
    concerned.into_iter().map(child).collect()
}

fn significance(entries: &[LiveEntry]) -> Significance {
    let any = |wanted: &[Significance]| entries.iter().any(|entry| wanted.contains(&entry.details.significance));
    let strength = any(&[Significance::Strength, Significance::Both]);
    let risk = any(&[Significance::Risk, Significance::Both]);
    match (strength, risk) {
        (true, true) => Significance::Both,
        (true, false) => Significance::Strength,
        (false, true) => Significance::Risk,
        (false, false) => Significance::Neutral,
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
