//! Background work that no client requests: deletion of expired data, due dates, destruction of
//! keys and its certification. Any node may do any of it; rows are claimed in the transaction that
//! handles them.

mod certificate_queries;
mod certificates;
mod deletion;
mod due_dates;
mod expired_lists;
mod key_destruction;
mod legal_holds;
mod purge;
mod reason_texts;
mod statistics;
mod unpurged;

pub(crate) use deletion::destroyed_early;

pub use purge::PurgeReport;
use std::sync::Arc;

use kernel::Kernel;

use crate::linking::Linking;
use crate::records::Records;

/// Background work that no client requests: due dates, deletion, destruction of keys.
pub struct Retention {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) records: Arc<Records>,
    pub(crate) linking: Arc<Linking>,
}
