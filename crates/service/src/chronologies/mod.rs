//! Use cases of chronologies: drafting, transitions, freezing, signing off, extension, destruction,
//! and tombstones.

mod consolidations;
mod destruction;
mod drafts;
mod extension;
mod frozen_views;
mod sign_off;
mod tombstones;
mod transitions;

use std::sync::Arc;

use contract::ChronologyOut;
use domain::{ChronologyId, Operation};
use kernel::{CallContext, Kernel, ServiceResult, UnitOfWork, WriteReply};

use crate::linking::Linking;
use crate::people::People;
use crate::person_matching::PersonMatching;
use crate::records::{AuthorizedChronology, Records, about_chronology};
use crate::retention::Retention;
use crate::timeline::Timelines;

/// Use cases of chronologies.
pub struct Chronologies {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) records: Arc<Records>,
    pub(crate) linking: Arc<Linking>,
    pub(crate) people: Arc<People>,
    pub(crate) person_matching: Arc<PersonMatching>,
    pub(crate) retention: Arc<Retention>,
    pub(crate) timelines: Arc<Timelines>,
}

impl Chronologies {
    /// Reads a chronology without its entries.
    pub(crate) fn read_chronology(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        id: ChronologyId,
    ) -> ServiceResult<ChronologyOut> {
        let AuthorizedChronology { permit, row } =
            self.records
                .chronologies
                .authorize_chronology(uow, id, Operation::ChronologyRead)?;
        self.records
            .chronologies
            .to_chronology_out(uow, &permit, &row)
    }

    /// Runs a transition of a chronology, once for each idempotency key; a repeat returns the
    /// chronology as it is now.
    fn transition_chronology(
        &self,
        call: &CallContext,
        operation: Operation,
        id: ChronologyId,
        act: impl Fn(&mut UnitOfWork<'_, '_>) -> ServiceResult<ChronologyOut>,
    ) -> ServiceResult<WriteReply<ChronologyOut>> {
        self.kernel
            .write_idempotent(call, operation, about_chronology(id), act, |uow, _| {
                self.read_chronology(uow, id)
            })
    }
}
