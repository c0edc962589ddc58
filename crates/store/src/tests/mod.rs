//! Tests of this crate on both databases.

mod fixture;

mod audit;
mod consolidations;
mod corruption;
mod deletion;
mod differential;
mod expiry;
mod family_access;
mod inspect;
mod keystore;
mod migrations;
mod outbox;
mod paging;
mod partnership_isolation;
mod person_links;
mod purge;
mod rows;
mod settings;
mod transactions;
