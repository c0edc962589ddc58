//! Person matching: links between an agency's record of a person and that of the chronology's
//! family.

use domain::{
    Address, AgencyId, BirthDate, ChronologyId, Instant, PersonId, PersonKind, PersonLinkBand,
    PersonLinkChange, PersonLinkId, PersonLinkState, PersonLinkStep, PersonName, PersonVerdict,
    PractitionerId, Sensitive, Sex,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

/// One piece of evidence for or against a match, in words that repeat nothing of either record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonEvidenceOut {
    /// The kind of evidence; more kinds may be added.
    #[schema(example = "birth_same")]
    pub code: String,
    /// The evidence in plain words.
    #[schema(example = "The dates of birth are the same")]
    pub words: String,
    /// The weight in hundredths of a bit: positive for one person, negative against, zero for an
    /// explanation.
    #[schema(example = 950)]
    pub weight: i32,
}

/// What one side has recorded about a person. Protected addresses are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonRecordOut {
    /// The unique identifier.
    pub person_id: PersonId,
    /// The agency that recorded the person.
    pub agency_id: AgencyId,
    /// Whether the person is a child or an adult.
    pub kind: PersonKind,
    /// The name in use.
    pub name: PersonName,
    /// Other names: known-as, former and others.
    pub other_names: Vec<PersonName>,
    /// The date of birth, or the expected date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<BirthDate>,
    /// The sex as recorded.
    pub sex: Sex,
    /// The NHS number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub nhs_number: Option<Sensitive<String>>,
    /// The unique pupil number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub upn: Option<Sensitive<String>>,
    /// The addresses that are not protected, newest first.
    pub addresses: Vec<Address>,
}

/// A question for social care: whether a child that an agency wrote about is this child. Nothing
/// that the agency wrote is shown before it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonQuestionOut {
    /// The identifier, which is also that of the link that the answer creates.
    pub id: PersonLinkId,
    /// The chronology concerned.
    pub chronology_id: ChronologyId,
    /// The person as the agency recorded them.
    pub theirs: PersonRecordOut,
    /// The person as recorded in the chronology's family.
    pub ours: PersonRecordOut,
    /// The result of comparing the records.
    pub band: PersonLinkBand,
    /// The evidence for and against.
    pub evidence: Vec<PersonEvidenceOut>,
    /// When the question was raised.
    pub asked_at: Instant,
    /// When it expires.
    pub expires_at: Instant,
    /// The version of the link.
    pub version: i64,
}

/// A decision about two records, named by the question or by both people.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonDecisionIn {
    /// The question that it answers; if absent, both people are named.
    #[serde(default)]
    pub question: Option<PersonLinkId>,
    /// The person as the agency recorded them.
    #[serde(default)]
    pub their_person_id: Option<PersonId>,
    /// The person of the chronology's family.
    #[serde(default)]
    pub our_person_id: Option<PersonId>,
    /// The decision.
    pub decision: PersonVerdict,
    /// The reason; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// A request to undo the link between two records.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonLinkPatch {
    /// The new state of the link.
    pub state: PersonLinkChange,
    /// The reason; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// One event in the history of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonLinkStepOut {
    /// The kind of the event.
    pub step: PersonLinkStep,
    /// When it happened.
    pub at: Instant,
    /// The practitioner who did it; absent if it happened automatically.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PractitionerId>,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Sensitive<String>>,
}

/// A link between two records: whether they are of one person, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonLinkOut {
    /// The unique identifier.
    pub id: PersonLinkId,
    /// The chronology that the link applies to.
    pub chronology_id: ChronologyId,
    /// The person as an agency recorded them.
    pub their_person_id: PersonId,
    /// The person of the chronology's family.
    pub our_person_id: PersonId,
    /// The result of comparing the records.
    pub band: PersonLinkBand,
    /// The state of the link.
    pub state: PersonLinkState,
    /// The decision of a practitioner; absent if the result is automatic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<PersonVerdict>,
    /// The practitioner who last decided or undid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<PractitionerId>,
    /// The evidence for and against, as of the last comparison of the records.
    pub evidence: Vec<PersonEvidenceOut>,
    /// The history of the link, oldest first.
    pub steps: Vec<PersonLinkStepOut>,
    /// When it expires.
    pub expires_at: Instant,
    /// The version, as in the `ETag`.
    pub version: i64,
    /// When the question was raised or the link created.
    pub created_at: Instant,
    /// When the link was last changed.
    pub updated_at: Instant,
}
