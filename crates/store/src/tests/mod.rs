//! Tests on both databases.

mod world;

mod audit;
mod confinement;
mod corruption;
mod deletion;
mod differential;
mod expiry;
mod inspect;
mod keystore;
mod migrations;
mod paging;
mod person_links;
mod purge;
mod reach;
mod rows;
mod settings;
mod transactions;
