//! Same child, same family, same event: decisions that explain themselves, without input or output.
//!
//! Every decision is deterministic: the same records give the same answer in whatever order they come. When in doubt
//! records stay apart, because a wrong merge misleads and a missed one only shows a thing twice.

pub mod batch;
mod child;
mod cluster;
mod decided;
mod event;
mod evidence;
mod facts;
mod lexicon;
mod likeness;
mod missing;
mod person;
mod piles;
mod tokens;
mod union;
mod wording;

pub use child::{ChildBand, ChildDecision, same_child};
pub use cluster::{
    EventCluster, RelatedEvents, SortedEvents, SuggestedEvents, WeighedPair, cluster_events, meanings_of_accounts,
    sort_events, sort_events_by, weigh_accounts, weigh_repeats,
};
pub use decided::{Decided, decided_events};
pub use event::{EventBand, EventDecision, Frequencies, Model, same_event};
pub use evidence::{Evidence, EvidenceCode, LinkEvidence, Quote};
pub use facts::{EventFacts, FamilyNames};
pub use person::{
    AddressFacts, ChildCluster, Children, Family, PersonDecision, PersonFacts, Population, Question, Reason,
    ReasonCode, RelationFacts, blocking_keys, cluster_children, cluster_families, cluster_families_with, same_person,
};
pub use tokens::same_words;
pub use wording::{Account, in_words};
