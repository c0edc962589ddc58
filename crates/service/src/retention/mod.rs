//! Background work that no client requests: deletion of expired data, due dates, destruction of
//! keys and its certification. Any node may do any of it; rows are claimed in the transaction that
//! handles them.

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

pub(crate) use certificates::manifest_tree;
pub(crate) use deletion::destroyed_early;
pub use purge::PurgeReport;
