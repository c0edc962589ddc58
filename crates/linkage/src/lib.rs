//! Decides which records are of the same child, the same family and the same event, with the
//! evidence for each decision. The crate does no input or output.
//!
//! Decisions are deterministic: the same records give the same result in any order. When in doubt,
//! records stay apart, because a wrong merge misleads, whereas a missed one only shows something
//! twice.

pub mod batch;
mod child;
mod cluster;
mod decisions;
mod event;
mod evidence;
mod exact_duplicates;
mod facts;
mod lexicon;
mod missing;
mod person;
mod similarity;
mod stable_hash;
mod tokens;
mod union;
mod wording;

pub use child::{ChildBand, ChildDecision, same_child};
pub use cluster::{
    EventCluster, RelatedEvents, SortedEvents, SuggestedEvents, WeighedPair, account_meanings,
    cluster_events, sort_events, sort_events_with, weigh_accounts, weigh_repeats,
};
pub use decisions::{LinkDecision, apply_decisions};
pub use event::{EventBand, EventDecision, EventModel, WordFrequencies, same_event};
pub use evidence::{Evidence, EvidenceCode, LinkEvidence, Quote};
pub use facts::{EventFacts, FamilyNames};
pub use person::{
    AddressFacts, ChildCluster, ChildClusters, Family, MatchQuestion, PersonDecision, PersonFacts,
    Population, Reason, ReasonCode, RelationFacts, blocking_keys, cluster_children,
    cluster_families, cluster_families_with, same_person,
};
pub use tokens::same_words;
pub use wording::{QuotedAccount, describe_evidence};
