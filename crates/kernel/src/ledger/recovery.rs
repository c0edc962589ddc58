//! Audit work at start-up: completing interrupted runs, and migrating the records written before
//! the audit log was verifiable.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use domain::PartnershipId;
use ledger::JournalLine;
use store::LegacyAuditRow;

use super::AuditRecord;
use crate::{Kernel, ServiceError, ServiceResult};

/// The number of records migrated in one transaction.
const BATCH: i64 = 200;

impl Kernel {
    /// Writes void records for the numbers that earlier runs on this machine had reserved and not
    /// committed when they ended; returns how many. A number that the journal shows as committed is
    /// never filled: if its record is missing, the record was removed.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database cannot be reached or the journals cannot be
    /// read.
    pub fn recover_audit(&self) -> ServiceResult<u32> {
        let (Some(folder), Some(sequence)) =
            (&self.ledger.config.journal, self.db.audit_sequence())
        else {
            return Ok(0);
        };
        let mut filled = 0;
        for (run, files) in store::journal::list_runs(folder).map_err(journal_error)? {
            if run == sequence.run()
                || !store::journal::is_abandoned(folder, run).map_err(journal_error)?
            {
                continue;
            }
            for (partnership, numbers) in uncommitted_numbers(&files)? {
                for number in numbers {
                    filled += u32::from(self.fill_number(partnership, run, number)?);
                }
            }
            store::journal::mark_recovered(folder, run).map_err(journal_error)?;
        }
        Ok(filled)
    }

    /// Migrates the records written before the audit log was verifiable, oldest first; returns how
    /// many.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database cannot be reached; records migrated before
    /// that stay migrated.
    pub fn migrate_former_audit(&self) -> ServiceResult<u64> {
        let mut total = 0;
        loop {
            let moved = self.db.write("audit.migrate_former", |tx| {
                let rows = store::legacy_audit::oldest(tx, BATCH)?;
                let count = rows.len();
                for row in rows {
                    store::legacy_audit::remove(tx, row.id)?;
                    self.append_audit_record(tx, &convert_former_record(row))?;
                }
                Ok::<_, ServiceError>(count)
            })?;
            if moved == 0 {
                return Ok(total);
            }
            total += moved as u64;
        }
    }

    /// Destroys the keys of audit periods whose retention has ended, and deletes journals older
    /// than a week; returns how many periods were ended.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the keystore cannot be reached or a journal cannot be
    /// deleted.
    pub fn end_audit_retention(&self, now: domain::Instant) -> ServiceResult<u32> {
        let config = &self.ledger.config;
        if let (Some(folder), Some(sequence)) = (&config.journal, self.db.audit_sequence()) {
            let week = std::time::Duration::from_hours(7 * 24);
            store::journal::delete_older(folder, now.minus(week), sequence.run())
                .map_err(journal_error)?;
        }
        let ended = self
            .vault()
            .destroy_audit_epochs(now, now.minus(config.retention))?;
        Ok(u32::try_from(ended.len()).unwrap_or(u32::MAX))
    }
}

/// Collects the numbers that a run had reserved and that its journal does not show as committed.
fn uncommitted_numbers(
    files: &[impl AsRef<Path>],
) -> ServiceResult<BTreeMap<PartnershipId, BTreeSet<i64>>> {
    let mut uncommitted: BTreeMap<PartnershipId, BTreeSet<i64>> = BTreeMap::new();
    for file in files {
        for line in store::journal::read_lines(file.as_ref()).map_err(journal_error)? {
            match line {
                JournalLine::Written {
                    partnership,
                    number,
                    ..
                } => {
                    uncommitted.entry(partnership).or_default().insert(number);
                }
                JournalLine::Committed {
                    partnership,
                    number,
                } => {
                    uncommitted.entry(partnership).or_default().remove(&number);
                }
                JournalLine::VoidFilled { .. } | JournalLine::CheckpointSigned { .. } => {}
            }
        }
    }
    Ok(uncommitted)
}

pub(super) fn journal_error(error: std::io::Error) -> ServiceError {
    ServiceError::Unavailable(Box::new(error))
}

fn convert_former_record(row: LegacyAuditRow) -> AuditRecord {
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
