//! Permissions as types. A handler cannot reach a use case without naming its permission, which
//! determines the audited operation, the cost of the request, and the text in the OpenAPI document.
//! They exist for the operations in the table of `domain`, and for no others.

use domain::Operation;

pub(crate) use domain::permission::*;

/// The cost of a request against its caller's quota.
pub(crate) const fn request_cost(operation: Operation) -> u32 {
    operation.spec().cost
}
