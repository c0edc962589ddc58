//! A submission: one line of a file, which one agency sends about one child or adult.

use std::fmt;

use domain::{EntryDetails, EventDate, PersonId, Sensitive, Source};

use super::glossary::Glossary;
use crate::person::PersonFacts;

/// The data that one agency sends about one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Submission {
    /// The submission's own id.
    pub id: Option<String>,
    /// The agency, trimmed and in lower case; empty when the line does not name one.
    pub agency: String,
    /// The kind of agency, as the agency writes it.
    pub agency_kind: Option<String>,
    /// The person whom it is about.
    pub subject: Subject,
    /// Its events, in the order of the line.
    pub events: Vec<SubmittedEvent>,
}

/// The person whom a submission is about.
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    /// The agency's own id of the person's record.
    pub id: Option<String>,
    /// The agency's reference for the person, or for a case or tenancy that several people share.
    pub reference: Option<String>,
    /// The facts about the person. Their key is empty until all submissions have been read.
    pub facts: PersonFacts,
}

/// One event of a submission.
#[derive(Clone, PartialEq, Eq)]
pub struct SubmittedEvent {
    /// The event's own id within the submission.
    pub id: Option<String>,
    /// When it happened; `../2099-12-31` when no date is given or none can be read.
    pub when: EventDate,
    /// The agency's own term for the type of event; may be empty or misleading.
    pub kind: String,
    /// What happened.
    pub text: Sensitive<String>,
    /// The agency's own reference for the event.
    pub reference: Option<String>,
    /// Names or record ids of other children it concerns.
    pub also_about: Vec<Sensitive<String>>,
}

impl SubmittedEvent {
    /// Converts the event to an entry that concerns `children`, with the category that the glossary
    /// gives.
    #[must_use]
    pub fn to_entry_details(&self, children: Vec<PersonId>, glossary: &Glossary) -> EntryDetails {
        let source = Source {
            role: String::new(),
            record_system: String::new(),
        };
        let category = glossary.category_or_other(&self.kind);
        EntryDetails {
            reference: self.reference.clone(),
            ..EntryDetails::new(
                self.when.clone(),
                self.text.clone(),
                children,
                category,
                source,
            )
        }
    }
}

impl fmt::Debug for Submission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission")
            .field("id", &self.id)
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SubmittedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// An unknown date: any day up to the last one that can be written.
pub(crate) fn unknown_date() -> Option<EventDate> {
    EventDate::from_edtf("../2099-12-31").ok()
}
