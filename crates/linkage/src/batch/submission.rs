//! One line of a file of submissions: what one agency sends about one child or adult.

use std::fmt;

use domain::{EntryDetails, EventDate, Handling, PersonId, Sensitive, Significance, Source};

use super::glossary::Glossary;
use crate::person::PersonFacts;

/// What one agency sends about one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Submission {
    /// The submission's own id.
    pub id: Option<String>,
    /// The agency, trimmed and in small letters; empty when it is not said.
    pub agency: String,
    /// What kind of agency, in its own word.
    pub agency_kind: Option<String>,
    /// Whom it is about.
    pub subject: Subject,
    /// Its events, in the order in which they stand.
    pub events: Vec<Event>,
}

/// Whom a submission is about.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    /// What the agency calls the person's record.
    pub id: Option<String>,
    /// A reference of the agency: of the person, or of a case or tenancy that several people share.
    pub reference: Option<String>,
    /// What is known of the person. The key is empty until all submissions are known.
    pub facts: PersonFacts,
}

/// One event of a submission.
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    /// The event's own id within the submission.
    pub id: Option<String>,
    /// When it happened; `../2099-12-31` when that is not said or not understood.
    pub when: EventDate,
    /// The agency's own word for the type; may be empty, may mislead.
    pub kind: String,
    /// What happened.
    pub text: Sensitive<String>,
    /// The agency's own reference of the event.
    pub reference: Option<String>,
    /// Names or record ids of other children it concerns.
    pub also_about: Vec<Sensitive<String>>,
}

impl Event {
    /// The event as an entry that concerns `children`, sorted into a category by the glossary.
    #[must_use]
    pub fn details(&self, children: Vec<PersonId>, glossary: &Glossary) -> EntryDetails {
        EntryDetails {
            reference: self.reference.clone(),
            when: self.when.clone(),
            what: self.text.clone(),
            category: glossary.category_or_other(&self.kind),
            source: Source { role: String::new(), record_system: String::new() },
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

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission").field("id", &self.id).field("events", &self.events.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A date that is not known at all: any day until the last that can be written.
pub(crate) fn undated() -> Option<EventDate> {
    EventDate::from_edtf("../2099-12-31").ok()
}
