//! Tests of the service's behaviour over HTTP. They are one binary because each binary links the
//! whole service; one for each module took seven gigabytes of disk space.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod access;
mod attacks;
mod audit;
mod audit_recovery;
mod bad_input;
mod certificates;
mod confidentiality;
mod database_parity;
mod directory;
mod early_destruction;
mod emergency;
mod expiring_bodies;
mod expiry_between_requests;
mod fragments;
mod frozen_views;
mod handling;
mod holds;
mod ledger;
mod lifecycle;
mod limits;
mod links;
mod model;
mod non_interference;
mod older_copies;
mod outbox;
mod overload;
mod people_expiry;
mod person_links;
mod plans;
mod reasons;
mod replays;
mod requests;
mod smoke;
mod snapshots;
mod suggestions;
mod transparency;
mod trusted_time;
mod unpurged;
