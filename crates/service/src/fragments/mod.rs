//! Fragments: what agencies submit, correct, extend and withdraw.

mod advance_submission;
mod correction;
mod entries;
mod findings;
mod lifecycle;
mod query;
mod quota;
mod receipts;
mod sender_view;
mod storage;
mod submission;
mod validation;

use std::sync::Arc;

use kernel::Kernel;

use crate::linking::Linking;
use crate::people::People;
use crate::person_matching::PersonMatching;
use crate::records::Records;
use crate::retention::Retention;

/// Use cases of fragments.
pub struct Fragments {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) records: Arc<Records>,
    pub(crate) linking: Arc<Linking>,
    pub(crate) people: Arc<People>,
    pub(crate) person_matching: Arc<PersonMatching>,
    pub(crate) retention: Arc<Retention>,
}
