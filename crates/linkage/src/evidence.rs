//! The evidence for a decision, in words that a practitioner can read.

use std::collections::BTreeMap;

use domain::{EntryId, Sensitive};
use serde::{Deserialize, Serialize};

/// The kind of a fact that speaks for or against a link.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceCode {
    /// The dates are the same.
    SameDate,
    /// One date lies within the other, which is less exact.
    DateWithin,
    /// The dates exclude each other.
    DatesDiffer,
    /// Both give the same time of day.
    SameTime,
    /// The times of day are a few minutes apart.
    TimesClose,
    /// The times of day exclude each other.
    TimesDiffer,
    /// The words are the same except for punctuation, case and spacing.
    SameWords,
    /// The words differ by no more than small typing errors or a few words left out.
    NearlySameWords,
    /// The words are the same except for the child's own name.
    SameWordsForSibling,
    /// The words differ.
    WordsDiffer,
    /// The words are too few or too general to show that two agencies recorded the same event.
    WordsTooGeneral,
    /// The same document reference is quoted.
    SameDocument,
    /// One agency's own record references differ.
    ReferencesDiffer,
    /// One agency lists the event twice in one return, for the same children and without times.
    ListedTwice,
    /// Both come from the same agency.
    SameAgency,
    /// Different agencies recorded it.
    DifferentAgencies,
    /// At least one child is concerned in both.
    SharedChild,
    /// No child is concerned in both.
    NoSharedChild,
    /// The categories differ.
    CategoriesDiffer,
    /// One says that the child was seen, the other that the child was not.
    SeenDiffers,
    /// The outcomes differ.
    OutcomesDiffer,
    /// No adult concerned in one is concerned in the other.
    AdultsDiffer,
    /// The text of one quotes the date of the other.
    DateQuoted,
    /// Both texts quote the same date.
    SameDateQuoted,
    /// Both texts show the same kind of event.
    SameKind,
    /// Both use words that are rare in this family's records.
    RareWords,
    /// Both describe the same thing, in words that few other records use.
    SharedWords,
    /// Both give the same sum, number or measurement.
    SameFigures,
    /// What was done differs: a visit and a letter, two kinds of meeting.
    KindsOfActDiffer,
    /// The dates are some days apart, and neither text names the other's day.
    DaysApart,
    /// Each records a contact of its own agency.
    OwnContacts,
    /// Other agencies have entries of their own on that day, so that the same day is weak evidence.
    BusyDay,
    /// Both quote the same reference.
    SameReference,
    /// One refers to a sibling's record for the details.
    PointsToSibling,
    /// One is an agency's own later step in response to the event of the other.
    LaterStep,
    /// The same identifier.
    SameIdentifier,
    /// Two different identifiers of one kind.
    IdentifiersDiffer,
    /// The same given and family name.
    SameName,
    /// The same given name with a different family name.
    SameGivenName,
    /// The given names differ.
    NamesDiffer,
    /// The same date of birth.
    SameBirth,
    /// The dates of birth differ.
    BirthsDiffer,
    /// The same date of birth and family name with a different given name.
    Twin,
    /// The recorded sexes differ.
    SexDiffers,
    /// One record is a child's, the other an adult's.
    KindsDiffer,
    /// A person decided that the accounts are of one event.
    DecidedSame,
    /// A person decided that the events are connected.
    DecidedRelated,
}

/// A fact that speaks for or against a link, in words.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
pub struct Evidence {
    /// The kind of fact.
    pub code: EvidenceCode,
    /// The fact in plain words. It may quote what the accounts say.
    #[schema(value_type = String, example = "Both tell of “the kitchen door kicked in”")]
    pub words: Sensitive<String>,
}

impl Evidence {
    /// A fact with the fixed sentence for its kind.
    #[must_use]
    pub fn new(code: EvidenceCode) -> Self {
        Self {
            code,
            words: Sensitive::from(code.words()),
        }
    }
}

/// A fact that speaks for or against a link, in its stored form: it refers to passages of the
/// entries and repeats none of their words, so that it discloses nothing once the entries are
/// deleted. [`describe_evidence`](crate::describe_evidence) puts it into words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LinkEvidence {
    /// The kind of fact.
    pub code: EvidenceCode,
    /// The passages of the texts that support the fact.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quotes: Vec<Quote>,
    /// The entry whose day the quoted passage names, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_of: Option<EntryId>,
}

impl LinkEvidence {
    /// A fact without passages.
    #[must_use]
    pub const fn new(code: EvidenceCode) -> Self {
        Self {
            code,
            quotes: Vec::new(),
            day_of: None,
        }
    }
}

/// A passage of an entry's text (`what`), as a range of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quote {
    /// The entry.
    pub entry: EntryId,
    /// Offset of the first byte.
    pub from: u32,
    /// Offset after the last byte.
    pub until: u32,
}

/// Facts for a link, each with its weight in points; 0 for facts that decide without being weighed.
pub(crate) type EvidenceWeights = BTreeMap<EvidenceCode, i32>;

/// Adds the facts of another pair; a fact of both keeps the greater weight.
pub(crate) fn merge_evidence(evidence: &mut EvidenceWeights, added: EvidenceWeights) {
    for (code, points) in added {
        let weight = evidence.entry(code).or_insert(points);
        *weight = (*weight).max(points);
    }
}

impl EvidenceCode {
    /// The fixed sentence for this kind of fact.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::SameDate => "The dates are the same",
            Self::DateWithin => "One date lies within the other, which is less exact",
            Self::DatesDiffer => "The dates exclude each other",
            Self::SameTime => "The times of day are the same",
            Self::TimesClose => "The times of day are no more than an hour apart",
            Self::TimesDiffer => "The times of day exclude each other",
            Self::SameWords => "The words are the same",
            Self::NearlySameWords => "The words are the same except for small slips",
            Self::SameWordsForSibling => "The words are the same except for the child's own name",
            Self::WordsDiffer => "The words differ",
            Self::WordsTooGeneral => "The words are too few or too general to show a shared event",
            Self::SameDocument => "Both quote the same document reference",
            Self::ReferencesDiffer => "The agency's own record references differ",
            Self::ListedTwice => "One return lists it twice for the same children, without times",
            Self::SameAgency => "The same agency recorded it more than once",
            Self::DifferentAgencies => "Different agencies told it",
            Self::SharedChild => "The same child is concerned",
            Self::NoSharedChild => "Different children are concerned",
            Self::CategoriesDiffer => "The categories differ",
            Self::SeenDiffers => "One says the child was seen, the other that the child was not",
            Self::OutcomesDiffer => "The outcomes differ",
            Self::AdultsDiffer => "Different adults are concerned",
            Self::DateQuoted => "The text of one quotes the date of the other",
            Self::SameDateQuoted => "Both texts quote the same date",
            Self::SameKind => "Both texts show the same kind of event",
            Self::RareWords => "Both use words that are rare in this family's records",
            Self::SharedWords => "Both tell of the same thing, in words that few other records use",
            Self::SameFigures => "The same figure appears in both",
            Self::KindsOfActDiffer => "What was done differs",
            Self::DaysApart => {
                "The dates are some days apart, and neither text names the other's day"
            }
            Self::OwnContacts => "Each describes a contact of its own agency",
            Self::BusyDay => {
                "Other agencies recorded things on that day too, so that the day alone says little"
            }
            Self::SameReference => "The same reference appears in both",
            Self::PointsToSibling => "One points to a sibling's record for the rest",
            Self::LaterStep => "One is an agency's own step that follows from the other",
            Self::SameIdentifier => "An identifier is the same",
            Self::IdentifiersDiffer => "An identifier of the same kind differs",
            Self::SameName => "The given and family names are the same",
            Self::SameGivenName => "The given names are the same, the family names differ",
            Self::NamesDiffer => "The given names differ",
            Self::SameBirth => "The dates of birth are the same",
            Self::BirthsDiffer => "The dates of birth differ",
            Self::Twin => {
                "Same birthday and family name with another given name: a twin, not the same child"
            }
            Self::SexDiffers => "The recorded sexes differ",
            Self::KindsDiffer => "One record is a child's, the other an adult's",
            Self::DecidedSame => "A person decided that they describe one event",
            Self::DecidedRelated => "A person decided that they are related",
        }
    }
}
