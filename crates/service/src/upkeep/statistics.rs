//! What the database knows of its tables' sizes.

use crate::{Answer, Service};

impl Service {
    /// Takes the database's statistics anew; says whether it did, because another node may be at it.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database does not answer.
    pub fn refresh_statistics(&self) -> Answer<bool> {
        Ok(store::statistics::refresh(&self.0.db)?)
    }
}
