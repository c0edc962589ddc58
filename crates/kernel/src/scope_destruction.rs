//! Destruction of the keys of deleted scopes. A scope is queued in the transaction that deletes its
//! rows, destroyed afterwards, and removed from the queue when its key is gone. If a process dies
//! in between, the entry stays queued and the next run on any node finishes the work.

use domain::Instant;
use store::ScopeToDestroyRow;
use vault::KeyScope;

use crate::{Kernel, ServiceError, ServiceResult};

/// The number of queued scopes handled in one batch.
const BATCH_SIZE: i64 = 500;

impl Kernel {
    /// Destroys the keys of all queued scopes. A failure for one scope does not stop the others;
    /// the first error is returned.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the database or the keystore cannot be reached.
    pub fn destroy_queued_scopes(&self, now: Instant) -> ServiceResult<()> {
        loop {
            let queued = self.db.read("scopes.queued", |tx| {
                store::scopes_to_destroy::list(tx, BATCH_SIZE)
            })?;
            let is_full_batch = queued.len() >= usize::try_from(BATCH_SIZE).unwrap_or(usize::MAX);
            let mut destroyed = Vec::new();
            let mut first_error = None;
            let (unneeded, to_destroy): (Vec<_>, Vec<_>) =
                queued.into_iter().partition(|row| row.unneeded);
            let unneeded: Vec<KeyScope> = unneeded
                .into_iter()
                .map(|row| KeyScope(row.scope))
                .collect();
            match self.vault().discard_scopes(&unneeded) {
                Ok(()) => destroyed.extend(unneeded.iter().map(|scope| scope.0)),
                Err(error) => first_error = Some(ServiceError::from(error)),
            }
            for ScopeToDestroyRow { scope, .. } in to_destroy {
                match self.vault().destroy_scope(now, KeyScope(scope)) {
                    Ok(_) => destroyed.push(scope),
                    Err(error) => first_error = first_error.or(Some(ServiceError::from(error))),
                }
            }
            if !destroyed.is_empty() {
                self.db.write("scopes.destroyed", |tx| {
                    destroyed
                        .iter()
                        .try_for_each(|scope| store::scopes_to_destroy::delete(tx, *scope))
                })?;
            }
            match first_error {
                Some(error) => return Err(error),
                None if is_full_batch => {}
                None => return Ok(()),
            }
        }
    }
}
