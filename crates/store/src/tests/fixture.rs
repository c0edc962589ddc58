//! Rows of an invented partnership for tests.
#![allow(dead_code)]

use std::cell::Cell;
use std::collections::BTreeSet;

use domain::{
    AccessFacts, AccessPermit, Actor, AgencyId, AgencyKind, AuditId, ChronologyId, ChronologyState,
    ConsolidationId, EntryId, FamilyId, FragmentId, FragmentState, HoldId, HoldScope, Instant,
    InvitationId, InvitationState, Marking, Operation, OutboxEvent, OutboxId, OutboxSubject,
    PartnershipId, PersonId, PersonKind, PractitionerId, Purpose, Role, decide_access,
};
use uuid::Uuid;

use crate::*;

/// The instant this number of minutes after an arbitrary start.
pub(crate) fn at_minute(minutes: i64) -> Instant {
    Instant::from_micros(1_772_000_000_000_000 + minutes * 60_000_000)
}

/// The current time of a test, in minutes after the start, unless the test sets another.
pub(crate) const NOW_MINUTE: i64 = 1_000;
/// When the rows built here expire, in minutes after the start, unless a test sets another time.
pub(crate) const EXPIRY_MINUTE: i64 = 100_000;

pub(crate) fn now() -> Instant {
    at_minute(NOW_MINUTE)
}

/// Returns a new identifier, greater than all earlier ones of this thread.
pub(crate) fn next_id() -> Uuid {
    thread_local!(static NEXT: Cell<u128> = const { Cell::new(1) });
    NEXT.with(|next| {
        next.set(next.get() + 1);
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + next.get())
    })
}

pub(crate) fn sealed(text: &str) -> Sealed {
    Sealed(text.as_bytes().to_vec())
}

pub(crate) fn token(text: &str) -> Token {
    Token(text.as_bytes().to_vec())
}

/// A partnership with a social care agency, a school, and one practitioner of each. Its methods
/// build rows of the partnership.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fixture {
    pub(crate) partnership: PartnershipId,
    pub(crate) social_care: AgencyId,
    pub(crate) school: AgencyId,
    pub(crate) social_worker: PractitionerId,
    pub(crate) teacher: PractitionerId,
}

impl Fixture {
    /// Creates the partnership in the database.
    pub(crate) fn create(db: &Db, code: &str) -> Self {
        let fixture = Self {
            partnership: PartnershipId(next_id()),
            social_care: AgencyId(next_id()),
            school: AgencyId(next_id()),
            social_worker: PractitionerId(next_id()),
            teacher: PractitionerId(next_id()),
        };
        fixture.insert_into(db, code);
        fixture
    }

    /// Inserts the same partnership into another database.
    pub(crate) fn insert_into(&self, db: &Db, code: &str) {
        db.write("fixture", |tx| {
            partnerships::upsert(tx, &self.partnership_row(code))?;
            agencies::insert(
                tx,
                &self.agency(self.social_care, "care", AgencyKind::SocialCare),
            )?;
            agencies::insert(
                tx,
                &self.agency(self.school, "school", AgencyKind::Education),
            )?;
            practitioners::insert(tx, &self.practitioner(self.social_worker, self.social_care))?;
            practitioners::insert(tx, &self.practitioner(self.teacher, self.school))
        })
        .unwrap();
    }

    pub(crate) fn partnership_row(&self, code: &str) -> PartnershipRow {
        PartnershipRow {
            id: self.partnership,
            code: code.into(),
            name: "Marlshire".into(),
            created_at: at_minute(0),
        }
    }

    pub(crate) fn agency(&self, id: AgencyId, code: &str, kind: AgencyKind) -> AgencyRow {
        AgencyRow {
            id,
            partnership_id: self.partnership,
            code: code.into(),
            name: format!("{code} of Marlshire"),
            kind,
            has_access: true,
            active: true,
            version: 1,
            created_at: at_minute(0),
            updated_at: at_minute(0),
        }
    }

    pub(crate) fn practitioner(&self, id: PractitionerId, agency: AgencyId) -> PractitionerRow {
        PractitionerRow {
            id,
            partnership_id: self.partnership,
            agency_id: agency,
            subject_index: Token(id.0.as_bytes().to_vec()),
            wrapped_key: sealed("key"),
            sealed: sealed("name"),
            active: true,
            version: 1,
            created_at: at_minute(0),
            updated_at: at_minute(0),
            provisional_until: None,
        }
    }

    pub(crate) fn person(&self) -> PersonRow {
        PersonRow {
            id: PersonId(next_id()),
            partnership_id: self.partnership,
            kind: PersonKind::Child,
            created_by: self.social_worker,
            created_by_agency: self.social_care,
            expires_at: at_minute(EXPIRY_MINUTE),
            wrapped_key: sealed("key"),
            sealed: sealed("a child"),
            version: 1,
            created_at: at_minute(1),
            updated_at: at_minute(1),
        }
    }

    pub(crate) fn family(&self) -> FamilyRow {
        FamilyRow {
            id: FamilyId(next_id()),
            partnership_id: self.partnership,
            created_by: self.social_worker,
            created_by_agency: self.social_care,
            expires_at: at_minute(EXPIRY_MINUTE),
            wrapped_key: sealed("key"),
            sealed: sealed("a family"),
            version: 1,
            created_at: at_minute(1),
            updated_at: at_minute(1),
        }
    }

    pub(crate) fn chronology(&self, family: FamilyId) -> ChronologyRow {
        ChronologyRow {
            id: ChronologyId(next_id()),
            partnership_id: self.partnership,
            family_id: family,
            owner_id: self.social_worker,
            owner_agency_id: self.social_care,
            purpose: Purpose::InitialConference,
            state: ChronologyState::Open,
            due_at: at_minute(500),
            opened_at: Some(at_minute(2)),
            expires_at: at_minute(EXPIRY_MINUTE),
            wrapped_key: sealed("key"),
            sealed: sealed("grounds"),
            version: 1,
            created_at: at_minute(2),
            updated_at: at_minute(2),
        }
    }

    pub(crate) fn invitation(&self, chronology: ChronologyId, agency: AgencyId) -> InvitationRow {
        InvitationRow {
            id: InvitationId(next_id()),
            partnership_id: self.partnership,
            chronology_id: chronology,
            agency_id: agency,
            state: InvitationState::Invited,
            due_at: at_minute(500),
            viewed_at: None,
            drafting_at: None,
            answered_at: None,
            decline_reason: None,
            answered_by: None,
            wrapped_key: sealed("key"),
            sealed: sealed("message"),
            version: 1,
            created_at: at_minute(3),
            updated_at: at_minute(3),
        }
    }

    pub(crate) fn fragment(
        &self,
        family: FamilyId,
        chronology: Option<ChronologyId>,
    ) -> FragmentRow {
        FragmentRow {
            id: FragmentId(next_id()),
            partnership_id: self.partnership,
            agency_id: self.school,
            chronology_id: chronology,
            family_id: family,
            child_id: None,
            proxy_by_agency: None,
            reference_index: None,
            state: FragmentState::Submitted,
            author_id: self.teacher,
            expires_at: at_minute(EXPIRY_MINUTE),
            wrapped_until: Some(at_minute(EXPIRY_MINUTE)),
            version: 1,
            created_at: at_minute(4),
            updated_at: at_minute(4),
        }
    }

    pub(crate) fn fragment_version(
        &self,
        fragment: &FragmentRow,
        version: i64,
    ) -> FragmentVersionRow {
        FragmentVersionRow {
            fragment_id: fragment.id,
            version,
            partnership_id: self.partnership,
            expires_at: fragment.expires_at,
            wrapped_key: sealed("key"),
            sealed: sealed("decision"),
            content_index: token("content"),
            entry_count: 2,
            author_id: self.teacher,
            created_at: at_minute(4),
        }
    }

    pub(crate) fn entries(&self, fragment: FragmentId, version: i64, count: i64) -> Vec<EntryRow> {
        let entry = |position| EntryRow {
            id: EntryId(next_id()),
            fragment_id: fragment,
            version,
            partnership_id: self.partnership,
            position,
            marking: Marking::Normal,
            reference_index: None,
            sealed: sealed(&format!("entry {position} of version {version}")),
        };
        (0..count).map(entry).collect()
    }

    /// Inserts a fragment with its first version, which has two entries.
    pub(crate) fn insert_fragment(
        &self,
        tx: &mut Tx<'_>,
        fragment: &FragmentRow,
    ) -> Result<(), StoreError> {
        fragments::insert(tx, fragment)?;
        fragments::insert_version(
            tx,
            &self.fragment_version(fragment, 1),
            &self.entries(fragment.id, 1, 2),
        )
    }

    pub(crate) fn consolidation(&self, chronology: ChronologyId) -> ConsolidationRow {
        ConsolidationRow {
            id: ConsolidationId(next_id()),
            partnership_id: self.partnership,
            chronology_id: chronology,
            author_id: self.social_worker,
            expires_at: at_minute(EXPIRY_MINUTE),
            wrapped_key: sealed("key"),
            sealed: sealed("layout"),
            signed_off_at: None,
            signed_off_by: None,
            created_at: at_minute(5),
        }
    }

    /// The reference of a consolidation to the fragment's version with which it was created.
    pub(crate) fn consolidation_fragment(
        &self,
        consolidation: &ConsolidationRow,
        fragment: &FragmentRow,
    ) -> ConsolidationFragmentRow {
        ConsolidationFragmentRow {
            consolidation_id: consolidation.id,
            fragment_id: fragment.id,
            version: fragment.version,
            partnership_id: self.partnership,
        }
    }

    /// The links between the entries of a consolidation.
    pub(crate) fn consolidation_links(
        &self,
        consolidation: &ConsolidationRow,
    ) -> ConsolidationLinksRow {
        ConsolidationLinksRow {
            consolidation_id: consolidation.id,
            partnership_id: self.partnership,
            expires_at: consolidation.expires_at,
            wrapped_key: sealed("key"),
            sealed: sealed("links"),
        }
    }

    pub(crate) fn event_links(&self, chronology: ChronologyId) -> EventLinksRow {
        EventLinksRow {
            chronology_id: chronology,
            view_index: token("view"),
            partnership_id: self.partnership,
            expires_at: at_minute(EXPIRY_MINUTE),
            wrapped_key: sealed("key"),
            sealed: sealed("links"),
            created_at: at_minute(5),
        }
    }

    pub(crate) fn link_decision(&self, chronology: ChronologyId) -> LinkDecisionRow {
        LinkDecisionRow {
            id: domain::LinkDecisionId(next_id()),
            partnership_id: self.partnership,
            chronology_id: chronology,
            verdict: domain::LinkVerdict::SameEvent,
            author_id: self.social_worker,
            expires_at: at_minute(EXPIRY_MINUTE),
            wrapped_key: Some(sealed("key")),
            sealed: Some(sealed("reasons")),
            withdrawn_at: None,
            withdrawn_by: None,
            version: 1,
            created_at: at_minute(5),
            updated_at: at_minute(5),
        }
    }

    /// A new entry identifier in `fragment`, as a subject of `decision`.
    pub(crate) fn decided_entry(
        &self,
        decision: &LinkDecisionRow,
        fragment: &FragmentRow,
    ) -> DecidedEntryRow {
        DecidedEntryRow {
            decision_id: decision.id,
            entry_id: domain::EntryId(next_id()),
            partnership_id: self.partnership,
            fragment_id: fragment.id,
            side: 0,
        }
    }

    pub(crate) fn hold(&self, scope: HoldScope, target: Option<Uuid>) -> HoldRow {
        HoldRow {
            id: HoldId(next_id()),
            partnership_id: self.partnership,
            scope,
            target_id: target,
            review_at: at_minute(50),
            placed_by: self.social_worker,
            placed_at: at_minute(5),
            released_by: None,
            released_at: None,
            words_until: Some(at_minute(90)),
            wrapped_key: Some(sealed("key")),
            sealed: Some(sealed("reasons")),
            version: 1,
            awaiting: false,
            confirmed_by: None,
        }
    }

    /// Emergency access of the social worker to `chronology`.
    pub(crate) fn emergency_access(
        &self,
        chronology: ChronologyId,
    ) -> (EmergencyAccessRow, EmergencyChronologyRow) {
        let access = EmergencyAccessRow {
            id: domain::EmergencyAccessId(next_id()),
            partnership_id: self.partnership,
            practitioner_id: self.social_worker,
            agency_id: self.social_care,
            reason_code: domain::EmergencyReason::ChildMissing,
            opened_at: at_minute(5),
            ends_at: at_minute(EXPIRY_MINUTE),
            ended_at: None,
            review_due_at: at_minute(EXPIRY_MINUTE),
            reviewed_at: None,
            reviewed_by: None,
            finding: None,
            words_until: at_minute(EXPIRY_MINUTE),
            wrapped_key: Some(sealed("key")),
            sealed: Some(sealed("reason")),
            version: 1,
        };
        let chronology_access = EmergencyChronologyRow {
            access_id: access.id,
            chronology_id: chronology,
            partnership_id: self.partnership,
            practitioner_id: self.social_worker,
            owner_id: self.social_worker,
            owner_agency_id: self.social_care,
            ends_at: at_minute(EXPIRY_MINUTE),
        };
        (access, chronology_access)
    }

    /// The record that the social worker was shown the entries of a fragment.
    pub(crate) fn shown_fragment(&self, fragment: &FragmentRow) -> ShownFragmentRow {
        ShownFragmentRow {
            partnership_id: self.partnership,
            scope_id: fragment.chronology_id.map_or(fragment.id.0, Into::into),
            fragment_id: fragment.id,
            at: at_minute(6),
            record_id: AuditId(next_id()),
            practitioner_id: self.social_worker,
            agency_id: self.social_care,
            role: None,
            operation: "timeline.read".into(),
            reason: Some("owner".into()),
            purpose: None,
            entry_count: 2,
        }
    }

    /// An event about a chronology that is due at [`NOW_MINUTE`].
    pub(crate) fn outbox_row(&self, event: OutboxEvent, chronology: ChronologyId) -> OutboxRow {
        OutboxRow {
            id: OutboxId(next_id()),
            partnership_id: self.partnership,
            event,
            subject_kind: OutboxSubject::Chronology,
            subject_id: chronology.0,
            created_at: now(),
            attempts: 0,
            not_before: now(),
            claimed_until: None,
        }
    }

    /// An audit record of the social worker at this minute.
    pub(crate) fn audit_draft(
        &self,
        at: i64,
        operation: Operation,
        chronology: Option<ChronologyId>,
    ) -> AuditDraft {
        AuditDraft {
            id: AuditId(next_id()),
            partnership_id: self.partnership,
            at: at_minute(at),
            operation: operation.as_str().into(),
            outcome: "allowed".into(),
            period: 0,
            payload_hash: ledger::Hash([7; 32]),
            practitioner_token: Some(keyed_token(self.social_worker)),
            agency_token: Some(keyed_token(self.social_care)),
            object_token: chronology.map(keyed_token),
            chronology_token: chronology.map(keyed_token),
            sealed: Sealed(b"who and why".to_vec()),
        }
    }

    /// A practitioner of an agency as a caller with these roles.
    pub(crate) fn actor(
        &self,
        agency: AgencyId,
        practitioner: PractitionerId,
        roles: &[Role],
    ) -> Actor {
        Actor {
            partnership: self.partnership,
            agency,
            social_care: agency == self.social_care,
            practitioner,
            roles: BTreeSet::from_iter(roles.iter().copied()),
            offence_data: false,
        }
    }

    /// A permit of the social worker.
    pub(crate) fn reader_permit(&self) -> AccessPermit {
        access_permit(&self.actor(self.social_care, self.social_worker, &[Role::SocialWorker]))
    }
}

/// A permit of `actor` for the operation that requires the least. Finders check whose permit it is,
/// not for which operation.
pub(crate) fn access_permit(actor: &Actor) -> AccessPermit {
    decide_access(
        actor,
        Operation::PartnershipRead,
        &AccessFacts::collection(),
    )
    .unwrap()
}

/// A stand-in for a token that the service derives from an identifier with the key of an audit
/// period.
pub(crate) fn keyed_token(id: impl Into<Uuid>) -> Token {
    Token(id.into().as_bytes().to_vec())
}

/// How many rows each finder returned, by the name of the finder.
pub(crate) type RowCounts = Vec<(&'static str, usize)>;

/// Calls finders, and yields the [`RowCounts`].
macro_rules! count_rows {
    ($($module:ident::$finder:ident($($argument:expr),* $(,)?)),* $(,)?) => {
        vec![$((
            concat!(stringify!($module), "::", stringify!($finder)),
            IntoIterator::into_iter($module::$finder($($argument),*)?).count(),
        )),*]
    };
}
pub(crate) use count_rows;
