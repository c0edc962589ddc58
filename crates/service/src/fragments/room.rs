//! How much an agency may have on one chronology. Every reader's timeline is drawn from all of it, in memory and in one
//! answer, so that one agency's returns must not make it larger than can be read.

use store::FragmentRow;

use super::submitting::Submission;
use crate::sealing::to_bytes;
use crate::session::Scene;
use crate::{Answer, ServiceError};

/// Entries of one agency on one chronology, or ahead of one about one family, at most.
const MAX_ENTRIES: usize = 3_000;
/// Bytes of the same, at most.
const MAX_BYTES: usize = 3 * 1_024 * 1_024;

/// Bytes by which a correction may always make a fragment longer: a marking, a reason, a word put right.
const CORRECTION: usize = 64 * 1_024;

/// Refuses a version that would make too much of what its agency has submitted to the chronology. What it replaces does not
/// count. Only the agency's own content counts: how much others have submitted is not for it to learn.
pub(super) fn check_room(scene: &mut Scene<'_, '_>, row: &FragmentRow, submission: &Submission) -> Answer<()> {
    let mut bytes = 0;
    for entry in &submission.entries {
        bytes += to_bytes(entry)?.len();
    }
    let standing = store::fragments::sizes(scene.tx, row, scene.session.now)?;
    let before = standing.iter().find(|size| size.fragment == row.id);
    if before.is_some_and(|size| submission.entries.len() <= size.entries && bytes <= size.bytes + CORRECTION) {
        // Whatever there is too much of by now, mending it must be possible.
        return Ok(());
    }
    let others = standing.iter().filter(|size| size.fragment != row.id);
    let (entries, bytes) = others.fold((submission.entries.len(), bytes), |(entries, bytes), size| {
        (entries.saturating_add(size.entries), bytes.saturating_add(size.bytes))
    });
    if entries > MAX_ENTRIES {
        let message = "an agency has at most 3,000 entries on a chronology: leave out what is not significant";
        return Err(ServiceError::fault("/entries", "too_many_entries", message));
    }
    if bytes > MAX_BYTES {
        let message = "an agency has at most 3 MiB of entries on a chronology: tell each event in fewer words";
        return Err(ServiceError::fault("/entries", "too_much_text", message));
    }
    Ok(())
}
