//! A small invented county to test with.
#![allow(dead_code)]

use std::cell::Cell;
use std::collections::BTreeSet;

use domain::{
    Actor, AgencyId, AgencyKind, AuditId, ChronologyId, ChronologyState, ConsolidationId, EntryId, Facts, FamilyId,
    FragmentId, HoldId, Instant, InvitationId, InvitationState, Marking, Operation, PartnershipId, Permit, PersonId,
    PersonKind, PractitionerId, Purpose, Role, decide,
};
use uuid::Uuid;

use crate::*;

/// Minutes after an arbitrary start.
pub(crate) fn minute(minutes: i64) -> Instant {
    Instant::from_micros(1_772_000_000_000_000 + minutes * 60_000_000)
}

/// The time of all tests unless they say otherwise.
pub(crate) const NOW: i64 = 1_000;
/// When everything made here is over, unless a test says otherwise.
pub(crate) const END: i64 = 100_000;

pub(crate) fn now() -> Instant {
    minute(NOW)
}

/// An identifier of its own for each call, in increasing order.
pub(crate) fn id() -> Uuid {
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

/// A partnership with social care, one school, and somebody at each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World {
    pub(crate) partnership: PartnershipId,
    pub(crate) care: AgencyId,
    pub(crate) school: AgencyId,
    pub(crate) worker: PractitionerId,
    pub(crate) teacher: PractitionerId,
}

impl World {
    pub(crate) fn make(db: &Db, code: &str) -> Self {
        let world = Self {
            partnership: PartnershipId(id()),
            care: AgencyId(id()),
            school: AgencyId(id()),
            worker: PractitionerId(id()),
            teacher: PractitionerId(id()),
        };
        world.copy_to(db, code);
        world
    }

    /// Makes the same on another database.
    pub(crate) fn copy_to(&self, db: &Db, code: &str) {
        db.write("world", |tx| {
            partnerships::upsert(tx, &self.partnership_row(code))?;
            agencies::insert(tx, &self.agency(self.care, "care", AgencyKind::SocialCare))?;
            agencies::insert(tx, &self.agency(self.school, "school", AgencyKind::Education))?;
            practitioners::insert(tx, &self.practitioner(self.worker, self.care))?;
            practitioners::insert(tx, &self.practitioner(self.teacher, self.school))
        })
        .unwrap();
    }

    pub(crate) fn partnership_row(&self, code: &str) -> PartnershipRow {
        PartnershipRow { id: self.partnership, code: code.into(), name: "Marlshire".into(), created_at: minute(0) }
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
            created_at: minute(0),
            updated_at: minute(0),
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
            created_at: minute(0),
            updated_at: minute(0),
            provisional_until: None,
        }
    }

    pub(crate) fn person(&self) -> PersonRow {
        PersonRow {
            id: PersonId(id()),
            partnership_id: self.partnership,
            kind: PersonKind::Child,
            created_by: self.worker,
            created_by_agency: self.care,
            expires_at: minute(END),
            wrapped_key: sealed("key"),
            sealed: sealed("a child"),
            version: 1,
            created_at: minute(1),
            updated_at: minute(1),
        }
    }

    pub(crate) fn family(&self) -> FamilyRow {
        FamilyRow {
            id: FamilyId(id()),
            partnership_id: self.partnership,
            created_by: self.worker,
            created_by_agency: self.care,
            expires_at: minute(END),
            wrapped_key: sealed("key"),
            sealed: sealed("a family"),
            version: 1,
            created_at: minute(1),
            updated_at: minute(1),
        }
    }

    pub(crate) fn chronology(&self, family: FamilyId) -> ChronologyRow {
        ChronologyRow {
            id: ChronologyId(id()),
            partnership_id: self.partnership,
            family_id: family,
            owner_id: self.worker,
            owner_agency_id: self.care,
            purpose: Purpose::InitialConference,
            state: ChronologyState::Open,
            due_at: minute(500),
            opened_at: Some(minute(2)),
            expires_at: minute(END),
            wrapped_key: sealed("key"),
            sealed: sealed("grounds"),
            version: 1,
            created_at: minute(2),
            updated_at: minute(2),
        }
    }

    pub(crate) fn invitation(&self, chronology: ChronologyId, agency: AgencyId) -> InvitationRow {
        InvitationRow {
            id: InvitationId(id()),
            partnership_id: self.partnership,
            chronology_id: chronology,
            agency_id: agency,
            state: InvitationState::Invited,
            due_at: minute(500),
            viewed_at: None,
            drafting_at: None,
            answered_at: None,
            decline_reason: None,
            answered_by: None,
            wrapped_key: sealed("key"),
            sealed: sealed("message"),
            version: 1,
            created_at: minute(3),
            updated_at: minute(3),
        }
    }

    pub(crate) fn fragment(&self, family: FamilyId, chronology: Option<ChronologyId>) -> FragmentRow {
        FragmentRow {
            id: FragmentId(id()),
            partnership_id: self.partnership,
            agency_id: self.school,
            chronology_id: chronology,
            family_id: family,
            child_id: None,
            proxy_by_agency: None,
            reference_index: None,
            state: FragmentState::Submitted,
            author_id: self.teacher,
            expires_at: minute(END),
            wrapped_until: Some(minute(END)),
            version: 1,
            created_at: minute(4),
            updated_at: minute(4),
        }
    }

    pub(crate) fn version(&self, fragment: &FragmentRow, version: i64) -> FragmentVersionRow {
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
            created_at: minute(4),
        }
    }

    pub(crate) fn entries(&self, fragment: FragmentId, version: i64, count: i64) -> Vec<EntryRow> {
        let entry = |position| EntryRow {
            id: EntryId(id()),
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

    /// Submits a fragment with two entries.
    pub(crate) fn submit(&self, tx: &mut Tx<'_>, fragment: &FragmentRow) -> Result<(), StoreError> {
        fragments::insert(tx, fragment)?;
        fragments::insert_version(tx, &self.version(fragment, 1), &self.entries(fragment.id, 1, 2))
    }

    pub(crate) fn consolidation(&self, chronology: ChronologyId) -> ConsolidationRow {
        ConsolidationRow {
            id: ConsolidationId(id()),
            partnership_id: self.partnership,
            chronology_id: chronology,
            author_id: self.worker,
            expires_at: minute(END),
            wrapped_key: sealed("key"),
            sealed: sealed("layout"),
            signed_off_at: None,
            signed_off_by: None,
            created_at: minute(5),
        }
    }

    /// The version of a fragment that a view was frozen with.
    pub(crate) fn frozen(&self, view: &ConsolidationRow, fragment: &FragmentRow) -> ConsolidationFragmentRow {
        ConsolidationFragmentRow {
            consolidation_id: view.id,
            fragment_id: fragment.id,
            version: fragment.version,
            partnership_id: self.partnership,
        }
    }

    /// What was found among the entries of a frozen view.
    pub(crate) fn frozen_links(&self, view: &ConsolidationRow) -> ConsolidationLinksRow {
        ConsolidationLinksRow {
            consolidation_id: view.id,
            partnership_id: self.partnership,
            expires_at: view.expires_at,
            wrapped_key: sealed("key"),
            sealed: sealed("links"),
        }
    }

    pub(crate) fn links(&self, chronology: ChronologyId) -> EventLinksRow {
        EventLinksRow {
            chronology_id: chronology,
            view_index: token("view"),
            partnership_id: self.partnership,
            expires_at: minute(END),
            wrapped_key: sealed("key"),
            sealed: sealed("links"),
            created_at: minute(5),
        }
    }

    pub(crate) fn decision(&self, chronology: ChronologyId) -> LinkDecisionRow {
        LinkDecisionRow {
            id: domain::LinkDecisionId(id()),
            partnership_id: self.partnership,
            chronology_id: chronology,
            verdict: domain::LinkVerdict::SameEvent,
            author_id: self.worker,
            expires_at: minute(END),
            wrapped_key: Some(sealed("key")),
            sealed: Some(sealed("reasons")),
            withdrawn_at: None,
            withdrawn_by: None,
            version: 1,
            created_at: minute(5),
            updated_at: minute(5),
        }
    }

    /// An entry of `fragment` that `decision` is about.
    pub(crate) fn decided(&self, decision: &LinkDecisionRow, fragment: &FragmentRow) -> DecidedEntryRow {
        DecidedEntryRow {
            decision_id: decision.id,
            entry_id: domain::EntryId(id()),
            partnership_id: self.partnership,
            fragment_id: fragment.id,
            side: 0,
        }
    }

    pub(crate) fn hold(&self, scope: HoldScope, target: Option<Uuid>) -> HoldRow {
        HoldRow {
            id: HoldId(id()),
            partnership_id: self.partnership,
            scope,
            target_id: target,
            review_at: minute(50),
            placed_by: self.worker,
            placed_at: minute(5),
            released_by: None,
            released_at: None,
            words_until: Some(minute(90)),
            wrapped_key: Some(sealed("key")),
            sealed: Some(sealed("reasons")),
            version: 1,
            awaiting: false,
            confirmed_by: None,
        }
    }

    /// Somebody broke the glass to `chronology`.
    pub(crate) fn emergency(&self, chronology: ChronologyId) -> (EmergencyAccessRow, EmergencyChronologyRow) {
        let access = EmergencyAccessRow {
            id: domain::EmergencyAccessId(id()),
            partnership_id: self.partnership,
            practitioner_id: self.worker,
            agency_id: self.care,
            reason_code: domain::EmergencyReason::ChildMissing,
            opened_at: minute(5),
            ends_at: minute(END),
            ended_at: None,
            review_due_at: minute(END),
            reviewed_at: None,
            reviewed_by: None,
            finding: None,
            words_until: minute(END),
            wrapped_key: Some(sealed("key")),
            sealed: Some(sealed("reason")),
            version: 1,
        };
        let to = EmergencyChronologyRow {
            access_id: access.id,
            chronology_id: chronology,
            partnership_id: self.partnership,
            practitioner_id: self.worker,
            owner_id: self.worker,
            owner_agency_id: self.care,
            ends_at: minute(END),
        };
        (access, to)
    }

    /// The worker was shown entries of a fragment.
    pub(crate) fn shown(&self, fragment: &FragmentRow) -> ShownFragmentRow {
        ShownFragmentRow {
            partnership_id: self.partnership,
            scope_id: fragment.chronology_id.map_or(fragment.id.0, Into::into),
            fragment_id: fragment.id,
            at: minute(6),
            record_id: AuditId(id()),
            practitioner_id: self.worker,
            agency_id: self.care,
            role: None,
            operation: "timeline.read".into(),
            reason: Some("owner".into()),
            purpose: None,
            entry_count: 2,
        }
    }

    pub(crate) fn record(&self, at: i64, operation: Operation, chronology: Option<ChronologyId>) -> AuditDraft {
        AuditDraft {
            id: AuditId(id()),
            partnership_id: self.partnership,
            at: minute(at),
            operation: operation.as_str().into(),
            outcome: "allowed".into(),
            period: 0,
            payload_hash: ledger::Hash([7; 32]),
            practitioner_token: Some(keyed(self.worker)),
            agency_token: Some(keyed(self.care)),
            object_token: chronology.map(keyed),
            chronology_token: chronology.map(keyed),
            sealed: Sealed(b"who and why".to_vec()),
        }
    }

    /// Somebody of an agency with roles.
    pub(crate) fn actor(&self, agency: AgencyId, practitioner: PractitionerId, roles: &[Role]) -> Actor {
        Actor {
            partnership: self.partnership,
            agency,
            social_care: agency == self.care,
            practitioner,
            roles: BTreeSet::from_iter(roles.iter().copied()),
            offence_data: false,
        }
    }

    /// Leave for the social worker to read.
    pub(crate) fn permit(&self) -> Permit {
        permit(&self.actor(self.care, self.worker, &[Role::SocialWorker]))
    }
}

/// Leave for `actor` to do the least there is; finders go by whose it is, not by what for.
pub(crate) fn permit(actor: &Actor) -> Permit {
    decide(actor, Operation::PartnershipRead, &Facts::collection()).unwrap()
}

/// What stands for a token keyed by a record's period.
pub(crate) fn keyed(id: impl Into<Uuid>) -> Token {
    Token(id.into().as_bytes().to_vec())
}
