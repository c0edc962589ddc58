//! Tests on both databases.

mod world;

mod migrations;
mod settings;
mod transactions;
