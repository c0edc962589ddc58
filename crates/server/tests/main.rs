//! The command line and TLS, tested with the real binary or over a connection.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod client_certificates;
mod link;
mod verify_deletion;
