//! Token verification, tested through the public interface.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod common;
mod development;
mod hostile;
mod rotation;
mod sources;
