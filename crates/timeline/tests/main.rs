//! Consolidation, tested through the public interface.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod consolidation;
mod properties;
mod suggestions;
mod support;
