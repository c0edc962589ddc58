//! What the service promises, asked over HTTP. One program, because each has the whole service in it: as a program for
//! each module they took seven gigabytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and a story is told in one piece"
)]

mod access;
mod attacks;
mod audit;
mod bad_input;
mod certificates;
mod directory;
mod early_destruction;
mod emergency;
mod expiring_bodies;
mod fragments;
mod frozen_views;
mod handling;
mod holds;
mod killed_runs;
mod ledger;
mod life;
mod lifetimes;
mod limits;
mod links;
mod midway;
mod model;
mod non_interference;
mod older_copies;
mod overload;
mod person_links;
mod plans;
mod reasons;
mod replays;
mod requests;
mod same_on_both;
mod smoke;
mod suggestions;
mod told;
mod transparency;
mod trusted_time;
mod unpurged;
