//! Signing off. Before a chronology expires, its snapshot is exported for the social-care record or
//! explicitly waived.

use contract::{ChronologyOut, SignOffIn, SnapshotDecision, SnapshotOut};
use domain::{ChronologyId, Operation, Transition};
use kernel::{CallContext, Fault, ServiceError, ServiceResult, UnitOfWork, WriteReply};
use store::ConsolidationRow;

use crate::chronologies::Chronologies;
use crate::chronologies::transitions::{add_reason, apply_transition};
use crate::records::{
    AuthorizedChronology, ChronologyDetails, about_chronology, count_entries_in_view,
};

impl Chronologies {
    /// Signs off a frozen view.
    ///
    /// # Errors
    /// The [errors common to writes](crate#errors);
    /// [`Conflict::WrongState`](crate::Conflict::WrongState) when no view is frozen;
    /// [`ServiceError::Invalid`] when a waiver has no reason or the view is unknown.
    pub fn sign_off_chronology(
        &self,
        call: &CallContext,
        id: ChronologyId,
        input: SignOffIn,
    ) -> ServiceResult<WriteReply<ChronologyOut>> {
        self.transition_chronology(call, Operation::ChronologySignOff, id, |uow| {
            let AuthorizedChronology { permit, mut row } = self
                .records
                .chronologies
                .authorize_chronology(uow, id, Operation::ChronologySignOff)?;
            self.people
                .refuse_disclosed_addresses(uow, &permit, row.family_id, &input)?;
            let mut details = self
                .records
                .chronologies
                .open_chronology_details(&row, uow.now())?;
            apply_transition(&mut row, Transition::SignOff)?;
            let frozen = self.find_view_to_sign(uow, &permit, id, &input)?;
            match input.snapshot {
                SnapshotDecision::Export => {
                    let now = uow.now();
                    let me = uow.caller_id();
                    store::consolidations::sign_off(
                        uow.tx,
                        frozen.partnership_id,
                        frozen.id,
                        me,
                        now,
                    )?;
                }
                SnapshotDecision::Waive => {
                    add_waiver_reason(uow, &mut details, &input)?;
                    // The waiver also covers a view that was signed off earlier.
                    store::consolidations::revoke_sign_off(uow.tx, frozen.partnership_id, id)?;
                }
            }
            self.records.chronologies.save_chronology(
                uow.tx,
                uow.session.now,
                &mut row,
                &details,
            )?;
            self.records
                .chronologies
                .to_chronology_out(uow, &permit, &row)
        })
    }

    fn find_view_to_sign(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        permit: &domain::AccessPermit,
        id: ChronologyId,
        input: &SignOffIn,
    ) -> ServiceResult<ConsolidationRow> {
        let now = uow.now();
        let found = match input.consolidation_id {
            Some(chosen) => store::consolidations::find(uow.tx, permit, chosen, now)?,
            None => store::consolidations::latest(uow.tx, permit, id, now)?,
        };
        let unknown = Fault::new(
            "/consolidation_id",
            "unknown",
            "no such frozen view of this chronology",
        );
        found
            .filter(|row| row.chronology_id == id)
            .ok_or(ServiceError::Invalid(vec![unknown]))
    }

    /// Reads the signed-off snapshot for the social-care record.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors); [`ServiceError::NotFound`] when the snapshot was
    /// waived.
    pub fn get_snapshot(&self, call: &CallContext, id: ChronologyId) -> ServiceResult<SnapshotOut> {
        self.kernel
            .read(call, Operation::SnapshotRead, about_chronology(id), |uow| {
                let AuthorizedChronology { permit, row } = self
                    .records
                    .chronologies
                    .authorize_chronology(uow, id, Operation::SnapshotRead)?;
                let now = uow.now();
                let frozen = store::consolidations::signed_off(uow.tx, &permit, id, now)?
                    .ok_or(ServiceError::NotFound)?;
                let consolidation = self.to_consolidation_out(uow, &permit, &row, &frozen)?;
                uow.audit.entry_count = Some(consolidation.entry_count);
                uow.audit.disclosures.shown_entries =
                    count_entries_in_view(consolidation.view.as_ref());
                let chronology = self
                    .records
                    .chronologies
                    .to_chronology_out(uow, &permit, &row)?;
                Ok(SnapshotOut {
                    chronology,
                    consolidation,
                })
            })
    }
}

fn add_waiver_reason(
    uow: &UnitOfWork<'_, '_>,
    details: &mut ChronologyDetails,
    input: &SignOffIn,
) -> ServiceResult<()> {
    let Some(reason) = &input.waiver_reason else {
        return Err(ServiceError::invalid(
            "/waiver_reason",
            "required",
            "explain why no copy is kept",
        ));
    };
    add_reason(uow, details, "waive_snapshot", "/waiver_reason", reason)
}
