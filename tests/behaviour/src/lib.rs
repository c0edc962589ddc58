//! Support code for the behaviour tests. Each test starts the whole service on a real database,
//! sends requests over HTTP on a loopback address as users with different roles, and controls the
//! clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support: any failure here should fail the test"
)]

mod app;
pub mod backup;
mod client;
mod ids;
pub mod inputs;
mod listener;
pub mod openapi;
pub mod raw_db;
mod seed;
pub mod statements;
mod users;

pub use app::{TestApp, TestLimits};
pub use client::{ApiClient, ApiResponse};
pub use seed::Seed;
pub use store::DatabaseKind;
pub use users::{ALL_USERS, HOME_PARTNERSHIP, User};

/// Generates two tests from one body, `NAME::sqlite` and `NAME::postgresql`, each with its own
/// [`TestApp`].
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* fn $name:ident($app:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$meta])*
            fn run($app: &$crate::TestApp) $body

            #[test]
            fn sqlite() {
                run(&$crate::TestApp::start($crate::DatabaseKind::Sqlite));
            }

            #[test]
            fn postgresql() {
                run(&$crate::TestApp::start($crate::DatabaseKind::Postgresql));
            }
        }
    )+};
}
