//! Record linkage, tested through the public interface.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod bad_input;
mod batch;
mod clusters;
mod decisions;
mod order;
mod people;
mod same_child;
mod same_event;
mod support;
mod wordings;
