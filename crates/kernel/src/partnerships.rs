//! The configured partnerships.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::{PartnershipId, PartnershipPolicy};

use crate::{Kernel, ServiceError, ServiceResult};

/// A configured partnership with its database identifier.
#[derive(Debug)]
pub struct Partnership {
    /// The identifier in the database.
    pub id: PartnershipId,
    /// The short code that access tokens carry.
    pub code: String,
    /// The full name for display.
    pub name: String,
    /// The settings that the partnership chose for itself.
    pub policy: PartnershipPolicy,
}

/// The configured partnerships by their codes.
#[derive(Debug, Default)]
pub(crate) struct PartnershipRegistry(RwLock<HashMap<String, Arc<Partnership>>>);

impl PartnershipRegistry {
    /// Adds a partnership, or replaces the one with the same code.
    pub(crate) fn insert(&self, partnership: Partnership) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(partnership.code.clone(), Arc::new(partnership));
    }

    /// The partnership with a code.
    fn find(&self, code: &str) -> Option<Arc<Partnership>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(code)
            .cloned()
    }

    /// All partnerships, in no particular order.
    pub(crate) fn list(&self) -> Vec<Arc<Partnership>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }
}

impl Kernel {
    /// Makes a partnership known to all use cases.
    pub fn configure_partnership(&self, partnership: Partnership) {
        self.partnerships.insert(partnership);
    }

    /// The partnership with a code.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] when no such partnership is configured.
    pub fn partnership_by_code(&self, code: &str) -> ServiceResult<Arc<Partnership>> {
        self.partnerships.find(code).ok_or(ServiceError::NotFound)
    }

    /// Returns the policy of a partnership; the defaults for one that is no longer configured.
    #[must_use]
    pub fn policy_of(&self, id: PartnershipId) -> PartnershipPolicy {
        self.partnerships
            .list()
            .iter()
            .find(|partnership| partnership.id == id)
            .map(|partnership| partnership.policy.clone())
            .unwrap_or_default()
    }
}
