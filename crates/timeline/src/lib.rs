//! Consolidation: the entries of all agencies in one order, each event once with all its accounts.
//! No input or output.
//!
//! Consolidation rewrites nothing. A row is one event; its accounts are shown side by side with
//! their agencies, and every entry is on exactly one row. The caller passes only entries that the
//! reader may see.

mod accounts;
mod age;
mod conflicts;
mod consolidate;
mod coverage;
mod cross_references;
mod event_links;
mod explanations;
mod filter;
mod gaps;
mod input;
mod row;

pub use age::{AgeAtEvent, age_at};
pub use conflicts::{Conflict, ConflictField};
pub use consolidate::{ConsolidatedTimeline, ORDERING_RULE, consolidate, consolidate_linked};
pub use coverage::{CoverageLine, coverage_statement};
pub use event_links::{EventLinks, LinkedEntries, RelatedPair, SuggestedPair};
pub use explanations::{
    AgencyNames, ExplainedEvent, ExplainedEvents, ExplainedPair, explain_events,
};
pub use filter::TimelineFilter;
pub use gaps::{AgencySilence, QuietSpell, quiet_spells, silence_by_agency};
pub use input::{ChildFacts, FamilyFacts, LiveEntry};
pub use linkage::{
    Evidence, EvidenceCode, LinkDecision, LinkEvidence, SortedEvents, apply_decisions,
};
pub use row::{Account, RelatedRow, Repeat, Row, RowChild, SuggestedRow};
