//! What linkage found in a file, as it is written down. Names, dates of birth, identifiers and narrative stay in the file
//! of submissions; here are ids, dates of events and reasons.

use serde::{Deserialize, Serialize};

use domain::EntryId;

use super::finding::Finding;
use crate::evidence::{Evidence, LinkEvidence};
use crate::person::Reason;
use crate::wording::{Account, in_words};

/// The name and version of the document.
pub const FORMAT: &str = "chronology-links/1";

/// How the reasons about events are put into words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reasons {
    /// In standing words, which repeat nothing of the accounts.
    #[default]
    Standing,
    /// With quotes: what is written then holds narrative.
    Quoting,
}

/// One fact that spoke for or against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EvidenceOut {
    /// What kind of fact.
    pub code: String,
    /// The fact in plain words.
    pub words: String,
    /// What it weighed, in hundredths of a bit; above zero it spoke for, below against. Absent where facts are not weighed
    /// one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
}

impl EvidenceOut {
    pub(super) fn of_people(reasons: &[Reason]) -> Vec<Self> {
        let out = |reason: &Reason| Self {
            code: code_of(&reason.code),
            words: reason.words().to_owned(),
            weight: Some(reason.weight),
        };
        reasons.iter().map(out).collect()
    }

    /// Facts about events, each once. They quote the accounts that `account` finds.
    pub(super) fn of_events<'a>(facts: &[LinkEvidence], account: &dyn Fn(EntryId) -> Option<Account<'a>>) -> Vec<Self> {
        let out = |one: Evidence| Self { code: code_of(&one.code), words: one.words.as_str().to_owned(), weight: None };
        in_words(facts, account).into_iter().map(out).collect()
    }
}

/// A code as it stands on the wire.
fn code_of(code: &impl Serialize) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// One subject of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectOut {
    /// What the submission is called.
    pub submission: String,
    /// The agency that sends it; empty when it is not said.
    pub agency: String,
    /// What the agency calls the person's record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How many events it has.
    pub events: usize,
}

/// Subjects that are one child, or one adult.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildOut {
    /// `child-…` or `adult-…`; holds within this document.
    pub id: String,
    /// The submissions about this person.
    pub submissions: Vec<String>,
    /// The same with their agencies' own ids.
    pub subjects: Vec<SubjectOut>,
    /// Why they are one; empty for a single submission.
    pub evidence: Vec<EvidenceOut>,
}

impl ChildOut {
    /// Whether it is a child's.
    #[must_use]
    pub fn is_child(&self) -> bool {
        Self::names_child(&self.id)
    }

    pub(super) fn names_child(id: &str) -> bool {
        id.starts_with("child")
    }
}

/// Children of one family. A child can stand in two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyOut {
    /// `family-…`; holds within this document.
    pub id: String,
    /// Its children.
    pub children: Vec<String>,
    /// Adults with submissions of their own whom its children name, or who name its children.
    pub adults: Vec<String>,
    /// Why they are together; empty for one child.
    pub evidence: Vec<EvidenceOut>,
}

/// A pair for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionOut {
    /// What is asked: `same_person`.
    pub about: String,
    /// The question.
    pub words: String,
    /// The two submissions.
    pub submissions: [String; 2],
    /// The two people they are counted as now.
    pub people: [String; 2],
    /// What speaks for and against.
    pub evidence: Vec<EvidenceOut>,
}

/// One event with every account of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// `row-…`; holds within this document.
    pub id: String,
    /// Every entry that tells it, as "submission/event".
    pub entries: Vec<String>,
    /// The children it names.
    pub children: Vec<String>,
    /// The adults on whose own records it stands.
    pub adults: Vec<String>,
    /// Its dates as EDTF, each once; none for an event without a date.
    pub when: Vec<String>,
    /// Its categories after the glossary, each once.
    pub categories: Vec<String>,
    /// Why its entries are together; empty for one entry.
    pub evidence: Vec<EvidenceOut>,
    /// What spoke against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<EvidenceOut>,
}

/// Entries of one event that one agency tells several times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldOnce {
    /// The row they stand on.
    pub row: String,
    /// The agency.
    pub agency: String,
    /// The entries, two or more.
    pub entries: Vec<String>,
    /// The children the row names.
    pub children: Vec<String>,
    /// Why they are together.
    pub evidence: Vec<EvidenceOut>,
}

/// Entries of one event that several agencies tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// The row they stand on.
    pub row: String,
    /// The agencies, two or more.
    pub agencies: Vec<String>,
    /// The entries, two or more.
    pub entries: Vec<String>,
    /// The children the row names.
    pub children: Vec<String>,
    /// Why they are together.
    pub evidence: Vec<EvidenceOut>,
    /// What spoke against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<EvidenceOut>,
}

/// Two events that have to do with each other and are not one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// The two rows.
    pub rows: [String; 2],
    /// An entry of each.
    pub entries: [String; 2],
    /// Why they are shown beside each other.
    pub evidence: Vec<EvidenceOut>,
}

/// Two events that may be one: for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggested {
    /// The two rows.
    pub rows: [String; 2],
    /// The entries of each.
    pub entries: [Vec<String>; 2],
    /// What speaks for one event.
    pub evidence: Vec<EvidenceOut>,
    /// What speaks against it.
    pub against: Vec<EvidenceOut>,
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Lines that are not blank.
    pub lines: usize,
    /// Lines that could not be read.
    pub failed_lines: usize,
    /// Entries in the lines that could.
    pub entries: usize,
    /// Children.
    pub children: usize,
    /// Adults with submissions of their own.
    pub adults: usize,
    /// Families.
    pub families: usize,
    /// Rows: events, each once.
    pub rows: usize,
    /// Questions for a person.
    pub questions: usize,
    /// Pairs of rows that may be one event.
    #[serde(default)]
    pub suggested: usize,
    /// Findings.
    pub warnings: usize,
}

/// What linkage found among the events of one circle of families.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FamilyLinks {
    /// Each event once.
    pub rows: Vec<Row>,
    /// Entries that one agency tells several times.
    pub told_once: Vec<ToldOnce>,
    /// Entries that several agencies tell.
    pub linked: Vec<Linked>,
    /// Events that have to do with each other.
    pub related: Vec<Related>,
    /// Events that may be one.
    pub suggested: Vec<Suggested>,
    /// What was noticed of names.
    pub findings: Vec<Finding>,
}

/// Everything linkage found in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// [`FORMAT`].
    pub format: String,
    /// Subjects that are one child.
    pub children: Vec<ChildOut>,
    /// Subjects that are one adult.
    pub adults: Vec<ChildOut>,
    /// Families.
    pub families: Vec<FamilyOut>,
    /// What is left for a person to decide.
    pub questions: Vec<QuestionOut>,
    /// Each event once.
    pub rows: Vec<Row>,
    /// Entries that one agency tells several times.
    pub told_once: Vec<ToldOnce>,
    /// Entries that several agencies tell.
    pub linked: Vec<Linked>,
    /// Events that have to do with each other.
    pub related: Vec<Related>,
    /// Events that may be one.
    #[serde(default)]
    pub suggested: Vec<Suggested>,
    /// What is worth looking at.
    pub warnings: Vec<Finding>,
    /// Lines that could not be read.
    pub failed_lines: Vec<Finding>,
    /// How much there is of everything.
    pub counts: Counts,
}
