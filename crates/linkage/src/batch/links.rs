//! The output document: what linkage found in a file. It holds ids, dates of events and evidence;
//! names, dates of birth, identifiers and narrative stay in the file of submissions.

use serde::{Deserialize, Serialize};

use domain::EntryId;

use super::finding::Finding;
use crate::evidence::{Evidence, LinkEvidence};
use crate::person::Reason;
use crate::wording::{QuotedAccount, describe_evidence};

/// The name and version of the document.
pub const FORMAT: &str = "chronology-links/1";

/// How the evidence about events is worded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EvidenceWording {
    /// Fixed sentences, which repeat no text of the accounts.
    #[default]
    Standard,
    /// Sentences that quote the accounts: the output then contains narrative.
    Quoting,
}

/// One fact that speaks for or against a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EvidenceOut {
    /// The kind of fact.
    pub code: String,
    /// The fact in plain words.
    pub words: String,
    /// Its weight in hundredths of a bit: above zero it speaks for the link, below zero against it.
    /// Absent where facts are not weighed one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
}

impl EvidenceOut {
    /// Converts the reasons of a decision about people.
    pub(super) fn from_person_reasons(reasons: &[Reason]) -> Vec<Self> {
        let convert = |reason: &Reason| Self {
            code: wire_code(&reason.code),
            words: reason.words().to_owned(),
            weight: Some(reason.weight),
        };
        reasons.iter().map(convert).collect()
    }

    /// Converts facts about events, each once. They quote the accounts that `account` returns.
    pub(super) fn from_link_evidence<'a>(
        facts: &[LinkEvidence],
        account: &dyn Fn(EntryId) -> Option<QuotedAccount<'a>>,
    ) -> Vec<Self> {
        let convert = |fact: Evidence| Self {
            code: wire_code(&fact.code),
            words: fact.words.as_str().to_owned(),
            weight: None,
        };
        describe_evidence(facts, account)
            .into_iter()
            .map(convert)
            .collect()
    }
}

/// The serialised form of a code.
fn wire_code(code: &impl Serialize) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// The subject of one submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectOut {
    /// The submission's label.
    pub submission: String,
    /// The agency that sent it; empty when the submission does not name one.
    pub agency: String,
    /// The agency's own id of the person's record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Number of events in the submission.
    pub events: usize,
}

/// One child or one adult, with all submissions about that person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonOut {
    /// `child-…` or `adult-…`; valid within this document.
    pub id: String,
    /// Labels of the submissions about this person.
    pub submissions: Vec<String>,
    /// The same submissions with the agencies' own ids.
    pub subjects: Vec<SubjectOut>,
    /// Why they are one person; empty for a single submission.
    pub evidence: Vec<EvidenceOut>,
}

impl PersonOut {
    /// Whether the person is a child.
    #[must_use]
    pub fn is_child(&self) -> bool {
        Self::is_child_id(&self.id)
    }

    /// Whether an id of this document is a child's.
    pub(super) fn is_child_id(id: &str) -> bool {
        id.starts_with("child")
    }
}

/// One family. A child can belong to two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyOut {
    /// `family-…`; valid within this document.
    pub id: String,
    /// Ids of its children.
    pub children: Vec<String>,
    /// Ids of the adults with submissions of their own whom its children name, or who name its
    /// children.
    pub adults: Vec<String>,
    /// Why they are together; empty for one child.
    pub evidence: Vec<EvidenceOut>,
}

/// A pair of submissions about which a person has to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionOut {
    /// The subject of the question: `same_person`.
    pub about: String,
    /// The question.
    pub words: String,
    /// The two submissions.
    pub submissions: [String; 2],
    /// The two people to whom they are assigned until the question is answered.
    pub people: [String; 2],
    /// The facts for and against.
    pub evidence: Vec<EvidenceOut>,
}

/// One event with all accounts of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    /// `row-…`; valid within this document.
    pub id: String,
    /// Labels of all entries about it, as "submission/event".
    pub entries: Vec<String>,
    /// Ids of the children it concerns.
    pub children: Vec<String>,
    /// Ids of the adults on whose own records it is.
    pub adults: Vec<String>,
    /// Its dates as EDTF, each once; none for an event without a date.
    pub when: Vec<String>,
    /// Its categories according to the glossary, each once.
    pub categories: Vec<String>,
    /// Why its entries are together; empty for one entry.
    pub evidence: Vec<EvidenceOut>,
    /// The facts against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<EvidenceOut>,
}

/// Entries of one event that one agency recorded several times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyRepeats {
    /// Id of their row.
    pub row: String,
    /// The agency.
    pub agency: String,
    /// Labels of the entries, two or more.
    pub entries: Vec<String>,
    /// Ids of the children whom the row concerns.
    pub children: Vec<String>,
    /// Why they are together.
    pub evidence: Vec<EvidenceOut>,
}

/// Entries of one event that several agencies recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedAccounts {
    /// Id of their row.
    pub row: String,
    /// The agencies, two or more.
    pub agencies: Vec<String>,
    /// Labels of the entries, two or more.
    pub entries: Vec<String>,
    /// Ids of the children whom the row concerns.
    pub children: Vec<String>,
    /// Why they are together.
    pub evidence: Vec<EvidenceOut>,
    /// The facts against it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<EvidenceOut>,
}

/// Two rows whose events are connected but not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelatedRows {
    /// Ids of the two rows.
    pub rows: [String; 2],
    /// The label of one entry of each.
    pub entries: [String; 2],
    /// Why they are connected.
    pub evidence: Vec<EvidenceOut>,
}

/// Two rows that may be one event: a person decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedRows {
    /// Ids of the two rows.
    pub rows: [String; 2],
    /// Labels of the entries of each.
    pub entries: [Vec<String>; 2],
    /// The facts for one event.
    pub evidence: Vec<EvidenceOut>,
    /// The facts against it.
    pub against: Vec<EvidenceOut>,
}

/// Totals of the document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkCounts {
    /// Lines that are not blank.
    pub lines: usize,
    /// Lines that could not be read.
    pub failed_lines: usize,
    /// Entries in the lines that could be read.
    pub entries: usize,
    /// Children.
    pub children: usize,
    /// Adults with submissions of their own.
    pub adults: usize,
    /// Families.
    pub families: usize,
    /// Rows, one for each event.
    pub rows: usize,
    /// Questions for a person.
    pub questions: usize,
    /// Pairs of rows that may be one event.
    #[serde(default)]
    pub suggested: usize,
    /// Findings.
    pub warnings: usize,
}

/// What linkage found among the events of one component of families.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComponentLinks {
    /// Each event once.
    pub rows: Vec<EventRow>,
    /// Entries that one agency recorded several times.
    pub told_once: Vec<AgencyRepeats>,
    /// Events that several agencies recorded.
    pub linked: Vec<LinkedAccounts>,
    /// Rows that are connected but not the same event.
    pub related: Vec<RelatedRows>,
    /// Rows that may be one event.
    pub suggested: Vec<SuggestedRows>,
    /// Names in `also_about` that could not be resolved.
    pub findings: Vec<Finding>,
}

/// Everything that linkage found in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// [`FORMAT`].
    pub format: String,
    /// Children.
    pub children: Vec<PersonOut>,
    /// Adults with submissions of their own.
    pub adults: Vec<PersonOut>,
    /// Families.
    pub families: Vec<FamilyOut>,
    /// Pairs about which a person has to decide.
    pub questions: Vec<QuestionOut>,
    /// Each event once.
    pub rows: Vec<EventRow>,
    /// Entries that one agency recorded several times.
    pub told_once: Vec<AgencyRepeats>,
    /// Events that several agencies recorded.
    pub linked: Vec<LinkedAccounts>,
    /// Rows that are connected but not the same event.
    pub related: Vec<RelatedRows>,
    /// Rows that may be one event.
    #[serde(default)]
    pub suggested: Vec<SuggestedRows>,
    /// Findings about lines that were read.
    pub warnings: Vec<Finding>,
    /// Lines that could not be read.
    pub failed_lines: Vec<Finding>,
    /// Totals.
    pub counts: LinkCounts,
}
