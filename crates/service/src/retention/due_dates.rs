//! Handling of due dates that have passed.

use domain::{InvitationState, Transition};
use kernel::{ServiceError, ServiceResult};

use crate::retention::Retention;

impl Retention {
    /// Marks invitations as overdue and chronologies as closing whose due date has passed; returns
    /// how many rows it found.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database cannot be reached.
    pub fn mark_overdue(&self, limit: u32) -> ServiceResult<u32> {
        let now = self.kernel.agreed_now();
        let invitations = self.kernel.db().write("due.invitations", |tx| {
            let due = store::invitations::past_due(tx, now, i64::from(limit))?;
            for mut row in due.clone() {
                let Some(chronology) =
                    store::chronologies::find(tx, row.partnership_id, row.chronology_id, now)?
                else {
                    continue;
                };
                let details =
                    self.records
                        .invitations
                        .invitation_details(&chronology, &row, now)?;
                row.state = InvitationState::Overdue;
                self.records.invitations.save_invitation(
                    tx,
                    now,
                    &chronology,
                    &mut row,
                    &details,
                )?;
            }
            Ok::<_, ServiceError>(due.len())
        })?;
        let chronologies = self.kernel.db().write("due.chronologies", |tx| {
            let due = store::chronologies::past_due(tx, now, i64::from(limit))?;
            for mut row in due.clone() {
                let details = self
                    .records
                    .chronologies
                    .open_chronology_details(&row, now)?;
                let Some(next) = row.state.after(Transition::PassDue) else {
                    continue;
                };
                row.state = next;
                self.records
                    .chronologies
                    .save_chronology(tx, now, &mut row, &details)?;
            }
            Ok::<_, ServiceError>(due.len())
        })?;
        Ok(u32::try_from(invitations + chronologies).unwrap_or(u32::MAX))
    }
}
