//! People: their sealed records.

use domain::{Instant, PersonDetails, PersonId};
use kernel::{ServiceResult, scope_terms};
use store::PersonRow;
use vault::{KeyTerms, RecordLocation, SealedTable};

use crate::records::families::FamilyRecords;
use crate::records::person_record::PersonRecord;

/// Location of a person's sealed record.
pub(crate) fn person_location(id: PersonId, version: i64) -> RecordLocation {
    RecordLocation {
        table: SealedTable::People,
        row: id.0,
        version,
    }
}

/// Key terms of a person's record.
pub(crate) fn person_terms(id: PersonId, expires_at: Instant) -> KeyTerms {
    scope_terms(id, expires_at)
}

impl FamilyRecords {
    pub(crate) fn open_person(
        &self,
        row: &PersonRow,
        now: Instant,
    ) -> ServiceResult<PersonDetails> {
        Ok(self.open_record(row, now)?.details)
    }

    pub(crate) fn open_record(&self, row: &PersonRow, now: Instant) -> ServiceResult<PersonRecord> {
        let location = person_location(row.id, row.version);
        self.kernel.unseal(
            &location,
            &person_terms(row.id, row.expires_at),
            now,
            row.wrapped_key.as_ref(),
            row.sealed.as_ref(),
        )
    }
}
