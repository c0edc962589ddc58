//! The database's table statistics, which its query planner needs.

use kernel::ServiceResult;

use crate::retention::Retention;

impl Retention {
    /// Refreshes the database's statistics. Returns false if another node is doing so.
    ///
    /// # Errors
    /// [`crate::ServiceError::Unavailable`] when the database cannot be reached.
    pub fn refresh_statistics(&self) -> ServiceResult<bool> {
        Ok(store::statistics::refresh(self.kernel.db())?)
    }
}
