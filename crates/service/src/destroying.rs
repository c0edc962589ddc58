//! Keys of scopes whose rows are deleted: noted with the deletion, destroyed after it, taken out once they are gone. Whoever
//! is killed in between leaves the note, and the next round, on any node, finishes.

use domain::Instant;
use store::WaitingRow;
use vault::KeyScope;

use crate::{Answer, Service, ServiceError};

/// Keys in one go.
const AT_ONCE: i64 = 500;

impl Service {
    /// Destroys the keys of all scopes noted. One failure does not keep the others; the first is returned.
    pub(crate) fn destroy_noted_scopes(&self, now: Instant) -> Answer<()> {
        loop {
            let noted = self.0.db.read("scopes.noted", |tx| store::scopes_to_destroy::list(tx, AT_ONCE))?;
            let full = noted.len() >= usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
            let (mut gone, mut failed) = (Vec::new(), None);
            let (unneeded, noted): (Vec<_>, Vec<_>) = noted.into_iter().partition(|row| row.unneeded);
            let unneeded: Vec<KeyScope> = unneeded.into_iter().map(|row| KeyScope(row.scope)).collect();
            match self.vault().discard_scopes(&unneeded) {
                Ok(()) => gone.extend(unneeded.iter().map(|scope| scope.0)),
                Err(error) => failed = Some(ServiceError::from(error)),
            }
            for WaitingRow { scope, .. } in noted {
                match self.vault().destroy_scope(now, KeyScope(scope)) {
                    Ok(_) => gone.push(scope),
                    Err(error) => failed = failed.or(Some(ServiceError::from(error))),
                }
            }
            if !gone.is_empty() {
                self.0.db.write("scopes.destroyed", |tx| {
                    gone.iter().try_for_each(|scope| store::scopes_to_destroy::delete(tx, *scope))
                })?;
            }
            match failed {
                Some(error) => return Err(error),
                None if full => {}
                None => return Ok(()),
            }
        }
    }
}
