//! What expires and is deleted: due rows, orders and requests to destroy, the destruction of keys
//! with its evidence, and the tombstones that are left.

pub mod certificates;
pub mod commitments;
pub mod deletion_orders;
pub mod destruction_manifest;
pub mod destruction_requests;
pub mod purge;
pub mod scopes_to_destroy;
pub mod tombstones;
pub mod unpurged;
