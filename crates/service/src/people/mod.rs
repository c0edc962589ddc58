//! Children, adults and families, and how long they may live.

mod families;
mod lifetimes;
mod persons;

pub(crate) use families::FamilyView;
