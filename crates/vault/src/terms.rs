//! Under which keys a value lives, and where it stands.

use domain::{Instant, PartnershipId};
use uuid::Uuid;

use crate::VaultError;
use crate::associated::Associated;

/// Which key, besides the epoch's, a data key is wrapped under: a chronology's, or that of a person, family or
/// fragment that stands alone. Destroying it ends everything wrapped under it, whatever its epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyScope(pub Uuid);

/// The terms under which a data key lives. They are bound into the wrapped key: other terms do not open it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Terms {
    /// Content: lives until `expires_at` exactly, under the epoch of that hour and the scope's key.
    Until {
        /// Whose key, besides the epoch's.
        scope: KeyScope,
        /// A key of the object's own that is needed too, so that the object can be ended alone, before its time and in
        /// every copy, while everything else under the scope lives on.
        object: Option<KeyScope>,
        /// From this instant on nothing opens.
        expires_at: Instant,
    },
    /// Directory data without an end (practitioners): under a key of the partnership, no epoch.
    Permanent {
        /// Whose directory.
        partnership: PartnershipId,
    },
}

impl Terms {
    /// # Errors
    /// [`VaultError::Expired`] from `expires_at` on.
    pub(crate) fn check_live(&self, now: Instant) -> Result<(), VaultError> {
        match self {
            Self::Until { expires_at, .. } if now >= *expires_at => Err(VaultError::Expired),
            _ => Ok(()),
        }
    }
}

/// Where a sealed value stands. A value copied to another table, row or version does not open there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The table's name.
    pub table: &'static str,
    /// The row's identifier.
    pub row: Uuid,
    /// The row's version, or 0 where rows have none.
    pub version: i64,
}

impl Place {
    fn bind(&self, label: &str) -> Associated {
        Associated::new(label).text(self.table).id(self.row).number(self.version)
    }

    /// What a payload here is bound to.
    pub(crate) fn payload(&self) -> Associated {
        self.bind("chronology payload 1")
    }

    /// What a data key wrapped here under `terms` is bound to.
    pub(crate) fn wrap(&self, terms: &Terms) -> Associated {
        let place = self.bind("chronology wrap 1");
        match terms {
            Terms::Until { scope, object, expires_at } => {
                let under = place.text("until").id(scope.0);
                let under = object.iter().fold(under, |under, object| under.id(object.0));
                under.number(expires_at.as_micros())
            }
            Terms::Permanent { partnership } => place.text("permanent").id(partnership.0),
        }
    }
}
