//! Entries: significant events as agencies report them.

use serde::{Deserialize, Serialize};

use crate::enums::string_enum;
use crate::{AgencyId, Category, EventDate, PersonId, Sensitive};

string_enum! {
    /// What the event means for the child's safety.
    Significance {
        /// A strength or success.
        Strength = "strength",
        /// A risk or harm.
        Risk = "risk",
        /// Neither a strength nor a risk.
        Neutral = "neutral",
        /// Both a strength and a risk.
        Both = "both",
    }
}

string_enum! {
    /// The contributor's red, amber, green rating.
    Rag {
        /// Serious concern.
        Red = "red",
        /// Some concern.
        Amber = "amber",
        /// No concern.
        Green = "green",
    }
}

string_enum! {
    /// Whether the child was seen on a visit or contact.
    SeenStatus {
        /// Seen with others present.
        Seen = "seen",
        /// Seen without others present.
        SeenAlone = "seen_alone",
        /// Not seen by the practitioner.
        NotSeen = "not_seen",
    }
}

string_enum! {
    /// The role of an adult in the child's life. Fathers and male carers have values of their own,
    /// so that they are not overlooked.
    AdultRole {
        /// The child's mother.
        Mother = "mother",
        /// The child's father.
        Father = "father",
        /// A man who cares for the child and is not the father.
        MaleCarer = "male_carer",
        /// A woman who cares for the child and is not the mother.
        FemaleCarer = "female_carer",
        /// A grandparent of the child.
        Grandparent = "grandparent",
        /// Another relative of the child.
        Relative = "relative",
        /// A parent's partner who does not care for the child.
        Partner = "partner",
        /// A person who is alleged to have caused harm; never given access.
        AllegedPerpetrator = "alleged_perpetrator",
        /// Any other significant adult.
        Other = "other",
    }
}

string_enum! {
    /// Who may see an entry.
    Marking {
        /// Everyone who is entitled to the timeline.
        Normal = "normal",
        /// Professionals only: omitted from the family's copy.
        NotForFamily = "not_for_family",
        /// Only social care, the author's agency and the named agencies.
        Restricted = "restricted",
    }
}

/// Who may see an entry: a marking, and the agencies that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Handling {
    /// Who may see the entry.
    pub marking: Marking,
    /// Agencies that may see a restricted entry besides social care and the author's; empty for
    /// other markings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub named_agencies: Vec<AgencyId>,
}

impl Default for Handling {
    fn default() -> Self {
        Self {
            marking: Marking::Normal,
            named_agencies: Vec::new(),
        }
    }
}

/// The source of an agency's account. The agency itself is set by the service, never by the writer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The role that observed or recorded the event, "health visitor" for instance; 1 to 120
    /// characters.
    #[schema(min_length = 1, max_length = 120, example = "health visitor")]
    pub role: String,
    /// The record system that it is taken from; 1 to 120 characters.
    #[schema(min_length = 1, max_length = 120, example = "SystmOne")]
    pub record_system: String,
}

/// An adult whom the event concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdultConcerned {
    /// The adult's record in the family, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// The role of the adult.
    pub role: AdultRole,
}

/// The child's own words or expressed view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChildVoice {
    /// What the child said or showed; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub words: Sensitive<String>,
    /// The child whose words they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<PersonId>,
    /// The day on which the child said it, if it is not the day of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40, example = "2026-02-11")]
    pub said_on: Option<String>,
}

/// What the family says about the event. It is shown beside the agency's account and never replaces
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FamilyAccount {
    /// The family's account; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub words: Sensitive<String>,
    /// Whether the family disputes the agency's account.
    pub disputed: bool,
}

crate::entry_form! {
    stored
    /// Everything that an agency reports about one event, validated and parsed. It is sealed as a
    /// whole before it is stored. The children are sorted, and there is at least one.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct EntryDetails {}
    with { when: EventDate, handling: Handling }
}

impl EntryDetails {
    /// A neutral entry with the marking [`Marking::Normal`] and no optional field.
    #[must_use]
    pub fn new(
        when: EventDate,
        what: Sensitive<String>,
        children: Vec<PersonId>,
        category: Category,
        source: Source,
    ) -> Self {
        Self {
            reference: None,
            when,
            what,
            category,
            source,
            children,
            adults: Vec::new(),
            significance: Significance::Neutral,
            action_taken: None,
            no_action_reason: None,
            impact: None,
            child_voice: None,
            family_account: None,
            outcome: None,
            document_reference: None,
            rag: None,
            seen: None,
            handling: Handling::default(),
            key_incident: false,
            family_history: false,
        }
    }
}
