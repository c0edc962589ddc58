//! What the service promises, tested from outside: a whole service on a real database, asked over HTTP on a loopback
//! address by users of every kind, under a clock that the test moves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "part of tests: whatever goes wrong here is to end the test"
)]

mod app;
mod client;
pub mod document;
mod ids;
pub mod inputs;
mod listener;
pub mod older_copy;
pub mod raw;
mod seed;
pub mod statements;
mod users;

pub use app::{Loads, TestApp};
pub use client::{Answer, As};
pub use seed::Seed;
pub use store::Kind;
pub use users::{EVERYBODY, HOME, User};

/// Makes of one body two tests, `NAME::sqlite` and `NAME::postgresql`, each with an app of its own.
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
                run(&$crate::TestApp::start($crate::Kind::Sqlite));
            }

            #[test]
            fn postgresql() {
                run(&$crate::TestApp::start($crate::Kind::Postgresql));
            }
        }
    )+};
}
