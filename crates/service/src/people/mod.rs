//! Children, adults and families, and the expiry of their records.

mod expiry;
mod families;
mod input;
mod kinship_index;
mod persons;
mod protected_addresses;
mod record;

pub(crate) use families::{FamilyView, authorize_family};
pub(crate) use persons::identifier_fault;
pub(crate) use protected_addresses::{SubmittedTexts, is_hidden_from_other_agencies};

use domain::EventDate;
use kernel::Fault;

/// A fault when an optional day is given and does not parse.
pub(crate) fn edtf_fault(pointer: String, day: &Option<String>) -> Option<Fault> {
    let is_unparseable = day
        .as_deref()
        .is_some_and(|day| EventDate::from_edtf(day).is_err());
    is_unparseable.then(|| {
        Fault::new(
            pointer,
            "unparseable_date",
            "a day, month or year in EDTF, as in 2021-03",
        )
    })
}
