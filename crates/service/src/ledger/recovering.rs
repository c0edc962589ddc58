//! What a start does for the audit: it finishes what runs that ended in the middle left, and takes over the records of
//! before the provable audit.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use domain::PartnershipId;
use ledger::Line;
use store::AuditBeforeRow;

use super::AuditRecord;
use crate::{Answer, Service, ServiceError};

/// Records taken over in one transaction.
const BATCH: i64 = 200;

impl Service {
    /// Fills the numbers that earlier runs on this machine had taken and whose transactions were not committed when they
    /// ended; says how many. A number that the journal knows to be committed is never filled: its record was taken out.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database does not answer or the journals cannot be read.
    pub fn recover_audit(&self) -> Answer<u32> {
        let (Some(folder), Some(book)) = (&self.0.ledger.config.journal, self.0.db.book()) else { return Ok(0) };
        let mut filled = 0;
        for (run, files) in store::journal::runs(folder).map_err(unreadable)? {
            if run == book.run() || !store::journal::is_over(folder, run).map_err(unreadable)? {
                continue;
            }
            for (partnership, numbers) in unsettled(&files)? {
                for number in numbers {
                    filled += u32::from(self.fill(partnership, run, number)?);
                }
            }
            store::journal::mark_recovered(folder, run).map_err(unreadable)?;
        }
        Ok(filled)
    }

    /// Takes over what was recorded before the provable audit, oldest first; says how many records.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database does not answer; what was taken over stays.
    pub fn take_over_audit(&self) -> Answer<u64> {
        let mut all = 0;
        loop {
            let moved = self.0.db.write("audit.take_over", |tx| {
                let rows = store::audit_before::oldest(tx, BATCH)?;
                let count = rows.len();
                for row in rows {
                    store::audit_before::remove(tx, row.id)?;
                    self.append(tx, &as_it_was(row))?;
                }
                Ok::<_, ServiceError>(count)
            })?;
            if moved == 0 {
                return Ok(all);
            }
            all += moved as u64;
        }
    }

    /// Ends the retention of what audit records say of people, and forgets journals that are a week old; says how many
    /// periods were ended.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the keystore does not answer.
    pub fn end_audit_retention(&self, now: domain::Instant) -> Answer<u32> {
        let config = &self.0.ledger.config;
        if let (Some(folder), Some(book)) = (&config.journal, self.0.db.book()) {
            let week = std::time::Duration::from_hours(7 * 24);
            store::journal::forget(folder, now.minus(week), book.run()).map_err(unreadable)?;
        }
        let ended = self.vault().destroy_audit_epochs(now, now.minus(config.retention))?;
        Ok(u32::try_from(ended.len()).unwrap_or(u32::MAX))
    }
}

/// The numbers of a run that it had taken and did not know to be committed.
fn unsettled(files: &[impl AsRef<Path>]) -> Answer<BTreeMap<PartnershipId, BTreeSet<i64>>> {
    let mut open: BTreeMap<PartnershipId, BTreeSet<i64>> = BTreeMap::new();
    for file in files {
        for line in store::journal::lines(file.as_ref()).map_err(unreadable)? {
            match line {
                Line::Written { partnership, number, .. } => {
                    open.entry(partnership).or_default().insert(number);
                }
                Line::Settled { partnership, number } => {
                    open.entry(partnership).or_default().remove(&number);
                }
                Line::Filled { .. } | Line::Signed { .. } => {}
            }
        }
    }
    Ok(open)
}

pub(super) fn unreadable(error: std::io::Error) -> ServiceError {
    ServiceError::Unavailable(Box::new(error))
}

fn as_it_was(row: AuditBeforeRow) -> AuditRecord {
    AuditRecord {
        id: row.id,
        partnership_id: row.partnership_id,
        at: row.at,
        operation: row.operation,
        outcome: row.outcome,
        reason: row.reason,
        practitioner_id: row.practitioner_id,
        agency_id: row.agency_id,
        role: row.role,
        purpose: row.purpose,
        object_kind: row.object_kind,
        object_id: row.object_id,
        chronology_id: row.chronology_id,
        request_id: Some(row.request_id),
        entry_count: row.entry_count,
    }
}
