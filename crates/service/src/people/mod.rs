//! Children, adults and families, and how long they may live.

mod families;
mod kin;
mod lifetimes;
mod persons;
mod protected;
mod record;
mod typed;

pub(crate) use families::{FamilyView, family_leave};
pub(crate) use persons::identifier_fault;
pub(crate) use protected::{Texts, is_for_nobody_else};

use domain::EventDate;

use crate::Fault;

/// A fault when a day that may be left out is there and cannot be read.
pub(crate) fn edtf_fault(pointer: String, day: &Option<String>) -> Option<Fault> {
    let unreadable = day.as_deref().is_some_and(|day| EventDate::from_edtf(day).is_err());
    unreadable.then(|| Fault::new(pointer, "unparseable_date", "a day, month or year in EDTF, as in 2021-03"))
}
