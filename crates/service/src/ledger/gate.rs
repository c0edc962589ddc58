//! When records cannot be written, nobody waits in line to find that out again: one caller tries, the others are told at
//! once.

use std::sync::atomic::{AtomicBool, Ordering};

use store::StoreError;

use crate::{Answer, ServiceError};

/// Whether records can be written, as far as the last attempt tells.
#[derive(Default)]
pub(crate) struct Gate {
    failing: AtomicBool,
    tried: AtomicBool,
}

/// Leave to try.
pub(crate) struct Trying<'g> {
    gate: &'g Gate,
    alone: bool,
}

impl Gate {
    /// Lets everybody through while all is well, and one at a time after a failure.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] for everybody else.
    pub(crate) fn pass(&self) -> Answer<Trying<'_>> {
        if !self.failing.load(Ordering::Acquire) {
            return Ok(Trying { gate: self, alone: false });
        }
        if self.tried.swap(true, Ordering::AcqRel) {
            return Err(ServiceError::Unavailable(Box::new(StoreError::Unavailable)));
        }
        Ok(Trying { gate: self, alone: true })
    }
}

impl Trying<'_> {
    /// Whether others have found meanwhile that records cannot be written.
    pub(crate) fn is_hopeless(&self) -> bool {
        !self.alone && self.gate.failing.load(Ordering::Acquire)
    }

    /// Notes how it went.
    pub(crate) fn went(&self, well: bool) {
        self.gate.failing.store(!well, Ordering::Release);
    }
}

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        if self.alone {
            self.gate.tried.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_one_tries_and_the_others_hear_at_once() {
        let gate = Gate::default();
        let (first, second) = (gate.pass().unwrap(), gate.pass().unwrap());
        first.went(false);
        assert!(second.is_hopeless());
        drop((first, second));
        let prober = gate.pass().unwrap();
        assert!(!prober.is_hopeless() && gate.pass().is_err());
        drop(prober);
        let prober = gate.pass().unwrap();
        prober.went(true);
        assert!(gate.pass().is_ok_and(|trying| !trying.is_hopeless()));
    }
}
