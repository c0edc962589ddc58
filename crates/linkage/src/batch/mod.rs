//! What agencies export, read leniently and sorted into children, families and events: linkage over a whole file, for a
//! partnership's own check of its data before it goes live.
//!
//! No input or output here: lines come in as text, links go out as values. [`link`] does it all in memory; a command that
//! wants little memory reads each line twice: all lines first, for the people ([`FirstPass`]), then those of one circle of
//! families after another, for the events ([`link_circle`]). Nothing is lost: every event of every line that can be read stands on
//! exactly one row. The order of the lines plays no part.

mod circle;
mod finding;
mod first_pass;
mod glossary;
mod link;
mod links;
mod names;
mod parents;
mod people;
mod read;
mod references;
mod submission;

pub use circle::{Entry, Return, SortedReturns, sort_returns};
pub use finding::{Finding, FindingCode};
pub use first_pass::{FirstPass, Sorted};
pub use glossary::Glossary;
pub use link::{link, link_circle};
pub use links::{
    ChildOut, Counts, EvidenceOut, FORMAT, FamilyLinks, FamilyOut, Linked, Links, QuestionOut, Reasons, Related, Row,
    SubjectOut, Suggested, ToldOnce,
};
pub use names::{Member, Names};
pub use people::{Circle, Head, People, sort_people};
pub use read::read_line;
pub use submission::{Event, Subject, Submission};

/// The same number for the same text on every machine (FNV-1a, 64 bits).
#[must_use]
pub fn digest(text: &str) -> u64 {
    let fold = |digest: u64, byte: u8| (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, fold)
}
