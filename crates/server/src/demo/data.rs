//! The demonstration data, which is written in TOML files that can be read like a story.

use std::collections::BTreeSet;

use anyhow::Context as _;
use domain::{
    AdultRole, Category, DeclineReason, LawfulBasis, Marking, NoConsentReason, NoIdentifierReason,
    PersonKind, Purpose, Rag, RelationshipKind, Role, SeenStatus, Sensitive, Sex, Significance,
};
use serde::Deserialize;
use service::InvolvementStatus;

const PRACTITIONERS: &str = include_str!("practitioners.toml");
const FAMILIES: &[(&str, &str)] = &[
    ("tennick", include_str!("tennick.toml")),
    ("okell", include_str!("okell.toml")),
    ("pellow", include_str!("pellow.toml")),
    ("aldersea", include_str!("aldersea.toml")),
    ("strand", include_str!("strand.toml")),
    ("iveson", include_str!("iveson.toml")),
    ("halloran", include_str!("halloran.toml")),
];

/// All demonstration data.
pub(super) struct DemoData {
    pub(super) practitioners: Vec<PractitionerData>,
    pub(super) families: Vec<FamilyData>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PractitionersFile {
    practitioners: Vec<PractitionerData>,
}

/// A practitioner.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PractitionerData {
    pub(super) login: String,
    pub(super) name: String,
    pub(super) job_title: String,
    pub(super) agency: String,
    pub(super) roles: BTreeSet<Role>,
    #[serde(default)]
    pub(super) offence_data: bool,
}

/// A family, its chronologies and the agencies' responses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FamilyData {
    pub(super) label: String,
    pub(super) recorded: String,
    pub(super) recorded_by: String,
    pub(super) people: Vec<PersonData>,
    #[serde(default)]
    pub(super) relationships: Vec<RelationshipData>,
    #[serde(default)]
    pub(super) households: Vec<HouseholdData>,
    #[serde(default)]
    pub(super) chronologies: Vec<ChronologyData>,
    #[serde(default)]
    pub(super) returns: Vec<ReturnData>,
}

/// A child or an adult.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonData {
    pub(super) key: String,
    pub(super) kind: PersonKind,
    pub(super) given: String,
    pub(super) family: Option<String>,
    #[serde(default)]
    pub(super) known_as: Vec<String>,
    /// Former family names.
    #[serde(default)]
    pub(super) formerly: Vec<String>,
    pub(super) born: Option<String>,
    pub(super) due: Option<String>,
    pub(super) sex: Sex,
    pub(super) nhs_number: Option<String>,
    pub(super) no_nhs_number_reason: Option<NoIdentifierReason>,
    pub(super) upn: Option<String>,
    #[serde(default)]
    pub(super) addresses: Vec<AddressData>,
}

/// An address.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressData {
    pub(super) lines: String,
    pub(super) postcode: Option<String>,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    #[serde(default)]
    pub(super) protected: bool,
}

/// A relationship from one person to others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RelationshipData {
    pub(super) from: String,
    pub(super) kind: RelationshipKind,
    pub(super) to: Vec<String>,
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
}

/// People who live together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HouseholdData {
    pub(super) label: String,
    pub(super) members: Vec<String>,
}

/// A chronology and the steps taken on it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChronologyData {
    pub(super) key: String,
    pub(super) owner: String,
    pub(super) purpose: Purpose,
    pub(super) question: Option<Sensitive<String>>,
    pub(super) lawful_basis: Option<LawfulBasis>,
    pub(super) no_consent_reason: Option<NoConsentReason>,
    pub(super) family_told: Option<bool>,
    pub(super) family_not_told_reason: Option<Sensitive<String>>,
    pub(super) look_back_from: Option<String>,
    pub(super) due: Option<String>,
    pub(super) expires: Option<String>,
    #[serde(default)]
    pub(super) team: Vec<String>,
    pub(super) created: String,
    pub(super) opened: Option<String>,
    #[serde(default)]
    pub(super) invitations: Vec<InvitationData>,
    /// Who read the timeline, and when.
    #[serde(default)]
    pub(super) reads: Vec<StepBy>,
    pub(super) consolidated: Option<StepBy>,
    pub(super) signed_off: Option<SignOffData>,
    pub(super) closed: Option<StepBy>,
    pub(super) held: Option<HoldData>,
}

/// A step taken by one person at one time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepBy {
    pub(super) by: String,
    pub(super) at: String,
}

/// A sign-off; with a reason, the snapshot is waived.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignOffData {
    pub(super) by: String,
    pub(super) at: String,
    pub(super) waiver_reason: Option<Sensitive<String>>,
}

/// A legal hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldData {
    pub(super) by: String,
    pub(super) at: String,
    pub(super) reason: Sensitive<String>,
    pub(super) review: String,
}

/// An invited agency.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InvitationData {
    pub(super) agency: String,
    #[serde(default)]
    pub(super) practitioners: Vec<String>,
    pub(super) due: Option<String>,
    pub(super) message: Option<Sensitive<String>>,
}

/// An agency's response to its invitation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReturnData {
    /// Absent for an advance submission.
    pub(super) chronology: Option<String>,
    pub(super) by: String,
    pub(super) at: String,
    #[serde(default)]
    pub(super) answer: AgencyResponse,
    /// The one child it is about; absent for the whole family.
    pub(super) child: Option<String>,
    /// The agency without access on whose behalf social care submits.
    pub(super) on_behalf_of: Option<String>,
    pub(super) reference: Option<String>,
    /// Why the return with the same reference is corrected.
    pub(super) correction_reason: Option<Sensitive<String>>,
    /// Expiry of an advance submission.
    pub(super) expires: Option<String>,
    pub(super) decided_by: Option<Sensitive<String>>,
    /// Why it is shared, what was searched, or why the invitation is declined.
    pub(super) reason: Option<Sensitive<String>>,
    pub(super) decline_reason: Option<DeclineReason>,
    pub(super) involvement: Option<InvolvementStatus>,
    pub(super) support: Option<Sensitive<String>>,
    pub(super) lead_professional: Option<Sensitive<String>>,
    pub(super) since: Option<String>,
    /// Record system of all entries.
    #[serde(default)]
    pub(super) system: String,
    /// Role that recorded the entries, unless an entry gives its own.
    #[serde(default)]
    pub(super) role: String,
    #[serde(default)]
    pub(super) entries: Vec<EntryData>,
}

/// How an agency responded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AgencyResponse {
    /// It submitted a return.
    #[default]
    Submitted,
    /// It submitted a nil return.
    NilReturn,
    /// It declined.
    Declined,
    /// It has not responded yet: a return is being drafted.
    Drafting,
    /// It has not responded yet: somebody viewed the invitation.
    Viewed,
}

/// One significant event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryData {
    pub(super) when: String,
    /// The date in the agency's own words.
    pub(super) words: Option<String>,
    pub(super) category: Category,
    pub(super) what: Sensitive<String>,
    pub(super) role: Option<String>,
    /// Keys of the children; empty means all.
    #[serde(default)]
    pub(super) children: Vec<String>,
    #[serde(default)]
    pub(super) adults: Vec<AdultData>,
    pub(super) significance: Significance,
    pub(super) action: Option<Sensitive<String>>,
    pub(super) no_action: Option<Sensitive<String>>,
    pub(super) impact: Option<Sensitive<String>>,
    pub(super) voice: Option<VoiceData>,
    pub(super) account: Option<AccountData>,
    pub(super) outcome: Option<Sensitive<String>>,
    pub(super) document: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) rag: Option<Rag>,
    pub(super) seen: Option<SeenStatus>,
    pub(super) marking: Option<Marking>,
    /// Agencies that may see a restricted entry.
    #[serde(default)]
    pub(super) named: Vec<String>,
    #[serde(default)]
    pub(super) key_incident: bool,
    #[serde(default)]
    pub(super) family_history: bool,
}

/// An adult concerned.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdultData {
    pub(super) role: AdultRole,
    pub(super) person: Option<String>,
}

/// A child's voice.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VoiceData {
    pub(super) child: Option<String>,
    pub(super) words: Sensitive<String>,
}

/// The family's account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountData {
    pub(super) words: Sensitive<String>,
    #[serde(default)]
    pub(super) disputed: bool,
}

impl DemoData {
    /// Parses the data files.
    ///
    /// # Errors
    /// Fails when a file has an invalid form. The tests exclude this.
    pub(super) fn read() -> anyhow::Result<Self> {
        let people: PractitionersFile =
            toml::from_str(PRACTITIONERS).context("practitioners of the demonstration")?;
        let families = FAMILIES
            .iter()
            .map(|(name, file)| toml::from_str(file).with_context(|| format!("family {name}")));
        Ok(Self {
            practitioners: people.practitioners,
            families: families.collect::<anyhow::Result<_>>()?,
        })
    }

    /// The practitioner with this login.
    pub(super) fn practitioner(&self, login: &str) -> Option<&PractitionerData> {
        self.practitioners
            .iter()
            .find(|person| person.login == login)
    }

    /// Codes of the agencies that take part.
    pub(super) fn agencies(&self) -> impl Iterator<Item = &str> {
        let codes: BTreeSet<&str> = self
            .practitioners
            .iter()
            .map(|person| person.agency.as_str())
            .collect();
        codes.into_iter()
    }

    /// Number of entries in all returns.
    pub(super) fn entry_count(&self) -> usize {
        self.families
            .iter()
            .flat_map(|family| &family.returns)
            .map(|one| one.entries.len())
            .sum()
    }
}
