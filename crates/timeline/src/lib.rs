//! Consolidation: every agency's entries in one order, each event once with every account, without input or output.
//!
//! Nothing is rewritten: a row is one event, its accounts stand side by side with their agencies, and every entry that
//! went in is on exactly one row. The caller has already left out what the reader may not see.

mod accounts;
mod age;
mod conflicts;
mod consolidate;
mod coverage;
mod explained;
mod filter;
mod gaps;
mod links;
mod live;
mod pointers;
mod row;

pub use age::{AgeAtEvent, age_at};
pub use conflicts::{Conflict, ConflictField};
pub use consolidate::{Consolidated, ORDERING_RULE, consolidate, consolidate_sorted};
pub use coverage::{CoverageLine, coverage_statement};
pub use explained::{AgencyNames, ExplainedEvent, ExplainedEvents, ExplainedPair, explain};
pub use filter::Filter;
pub use gaps::{AgencySilence, QuietSpell, quiet_spells, silence_by_agency};
pub use linkage::{Decided, Evidence, EvidenceCode, LinkEvidence, SortedEvents, decided_events};
pub use links::{Links, RelatedPair, SuggestedPair, Together};
pub use live::{ChildFacts, FamilyFacts, LiveEntry};
pub use row::{Account, RelatedRow, Repeat, Row, RowChild, SuggestedRow};
