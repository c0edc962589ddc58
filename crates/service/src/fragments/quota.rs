//! Limit on how much content an agency may have on one chronology. Every reader's timeline is built
//! in memory from all of it, so one agency must not make it too large to read.

use kernel::{ServiceError, ServiceResult, UnitOfWork, to_json_bytes};
use store::FragmentRow;

use crate::fragments::validation::Submission;

/// Maximum number of entries per agency on one chronology, or in advance submissions about one
/// family.
const MAX_ENTRIES: usize = 3_000;

/// Maximum size of these entries in bytes.
const MAX_ENTRY_BYTES: usize = 3 * 1_024 * 1_024;

/// Number of bytes by which a correction may always enlarge a fragment, for a marking, a reason or
/// a corrected word.
const CORRECTION_ALLOWANCE_BYTES: usize = 64 * 1_024;

/// Refuses a version that would take its agency over the limit. The version that it replaces does
/// not count, and neither does what other agencies have submitted: the result must not reveal it.
///
/// # Errors
/// [`ServiceError::Invalid`] when there would be too many entries or too much text.
pub(crate) fn check_content_quota(
    uow: &mut UnitOfWork<'_, '_>,
    row: &FragmentRow,
    submission: &Submission,
) -> ServiceResult<()> {
    let mut bytes = 0;
    for entry in &submission.entries {
        bytes += to_json_bytes(entry)?.len();
    }
    let live = store::fragments::sizes(uow.tx, row, uow.session.now)?;
    let before = live.iter().find(|size| size.fragment == row.id);
    let is_small_correction = before.is_some_and(|size| {
        submission.entries.len() <= size.entries && bytes <= size.bytes + CORRECTION_ALLOWANCE_BYTES
    });
    if is_small_correction {
        // An agency over the limit must still be able to correct what it has.
        return Ok(());
    }
    let others = live.iter().filter(|size| size.fragment != row.id);
    let (entries, bytes) = others.fold(
        (submission.entries.len(), bytes),
        |(entries, bytes), size| {
            (
                entries.saturating_add(size.entries),
                bytes.saturating_add(size.bytes),
            )
        },
    );
    if entries > MAX_ENTRIES {
        let message = "an agency has at most 3,000 entries on a chronology: leave out what is not significant";
        return Err(ServiceError::invalid(
            "/entries",
            "too_many_entries",
            message,
        ));
    }
    if bytes > MAX_ENTRY_BYTES {
        let message = "an agency has at most 3 MiB of entries on a chronology: describe each event in fewer words";
        return Err(ServiceError::invalid("/entries", "too_much_text", message));
    }
    Ok(())
}
