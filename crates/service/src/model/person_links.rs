//! Who is who: an agency's record of a person beside that of the chronology's family.

use domain::{
    Address, AgencyId, BirthDate, ChronologyId, Instant, PersonId, PersonKind, PersonLinkId, PersonName,
    PractitionerId, Sensitive, Sex,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

/// What the facts say of two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonLinkBand {
    /// Plainly one person.
    Match,
    /// Perhaps one person: somebody decides.
    Possible,
    /// Two people.
    Different,
}

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonLinkState {
    /// A question that nobody has answered.
    Open,
    /// It holds: found by the facts alone, or decided.
    Standing,
    /// It was undone; the facts alone do not link the two again.
    Undone,
}

/// What somebody decides of two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonVerdict {
    /// One person.
    Same,
    /// Two people.
    Different,
}

/// One thing that happened to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonLinkStep {
    /// The facts alone linked the two.
    Found,
    /// The facts left it to somebody to decide.
    Asked,
    /// Somebody decided that they are one person.
    Same,
    /// Somebody decided that they are two people.
    Different,
    /// Somebody undid what stood.
    Undone,
}

/// One fact for or against, in words that repeat nothing of either record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonEvidenceOut {
    /// What kind of fact; more kinds may come.
    #[schema(example = "birth_same")]
    pub code: String,
    /// The fact in plain words.
    #[schema(example = "The dates of birth are the same")]
    pub words: String,
    /// What it weighed, in hundredths of a bit: above zero it spoke for one person, below against; zero explains.
    #[schema(example = 950)]
    pub weight: i32,
}

/// What one side has recorded of a person. Protected addresses are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonRecordOut {
    /// Identifier.
    pub person_id: PersonId,
    /// The agency that recorded it.
    pub agency_id: AgencyId,
    /// Child or adult.
    pub kind: PersonKind,
    /// The name in use.
    pub name: PersonName,
    /// Known-as, former and other names.
    pub other_names: Vec<PersonName>,
    /// Date of birth, or expected date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<BirthDate>,
    /// Sex as recorded.
    pub sex: Sex,
    /// NHS number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub nhs_number: Option<Sensitive<String>>,
    /// Unique pupil number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub upn: Option<Sensitive<String>>,
    /// Addresses that are not protected, newest first.
    pub addresses: Vec<Address>,
}

/// A question for social care: is the child an agency wrote about this child? Nothing of what the agency wrote is shown
/// before it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonQuestionOut {
    /// Identifier; that of the link which the answer makes.
    pub id: PersonLinkId,
    /// The chronology.
    pub chronology_id: ChronologyId,
    /// As the agency recorded the person.
    pub theirs: PersonRecordOut,
    /// As the chronology's family has them.
    pub ours: PersonRecordOut,
    /// What the facts say.
    pub band: PersonLinkBand,
    /// The facts for and against.
    pub evidence: Vec<PersonEvidenceOut>,
    /// Since when it is asked.
    pub asked_at: Instant,
    /// When it goes.
    pub expires_at: Instant,
    /// Version of the link.
    pub version: i64,
}

/// A decision on two records: by the question, or by both people.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonDecisionIn {
    /// The question it answers; without one, both people.
    #[serde(default)]
    pub question: Option<PersonLinkId>,
    /// The person as the agency recorded them.
    #[serde(default)]
    pub their_person_id: Option<PersonId>,
    /// The person of the chronology's family.
    #[serde(default)]
    pub our_person_id: Option<PersonId>,
    /// What is decided.
    pub decision: PersonVerdict,
    /// Why; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// The one thing that can be done to a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonLinkChange {
    /// Undo what stands.
    Undone,
}

/// Undoing what stands between two records.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonLinkPatch {
    /// What becomes of it.
    pub state: PersonLinkChange,
    /// Why; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub reason: Sensitive<String>,
}

/// One step in the life of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonLinkStepOut {
    /// What happened.
    pub step: PersonLinkStep,
    /// When.
    pub at: Instant,
    /// Who did it; absent when the facts alone did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PractitionerId>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Sensitive<String>>,
}

/// What is known of two records: that they are one person, or not, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonLinkOut {
    /// Identifier.
    pub id: PersonLinkId,
    /// The chronology for which it holds.
    pub chronology_id: ChronologyId,
    /// The person as an agency recorded them.
    pub their_person_id: PersonId,
    /// The person of the chronology's family.
    pub our_person_id: PersonId,
    /// What the facts say.
    pub band: PersonLinkBand,
    /// Where it stands.
    pub state: PersonLinkState,
    /// What somebody decided; absent while the facts alone speak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<PersonVerdict>,
    /// Who decided, or undid, last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<PractitionerId>,
    /// The facts for and against, as they were when the records were last compared.
    pub evidence: Vec<PersonEvidenceOut>,
    /// All that happened to it, oldest first.
    pub steps: Vec<PersonLinkStepOut>,
    /// When it goes.
    pub expires_at: Instant,
    /// Version, as in the `ETag`.
    pub version: i64,
    /// When the question was put or the link made.
    pub created_at: Instant,
    /// Last changed at.
    pub updated_at: Instant,
}
