//! Records about a chronology: audit, idempotency, disclosures, holds and emergency accesses.

use domain::{AuditId, FragmentId, HoldId};

use super::{
    AGENCIES, ENTRIES, FRAGMENTS, ObjectKind, RECORDS, SOCIAL_WORKERS, SyntheticCounty, id, noise,
    token,
};
use crate::{
    AuditDraft, AuditTreeRow, ChronologyRow, EmergencyAccessRow, EmergencyChronologyRow, HoldRow,
    HoldScope, IdempotencyRow, ShownFragmentRow, StoreError, Token, Tx, audit, audit_tree,
    emergency, holds, idempotency, shown_fragments,
};

impl SyntheticCounty {
    /// Audit records, idempotency records, holds and emergency accesses.
    pub(super) fn insert_records(
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
}
