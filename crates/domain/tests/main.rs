//! The rules of the domain, tested through the public interface.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod access_matrix;
mod checks;
mod entry;
mod event_date;
mod event_date_words;
mod identifiers;
