//! Linkage over a whole file of submissions, with which a partnership checks its data before it
//! goes live: reads agencies' exports leniently and sorts them into children, families and events.
//!
//! The module does no input or output: it takes lines as text and returns links as values. [`link`]
//! works in memory. A command that has to save memory reads each line twice: all lines first, for
//! the people ([`FirstPass`]), then the lines of one component of families after another, for the
//! events ([`link_component`]). No event is lost: every event of every line that can be read is on
//! exactly one row. The order of the lines does not change the result.

mod component;
mod family_adults;
mod finding;
mod first_pass;
mod glossary;
mod link;
mod links;
mod names;
mod people;
mod read;
mod references;
mod submission;

pub use component::{ComponentEntry, ComponentSubmission, SortedEntries, sort_entries};
pub use finding::{Finding, FindingCode};
pub use first_pass::{FirstPass, FirstPassResult};
pub use glossary::Glossary;
pub use link::{link, link_component};
pub use links::{
    AgencyRepeats, ComponentLinks, EventRow, EvidenceOut, EvidenceWording, FORMAT, FamilyOut,
    LinkCounts, LinkedAccounts, Links, PersonOut, QuestionOut, RelatedRows, SubjectOut,
    SuggestedRows,
};
pub use names::{ComponentMember, NameResolver};
pub use people::{FamilyComponent, SortedPeople, SubmissionHeader, sort_people};
pub use read::read_line;
pub use submission::{Subject, Submission, SubmittedEvent};

/// A hash of a text that is the same on every machine (FNV-1a, 64 bits).
#[must_use]
pub fn digest(text: &str) -> u64 {
    let fold = |digest: u64, byte: u8| (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, fold)
}
