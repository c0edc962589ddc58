//! Numbers that stand for no record: transactions that were undone, or ended nobody knows how. A void record takes the
//! place, so that a gap is always a record that somebody took out.

use domain::{AuditId, Instant, PartnershipId, RequestId};
use uuid::Uuid;

use super::AuditRecord;
use crate::{Answer, Service};

/// The operation of a record that only fills a number.
pub(super) const VOID: &str = "record.void";

impl Service {
    /// Writes void records for this run's numbers that stand for nothing; says how many.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database does not answer; the numbers are tried again.
    pub fn fill_audit(&self) -> Answer<u32> {
        let Some(book) = self.0.db.book() else { return Ok(0) };
        let mut filled = 0;
        let mut missing = book.take_missing().into_iter();
        while let Some((partnership, number)) = missing.next() {
            match self.fill(partnership, book.run(), number) {
                Ok(true) => filled += 1,
                Ok(false) => {}
                Err(error) => {
                    book.doubt(partnership, number);
                    missing.for_each(|(partnership, number)| book.doubt(partnership, number));
                    return Err(error);
                }
            }
        }
        Ok(filled)
    }

    pub(super) fn fill(&self, partnership: PartnershipId, run: Uuid, number: i64) -> Answer<bool> {
        let draft = self.draft(&self.void(partnership, self.now()))?;
        let filled = self.0.db.write("audit.fill", |tx| store::audit::fill(tx, &draft, run, number))?;
        if let (Some(book), Some(hash)) = (self.0.db.book(), filled) {
            book.filled(partnership, run, number, hash);
        }
        Ok(filled.is_some())
    }

    fn void(&self, partnership: PartnershipId, now: Instant) -> AuditRecord {
        AuditRecord {
            id: AuditId::new(self.ids(), now),
            partnership_id: partnership,
            at: now,
            operation: VOID.to_owned(),
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
