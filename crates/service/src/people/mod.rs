//! Children, adults and families, and the expiry of their records.

mod families;
mod input;
mod kinship_index;
mod persons;
mod protected_addresses;

pub(crate) use families::authorize_family;
pub(crate) use persons::identifier_fault;
pub(crate) use protected_addresses::{SubmittedTexts, is_hidden_from_other_agencies};

use std::sync::Arc;

use kernel::Kernel;

use crate::records::Records;

/// Use cases of people and families.
pub struct People {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) records: Arc<Records>,
}
