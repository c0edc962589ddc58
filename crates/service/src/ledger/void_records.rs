//! Void records. A number whose transaction was rolled back, or ended in an unknown way, is filled
//! with a void record, so that a gap in the numbers always means that a record was removed.

use domain::{AuditId, Instant, PartnershipId, RequestId, SystemAction};
use uuid::Uuid;

use super::AuditRecord;
use crate::{Service, ServiceResult};

/// The operation of a void record.
pub(super) const VOID_OPERATION: &str = SystemAction::RecordVoid.as_str();

impl Service {
    /// Writes void records for the numbers of this run that belong to no record; returns how many.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database cannot be reached; the next call
    /// tries these numbers again.
    pub fn fill_audit_gaps(&self) -> ServiceResult<u32> {
        let Some(sequence) = self.0.db.audit_sequence() else {
            return Ok(0);
        };
        let mut filled = 0;
        let mut missing = sequence.take_missing().into_iter();
        while let Some((partnership, number)) = missing.next() {
            match self.fill_number(partnership, sequence.run(), number) {
                Ok(true) => filled += 1,
                Ok(false) => {}
                Err(error) => {
                    sequence.mark_uncertain(partnership, number);
                    missing.for_each(|(partnership, number)| {
                        sequence.mark_uncertain(partnership, number)
                    });
                    return Err(error);
                }
            }
        }
        Ok(filled)
    }

    pub(super) fn fill_number(
        &self,
        partnership: PartnershipId,
        run: Uuid,
        number: i64,
    ) -> ServiceResult<bool> {
        let draft = self.seal_audit_record(&self.build_void_record(partnership, self.now()))?;
        let filled = self.0.db.write("audit.fill_gap", |tx| {
            store::audit::fill_gap(tx, &draft, run, number)
        })?;
        if let (Some(sequence), Some(hash)) = (self.0.db.audit_sequence(), filled) {
            sequence.record_void(partnership, run, number, hash);
        }
        Ok(filled.is_some())
    }

    fn build_void_record(&self, partnership: PartnershipId, now: Instant) -> AuditRecord {
        AuditRecord {
            id: AuditId::new(self.ids(), now),
            partnership_id: partnership,
            at: now,
            operation: VOID_OPERATION.to_owned(),
            outcome: "void".to_owned(),
            reason: None,
            practitioner_id: None,
            agency_id: None,
            role: None,
            purpose: None,
            object_kind: None,
            object_id: None,
            chronology_id: None,
            request_id: Some(RequestId::new(self.ids(), now)),
            entry_count: None,
        }
    }
}
