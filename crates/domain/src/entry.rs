//! One significant event, as an agency tells it. `practice.md`, "Fields of an entry".

use serde::{Deserialize, Serialize};

use crate::words::closed_list;
use crate::{AgencyId, Category, EventDate, PersonId, Sensitive};

closed_list! {
    /// What the event says about the child's safety.
    Significance {
        /// A strength or success.
        Strength = "strength",
        /// A risk or harm.
        Risk = "risk",
        /// Neither.
        Neutral = "neutral",
        /// Both at once.
        Both = "both",
    }
}

closed_list! {
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

closed_list! {
    /// Whether the child was seen on a visit or contact.
    SeenStatus {
        /// Seen with others present.
        Seen = "seen",
        /// Seen alone.
        SeenAlone = "seen_alone",
        /// Not seen.
        NotSeen = "not_seen",
    }
}

closed_list! {
    /// The part an adult plays in the child's life, named as such so that fathers and male carers are not lost.
    AdultRole {
        /// Mother.
        Mother = "mother",
        /// Father.
        Father = "father",
        /// A man who cares for the child and is not the father.
        MaleCarer = "male_carer",
        /// A woman who cares for the child and is not the mother.
        FemaleCarer = "female_carer",
        /// Grandparent.
        Grandparent = "grandparent",
        /// Another relative.
        Relative = "relative",
        /// A parent's partner who does not care for the child.
        Partner = "partner",
        /// A person who is alleged to have caused harm; never a reader.
        AllegedPerpetrator = "alleged_perpetrator",
        /// Any other significant adult.
        Other = "other",
    }
}

closed_list! {
    /// Who may see an entry.
    Marking {
        /// Everyone entitled to the timeline.
        Normal = "normal",
        /// Professionals only: left out of the family's copy.
        NotForFamily = "not_for_family",
        /// Social care, the author's agency and the named agencies only.
        Restricted = "restricted",
    }
}

/// A marking with the agencies it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Handling {
    /// Who may see the entry.
    pub marking: Marking,
    /// Agencies that may see a restricted entry besides social care and the author's; empty for other markings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub named_agencies: Vec<AgencyId>,
}

impl Default for Handling {
    fn default() -> Self {
        Self { marking: Marking::Normal, named_agencies: Vec::new() }
    }
}

/// Where an agency's account comes from. The agency itself is stamped by the service and never typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The role that observed or recorded the event, "health visitor" for instance; 1 to 120 characters.
    #[schema(min_length = 1, max_length = 120, example = "health visitor")]
    pub role: String,
    /// The record system it is taken from; 1 to 120 characters.
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
    /// The part the adult plays.
    pub role: AdultRole,
}

/// The child's own words or expressed view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChildVoice {
    /// What the child said or showed; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub words: Sensitive<String>,
    /// Whose voice it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<PersonId>,
    /// The day it was said, when it differs from the event's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40, example = "2026-02-11")]
    pub said_on: Option<String>,
}

/// What the family says about the event. It stands beside the fact, never over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FamilyAccount {
    /// The family's account; 1 to 2,000 characters.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub words: Sensitive<String>,
    /// Whether the family disputes the fact.
    pub disputed: bool,
}

/// Everything an agency says about one event, checked and parsed. Sealed as a whole before it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryDetails {
    /// The agency's own record reference: a re-sent entry with the same one is an update, never a second entry.
    pub reference: Option<String>,
    /// When it happened, with its precision and the original words.
    pub when: EventDate,
    /// What happened, short and factual.
    pub what: Sensitive<String>,
    /// Category code from the partnership's list.
    pub category: Category,
    /// Role and record system.
    pub source: Source,
    /// The children it concerns, sorted; never empty once stored.
    pub children: Vec<PersonId>,
    /// Adults it concerns.
    pub adults: Vec<AdultConcerned>,
    /// Strength, risk, neutral or both.
    pub significance: Significance,
    /// What was done.
    pub action_taken: Option<Sensitive<String>>,
    /// Why nothing was done.
    pub no_action_reason: Option<Sensitive<String>>,
    /// Impact on the child.
    pub impact: Option<Sensitive<String>>,
    /// The child's voice.
    pub child_voice: Option<ChildVoice>,
    /// The family's account.
    pub family_account: Option<FamilyAccount>,
    /// Outcome.
    pub outcome: Option<Sensitive<String>>,
    /// Reference of a document in the agency's own system.
    pub document_reference: Option<String>,
    /// Red, amber or green.
    pub rag: Option<Rag>,
    /// Whether the child was seen.
    pub seen: Option<SeenStatus>,
    /// Who may see it.
    pub handling: Handling,
    /// A key incident, exempt from the look-back.
    pub key_incident: bool,
    /// Family history from before the eldest child's pregnancy.
    pub family_history: bool,
}
