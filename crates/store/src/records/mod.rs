//! The rows of the domain. Every finder is confined to a partnership; those that return sealed
//! narrative require a [`domain::AccessPermit`] and never return expired rows.

pub mod address_refusals;
pub mod agencies;
pub mod chronologies;
pub mod consolidations;
pub mod emergency;
pub mod event_links;
pub mod families;
pub mod family_access;
pub mod fragments;
pub mod holds;
pub mod idempotency;
pub mod invitations;
pub mod link_decisions;
pub mod origins;
pub mod outbox;
pub mod partnerships;
pub mod people;
pub mod person_links;
pub mod practitioners;
pub mod shown_fragments;
