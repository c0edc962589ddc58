//! A synthetic county: the rows of a large partnership, for tests of query plans and for the
//! benchmark. They are written through the functions of this crate, some hundred families in each
//! transaction. Sealed columns contain noise of the usual length, because queries never read them.

use std::ops::Range;
use std::sync::OnceLock;

use domain::{
    AgencyId, AgencyKind, AuditId, ChronologyId, ChronologyState, ConsolidationId, EntryId,
    FamilyId, FragmentId, FragmentState, HoldId, HoldScope, Instant, InvitationId, InvitationState,
    LinkDecisionId, LinkVerdict, Marking, PartnershipId, PersonId, PersonKind, PersonLinkBand,
    PersonLinkId, PersonLinkState, PractitionerId, Purpose, TombstoneKind, TombstoneReason,
};
use uuid::Uuid;

use crate::*;

/// The current time of a test's county: all its rows were created before and expire after.
pub const NOW: Instant = Instant::from_micros(1_800_000_000_000_000);
const DAY: i64 = 86_400_000_000;
const AGENCIES: u128 = 30;
/// The number of practitioners of social care, who own the chronologies.
const SOCIAL_WORKERS: u128 = 300;
/// The number of practitioners of each other agency.
const STAFF: u128 = 10;
/// The number of families written in one transaction.
const FAMILIES_PER_TRANSACTION: u128 = 200;
const FRAGMENTS: u128 = 4;
/// The number of entries of each fragment: 96 for a family.
const ENTRIES: u128 = 24;
/// The number of audit records and idempotency records of each family.
const RECORDS: u128 = 2;
const CHILDREN: u128 = 3;

/// The number of entries of each family.
pub const ENTRIES_PER_FAMILY: u32 = (FRAGMENTS * ENTRIES) as u32;

/// A partnership to be filled with synthetic families.
pub struct SyntheticCounty {
    partnership: PartnershipId,
    /// The first is social care.
    agencies: Vec<AgencyId>,
    now: Instant,
    /// Whether audit records and the tree are filled too; not when a service writes its own.
    with_audit: bool,
}

impl SyntheticCounty {
    /// Creates a partnership with its agencies and practitioners.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails.
    pub fn create(db: &Db) -> Result<Self, StoreError> {
        let partnership = PartnershipId(id(ObjectKind::Partnership, 0));
        let agencies = (0..AGENCIES)
            .map(|number| AgencyId(id(ObjectKind::Agency, number)))
            .collect();
        let county = Self {
            partnership,
            agencies,
            now: NOW,
            with_audit: true,
        };
        db.write("county.create", |tx| {
            county.insert_directory(tx)?;
            county.insert_practitioners(tx)
        })?;
        Ok(county)
    }

    /// Opens an existing partnership with its own agencies, at the time `now`.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when there is no partnership with this code.
    pub fn open(db: &Db, code: &str, now: Instant) -> Result<Self, StoreError> {
        db.write("county.open", |tx| {
            let partnership = partnerships::find_by_code(tx, code)?
                .ok_or(StoreError::Stale)?
                .id;
            let mut agencies = agencies::page(tx, partnership, None, i64::MAX)?;
            agencies.sort_by_key(|agency| (agency.kind != AgencyKind::SocialCare, agency.id));
            let agencies = agencies.into_iter().map(|agency| agency.id).collect();
            let county = Self {
                partnership,
                agencies,
                now,
                with_audit: false,
            };
            if practitioners::find(tx, partnership, county.practitioner(0, 0))?.is_none() {
                county.insert_practitioners(tx)?;
            }
            Ok(county)
        })
    }

    /// Adds families, each with a chronology to which four agencies have submitted 24 entries each.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails.
    pub fn fill(&self, db: &Db, families: Range<u32>) -> Result<(), StoreError> {
        let mut first = u128::from(families.start);
        let end = u128::from(families.end);
        while first < end {
            let last = (first + FAMILIES_PER_TRANSACTION).min(end);
            db.write("county.families", |tx| {
                (first..last).try_for_each(|number| self.insert_family(tx, number))
            })?;
            first = last;
        }
        Ok(())
    }
}

/// The kind of object that an identifier names. Identifiers of different kinds differ.
#[derive(Clone, Copy)]
enum ObjectKind {
    Partnership,
    Agency,
    Practitioner,
    Person,
    Family,
    Chronology,
    Invitation,
    Fragment,
    Entry,
    Consolidation,
    Decision,
    PersonLink,
    Record,
    Hold,
    Emergency,
    Deleted,
    Certificate,
}

/// The identifier of the `number`-th object of a kind. The numbers are scattered like random
/// identifiers.
fn id(kind: ObjectKind, number: u128) -> Uuid {
    let scattered = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    Uuid::from_u128((scattered & !0xff) | (kind as u128))
}

/// Bytes that resemble sealed content.
fn noise(number: u128, length: usize) -> Sealed {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        (0..1_024)
            .flat_map(|at| *id(ObjectKind::Deleted, at).as_bytes())
            .collect()
    });
    let start = usize::try_from(number % 8_192).unwrap_or(0);
    Sealed(
        bytes
            .get(start..start + length)
            .unwrap_or_default()
            .to_vec(),
    )
}

fn token(kind: u128, number: u128) -> Token {
    Token(
        [
            id(ObjectKind::Deleted, number * 64 + kind)
                .as_bytes()
                .as_slice(),
            &[7; 16],
        ]
        .concat(),
    )
}

/// The number of practitioners of an agency.
fn practitioner_count(agency: u128) -> u128 {
    if agency == 0 { SOCIAL_WORKERS } else { STAFF }
}

impl SyntheticCounty {
    fn before(&self, days: u128) -> Instant {
        Instant::from_micros(self.now.as_micros() - 1 - DAY * i64::try_from(days).unwrap_or(0))
    }

    fn after(&self, days: u128) -> Instant {
        Instant::from_micros(self.now.as_micros() + 1 + DAY * i64::try_from(days).unwrap_or(0))
    }

    fn agency_count(&self) -> u128 {
        self.agencies.len().max(1) as u128
    }

    fn agency(&self, number: u128) -> AgencyId {
        let index = usize::try_from(number % self.agency_count()).unwrap_or(0);
        self.agencies
            .get(index)
            .copied()
            .unwrap_or(AgencyId(Uuid::nil()))
    }

    /// A practitioner of the `agency`-th agency.
    fn practitioner(&self, agency: u128, number: u128) -> PractitionerId {
        let agency = agency % self.agency_count();
        let number = number % practitioner_count(agency);
        PractitionerId(id(
            ObjectKind::Practitioner,
            if agency == 0 {
                number
            } else {
                SOCIAL_WORKERS + agency * STAFF + number
            },
        ))
    }
}

impl SyntheticCounty {
    fn insert_directory(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let row = PartnershipRow {
            id: self.partnership,
            code: "county".into(),
            name: "A county".into(),
            created_at: self.before(999),
        };
        partnerships::upsert(tx, &row)?;
        for number in 0..AGENCIES {
            let row = AgencyRow {
                id: self.agency(number),
                partnership_id: self.partnership,
                code: format!("agency-{number}"),
                name: format!("Agency {number}"),
                kind: if number == 0 {
                    AgencyKind::SocialCare
                } else {
                    AgencyKind::Education
                },
                has_access: true,
                active: true,
                version: 1,
                created_at: self.before(999),
                updated_at: self.before(999),
            };
            agencies::insert(tx, &row)?;
        }
        Ok(())
    }

    fn insert_practitioners(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for agency in 0..self.agency_count() {
            (0..practitioner_count(agency))
                .try_for_each(|number| self.insert_practitioner(tx, agency, number))?;
        }
        Ok(())
    }

    fn insert_practitioner(
        &self,
        tx: &mut Tx<'_>,
        agency: u128,
        number: u128,
    ) -> Result<(), StoreError> {
        let id = self.practitioner(agency, number);
        let row = PractitionerRow {
            id,
            partnership_id: self.partnership,
            agency_id: self.agency(agency),
            subject_index: Token(id.0.as_bytes().to_vec()),
            wrapped_key: noise(number, 60),
            sealed: noise(number, 80),
            active: true,
            version: 1,
            created_at: self.before(900 - number),
            updated_at: self.before(900 - number),
            provisional_until: None,
        };
        practitioners::insert(tx, &row)
    }

    fn insert_family(&self, tx: &mut Tx<'_>, number: u128) -> Result<(), StoreError> {
        let created_at = self.before(number % 300 + 10);
        let expires_at = self.after(number % 90 + 1);
        let family = FamilyRow {
            id: FamilyId(id(ObjectKind::Family, number)),
            partnership_id: self.partnership,
            created_by: self.practitioner(0, number),
            created_by_agency: self.agency(0),
            expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 200),
            version: 1,
            created_at,
            updated_at: created_at,
        };
        families::insert(tx, &family)?;
        for child in 0..CHILDREN {
            self.insert_person(tx, &family, number * CHILDREN + child)?;
        }
        let chronology = self.insert_chronology(tx, &family, number)?;
        for index in 0..FRAGMENTS {
            self.insert_invitation(tx, &chronology, number, index)?;
            self.insert_fragment(
                tx,
                &family,
                Some(&chronology),
                number * (FRAGMENTS + 1) + index,
            )?;
        }
        // An advance submission.
        if number.is_multiple_of(10) {
            self.insert_fragment(tx, &family, None, number * (FRAGMENTS + 1) + FRAGMENTS)?;
        }
        self.insert_frozen_view(tx, &chronology, number)?;
        self.insert_links(tx, &chronology, number)?;
        self.insert_records(tx, &chronology, number)?;
        self.insert_deleted(tx, number)
    }

    fn insert_person(
        &self,
        tx: &mut Tx<'_>,
        family: &FamilyRow,
        number: u128,
    ) -> Result<(), StoreError> {
        let row = PersonRow {
            id: PersonId(id(ObjectKind::Person, number)),
            partnership_id: self.partnership,
            kind: if number.is_multiple_of(CHILDREN) {
                PersonKind::Adult
            } else {
                PersonKind::Child
            },
            created_by: family.created_by,
            created_by_agency: family.created_by_agency,
            expires_at: family.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 250),
            version: 1,
            created_at: family.created_at,
            updated_at: family.created_at,
        };
        let shared = number / 12;
        let keys = [
            ("nhs_number", 1, number),
            ("name_birth", 2, number),
            ("blocking", 3, shared),
            ("kin", 4, shared),
        ];
        let keys: Vec<_> = keys
            .iter()
            .map(|(kind, salt, of)| (*kind, token(*salt, *of).0))
            .collect();
        people::insert(tx, &row, &keys)?;
        families::add_member(tx, self.partnership, family.id, row.id)
    }

    fn insert_chronology(
        &self,
        tx: &mut Tx<'_>,
        family: &FamilyRow,
        number: u128,
    ) -> Result<ChronologyRow, StoreError> {
        let row = ChronologyRow {
            id: ChronologyId(id(ObjectKind::Chronology, number)),
            partnership_id: self.partnership,
            family_id: family.id,
            owner_id: family.created_by,
            owner_agency_id: self.agency(0),
            purpose: Purpose::InitialConference,
            state: ChronologyState::Open,
            due_at: self.after(number % 20),
            opened_at: Some(family.created_at),
            expires_at: family.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 400),
            version: 1,
            created_at: family.created_at,
            updated_at: family.created_at,
        };
        chronologies::insert(tx, &row)?;
        chronologies::set_team(
            tx,
            self.partnership,
            row.id,
            &[
                self.practitioner(0, number + 1),
                self.practitioner(0, number + 2),
            ],
        )?;
        Ok(row)
    }

    /// A view frozen with every fragment of the chronology.
    fn insert_frozen_view(
        &self,
        tx: &mut Tx<'_>,
        of: &ChronologyRow,
        number: u128,
    ) -> Result<(), StoreError> {
        let view = ConsolidationRow {
            id: ConsolidationId(id(ObjectKind::Consolidation, number)),
            partnership_id: self.partnership,
            chronology_id: of.id,
            author_id: of.owner_id,
            expires_at: of.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 500),
            signed_off_at: None,
            signed_off_by: None,
            created_at: of.created_at,
        };
        let fragments: Vec<ConsolidationFragmentRow> = (0..FRAGMENTS)
            .map(|index| ConsolidationFragmentRow {
                consolidation_id: view.id,
                fragment_id: FragmentId(id(ObjectKind::Fragment, number * (FRAGMENTS + 1) + index)),
                version: 1,
                partnership_id: self.partnership,
            })
            .collect();
        let links = ConsolidationLinksRow {
            consolidation_id: view.id,
            partnership_id: self.partnership,
            expires_at: of.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 300),
        };
        consolidations::insert(tx, &view, &fragments, Some(&links))
    }

    fn insert_invitation(
        &self,
        tx: &mut Tx<'_>,
        of: &ChronologyRow,
        number: u128,
        index: u128,
    ) -> Result<(), StoreError> {
        let invited = number + index + 1;
        let row = InvitationRow {
            id: InvitationId(id(ObjectKind::Invitation, number * FRAGMENTS + index)),
            partnership_id: self.partnership,
            chronology_id: of.id,
            agency_id: self.agency(invited),
            state: InvitationState::Submitted,
            due_at: of.due_at,
            viewed_at: None,
            drafting_at: None,
            answered_at: Some(of.created_at),
            decline_reason: None,
            answered_by: None,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 100),
            version: 1,
            created_at: of.created_at,
            updated_at: of.created_at,
        };
        invitations::insert(tx, &row)?;
        invitations::set_practitioners(
            tx,
            self.partnership,
            row.id,
            &[self.practitioner(invited, number)],
        )
    }

    fn insert_fragment(
        &self,
        tx: &mut Tx<'_>,
        family: &FamilyRow,
        chronology: Option<&ChronologyRow>,
        number: u128,
    ) -> Result<(), StoreError> {
        let agency = number / (FRAGMENTS + 1) + number % (FRAGMENTS + 1) + 1;
        let row = FragmentRow {
            id: FragmentId(id(ObjectKind::Fragment, number)),
            partnership_id: self.partnership,
            agency_id: self.agency(agency),
            chronology_id: chronology.map(|of| of.id),
            family_id: family.id,
            child_id: None,
            proxy_by_agency: None,
            reference_index: Some(token(6, number)),
            state: FragmentState::Submitted,
            author_id: self.practitioner(agency, number / (FRAGMENTS + 1)),
            expires_at: family.expires_at,
            wrapped_until: Some(family.expires_at),
            version: 1,
            created_at: family.created_at,
            updated_at: family.created_at,
        };
        let version = FragmentVersionRow {
            fragment_id: row.id,
            version: 1,
            partnership_id: self.partnership,
            expires_at: row.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 150),
            content_index: token(7, number),
            entry_count: ENTRIES as i64,
            author_id: row.author_id,
            created_at: row.created_at,
        };
        let entries: Vec<EntryRow> = (0..ENTRIES)
            .map(|position| self.entry(&row, number, position))
            .collect();
        fragments::insert(tx, &row)?;
        fragments::insert_version(tx, &version, &entries)
    }

    fn entry(&self, fragment: &FragmentRow, number: u128, position: u128) -> EntryRow {
        let number = number * ENTRIES + position;
        EntryRow {
            id: EntryId(id(ObjectKind::Entry, number)),
            fragment_id: fragment.id,
            version: 1,
            partnership_id: self.partnership,
            position: position as i64,
            marking: Marking::Normal,
            reference_index: Some(token(8, number)),
            sealed: noise(number, 200),
        }
    }

    /// Links between events, and a practitioner's decision about entries.
    fn insert_links(
        &self,
        tx: &mut Tx<'_>,
        of: &ChronologyRow,
        number: u128,
    ) -> Result<(), StoreError> {
        let views: Vec<EventLinksRow> = (0..2)
            .map(|view| EventLinksRow {
                chronology_id: of.id,
                view_index: token(9 + view, number),
                partnership_id: self.partnership,
                expires_at: of.expires_at,
                wrapped_key: noise(number, 60),
                sealed: noise(number, 300),
                created_at: of.created_at,
            })
            .collect();
        event_links::replace(tx, self.partnership, of.id, &views)?;
        let decision = LinkDecisionRow {
            id: LinkDecisionId(id(ObjectKind::Decision, number)),
            partnership_id: self.partnership,
            chronology_id: of.id,
            verdict: LinkVerdict::SameEvent,
            author_id: of.owner_id,
            expires_at: of.expires_at,
            wrapped_key: Some(noise(number, 60)),
            sealed: Some(noise(number, 60)),
            withdrawn_at: None,
            withdrawn_by: None,
            version: 1,
            created_at: of.created_at,
            updated_at: of.created_at,
        };
        let decided: Vec<DecidedEntryRow> = (0..2)
            .map(|side| DecidedEntryRow {
                decision_id: decision.id,
                entry_id: EntryId(id(
                    ObjectKind::Entry,
                    (number * (FRAGMENTS + 1) + side) * ENTRIES,
                )),
                partnership_id: self.partnership,
                fragment_id: FragmentId(id(ObjectKind::Fragment, number * (FRAGMENTS + 1) + side)),
                side: side as i64,
            })
            .collect();
        link_decisions::insert(tx, &decision, &decided)?;
        if number > 0 && number.is_multiple_of(5) {
            self.insert_person_link(tx, of, number)?;
        }
        Ok(())
    }

    /// A possible link to a child of another family, and the origin of a fragment of that family
    /// that was attached.
    fn insert_person_link(
        &self,
        tx: &mut Tx<'_>,
        of: &ChronologyRow,
        number: u128,
    ) -> Result<(), StoreError> {
        let link = PersonLinkRow {
            id: PersonLinkId(id(ObjectKind::PersonLink, number)),
            partnership_id: self.partnership,
            chronology_id: of.id,
            their_person_id: PersonId(id(ObjectKind::Person, (number - 1) * CHILDREN + 1)),
            our_person_id: PersonId(id(ObjectKind::Person, number * CHILDREN + 1)),
            band: PersonLinkBand::Possible,
            state: PersonLinkState::Open,
            verdict: None,
            decided_by: None,
            expires_at: of.expires_at,
            wrapped_key: noise(number, 60),
            sealed: noise(number, 200),
            version: 1,
            created_at: of.created_at,
            updated_at: of.created_at,
        };
        person_links::insert(tx, &link)?;
        let origin = FragmentOriginRow {
            fragment_id: FragmentId(id(ObjectKind::Fragment, number * (FRAGMENTS + 1))),
            partnership_id: self.partnership,
            chronology_id: of.id,
            family_id: FamilyId(id(ObjectKind::Family, number - 1)),
            asked_expiry: of.expires_at,
            created_at: of.created_at,
        };
        origins::insert(tx, &origin)
    }

    /// Audit records, idempotency records, holds and emergency accesses.
    fn insert_records(
        &self,
        tx: &mut Tx<'_>,
        of: &ChronologyRow,
        number: u128,
    ) -> Result<(), StoreError> {
        let mut leaves = Vec::new();
        for index in 0..RECORDS {
            self.insert_idempotency(tx, of, number * RECORDS + index)?;
            if !self.with_audit {
                continue;
            }
            let record = self.audit_draft(of, number * RECORDS + index);
            leaves.push(AuditTreeRow {
                partnership_id: self.partnership,
                level: 0,
                position: (number * RECORDS + index) as i64,
                hash: token(12, number * RECORDS + index),
                record_id: Some(record.id),
            });
            audit::insert(tx, &record)?;
        }
        audit_tree::insert(tx, &leaves)?;
        let disclosures: Vec<ShownFragmentRow> = (0..FRAGMENTS)
            .map(|index| self.shown_fragment(of, number, index))
            .collect();
        shown_fragments::insert(tx, &disclosures)?;
        if number.is_multiple_of(50) {
            self.insert_hold_and_emergency(tx, of, number)?;
        }
        Ok(())
    }

    fn audit_draft(&self, of: &ChronologyRow, number: u128) -> AuditDraft {
        AuditDraft {
            id: AuditId(id(ObjectKind::Record, number)),
            partnership_id: self.partnership,
            at: self.before(number % 300),
            operation: "timeline.read".into(),
            outcome: "allowed".into(),
            period: 600,
            payload_hash: ledger::Hash([7; 32]),
            practitioner_token: Some(token(13, number % SOCIAL_WORKERS)),
            agency_token: Some(token(14, number % AGENCIES)),
            object_token: Some(Token(of.id.0.as_bytes().to_vec())),
            chronology_token: Some(Token(of.id.0.as_bytes().to_vec())),
            sealed: noise(number, 200),
        }
    }

    fn insert_idempotency(
        &self,
        tx: &mut Tx<'_>,
        of: &ChronologyRow,
        number: u128,
    ) -> Result<(), StoreError> {
        let row = IdempotencyRow {
            partnership_id: self.partnership,
            practitioner_id: self.practitioner(number, number / self.agency_count()),
            key_index: token(15, number),
            fingerprint: token(16, number),
            object_id: Some(of.id.0),
            outcome: None,
            expires_at: self.after(1),
            created_at: self.before(1),
        };
        idempotency::insert(tx, &row)
    }

    fn shown_fragment(&self, of: &ChronologyRow, number: u128, index: u128) -> ShownFragmentRow {
        ShownFragmentRow {
            partnership_id: self.partnership,
            scope_id: of.id.0,
            fragment_id: FragmentId(id(ObjectKind::Fragment, number * (FRAGMENTS + 1) + index)),
            at: self.before(number % 300),
            record_id: AuditId(id(ObjectKind::Record, number * RECORDS)),
            practitioner_id: of.owner_id,
            agency_id: of.owner_agency_id,
            role: None,
            operation: "timeline.read".into(),
            reason: Some("owner".into()),
            purpose: None,
            entry_count: ENTRIES as i64,
        }
    }

    fn insert_hold_and_emergency(
        &self,
        tx: &mut Tx<'_>,
        of: &ChronologyRow,
        number: u128,
    ) -> Result<(), StoreError> {
        let hold = HoldRow {
            id: HoldId(id(ObjectKind::Hold, number)),
            partnership_id: self.partnership,
            scope: HoldScope::Chronology,
            target_id: Some(of.id.0),
            review_at: self.after(30),
            placed_by: of.owner_id,
            placed_at: self.before(5),
            released_by: None,
            released_at: None,
            words_until: Some(self.after(30)),
            wrapped_key: Some(noise(number, 60)),
            sealed: Some(noise(number, 60)),
            version: 1,
            awaiting: false,
            confirmed_by: None,
        };
        holds::insert(tx, &hold)?;
        let access = EmergencyAccessRow {
            id: domain::EmergencyAccessId(id(ObjectKind::Emergency, number)),
            partnership_id: self.partnership,
            practitioner_id: of.owner_id,
            agency_id: of.owner_agency_id,
            reason_code: domain::EmergencyReason::ChildMissing,
            opened_at: self.before(number % 300),
            ends_at: self.before(number % 300),
            ended_at: None,
            review_due_at: self.before(1),
            reviewed_at: None,
            reviewed_by: None,
            finding: None,
            words_until: self.after(30),
            wrapped_key: Some(noise(number, 60)),
            sealed: Some(noise(number, 60)),
            version: 1,
        };
        let chronology = EmergencyChronologyRow {
            access_id: access.id,
            chronology_id: of.id,
            partnership_id: self.partnership,
            practitioner_id: of.owner_id,
            owner_id: of.owner_id,
            owner_agency_id: of.owner_agency_id,
            ends_at: access.ends_at,
        };
        emergency::insert(tx, &access, &[chronology])
    }

    /// A deleted chronology: its tombstone, deletion order, key commitment, destruction manifest
    /// and certificate.
    fn insert_deleted(&self, tx: &mut Tx<'_>, number: u128) -> Result<(), StoreError> {
        let deleted = id(ObjectKind::Deleted, number);
        self.insert_tombstone(tx, deleted, number)?;
        self.insert_deletion_order(tx, deleted, number)?;
        self.insert_destroyed_key(tx, deleted, number)
    }

    fn insert_tombstone(
        &self,
        tx: &mut Tx<'_>,
        deleted: Uuid,
        number: u128,
    ) -> Result<(), StoreError> {
        let tombstone = TombstoneRow {
            id: deleted,
            kind: TombstoneKind::Chronology,
            partnership_id: self.partnership,
            chronology_id: Some(ChronologyId(deleted)),
            agency_id: self.agency(0),
            owner_id: self.practitioner(0, number),
            reason: TombstoneReason::Expired,
            created_at: self.before(400),
            expired_at: self.before(310),
            deleted_at: self.before(310),
            entry_count: 96,
            content_index: token(17, number),
        };
        let invited = TombstoneAgencyRow {
            tombstone_id: deleted,
            agency_id: self.agency(number + 1),
            partnership_id: self.partnership,
            invitation_state: InvitationState::Submitted,
        };
        tombstones::insert(
            tx,
            &tombstone,
            &[invited],
            &[self.practitioner(number + 1, number)],
        )
    }

    fn insert_deletion_order(
        &self,
        tx: &mut Tx<'_>,
        deleted: Uuid,
        number: u128,
    ) -> Result<(), StoreError> {
        let order = DeletionOrderRow {
            chronology_id: ChronologyId(deleted),
            partnership_id: self.partnership,
            reason: domain::DestructionReason::Closed,
            snapshot: domain::SnapshotKept::SignedOff,
            decided_by: self.practitioner(0, number),
            decided_at: self.before(310),
            words_until: Some(self.after(30)),
            wrapped_key: Some(noise(number, 60)),
            sealed: Some(noise(number, 60)),
            asked_by: None,
        };
        deletion_orders::insert(tx, &order)
    }

    /// The commitment to the key of a deleted chronology, the manifest of what the key protected
    /// and the certificate of its destruction.
    fn insert_destroyed_key(
        &self,
        tx: &mut Tx<'_>,
        deleted: Uuid,
        number: u128,
    ) -> Result<(), StoreError> {
        let kind = "scope".to_owned();
        let key_id = deleted.to_string();
        let certificate = domain::DeletionCertificateId(id(ObjectKind::Certificate, number));
        let commitment = CommitmentRow {
            partnership_id: self.partnership,
            kind: kind.clone(),
            key_id: key_id.clone(),
            commitment: token(18, number),
            made_at: self.before(400),
            published_at: self.before(400),
            due_at: Some(self.before(310)),
            certificate_id: Some(certificate),
            settled_at: Some(self.before(310)),
        };
        commitments::publish(tx, &commitment)?;
        let manifest: Vec<ManifestRow> = (0..3)
            .map(|index| ManifestRow {
                partnership_id: self.partnership,
                kind: kind.clone(),
                key_id: key_id.clone(),
                object_kind: if index == 0 { "chronology" } else { "fragment" }.to_owned(),
                object_id: id(ObjectKind::Deleted, number * 16 + index),
                agency_id: self.agency(number + index),
                runs_agency_id: Some(self.agency(0)),
                owner_id: self.practitioner(number + index, number),
            })
            .collect();
        destruction_manifest::record(tx, &manifest)?;
        let row = CertificateRow {
            id: certificate,
            partnership_id: self.partnership,
            kind,
            key_id,
            issued_at: self.before(310),
            document: "{}".to_owned(),
            public_key: token(19, 0),
            signature: token(20, number),
            seed: token(21, number),
        };
        certificates::insert(tx, &row)
    }
}
