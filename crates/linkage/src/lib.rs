//! Same child, same family, same event: decisions that explain themselves, without input or output.
//!
//! Every decision is deterministic: the same records give the same answer in whatever order they come. When in doubt
//! records stay apart, because a wrong merge misleads and a missed one only shows a thing twice.

mod child;
mod cluster;
mod event;
mod evidence;
mod facts;
mod lexicon;
mod likeness;
mod piles;
mod tokens;
mod union;

pub use child::{ChildBand, ChildDecision, same_child};
pub use cluster::{EventCluster, cluster_events};
pub use event::{EventBand, EventDecision, same_event};
pub use evidence::{Evidence, EvidenceCode};
pub use facts::{EventFacts, FamilyNames};
pub use tokens::same_words;
