//! A circuit breaker for audit records. After a record could not be written, one caller at a time
//! tries again and all others are refused at once, instead of each waiting for a time-out.

use std::sync::atomic::{AtomicBool, Ordering};

use store::StoreError;

use crate::{ServiceError, ServiceResult};

/// Whether records can be written, according to the last attempt.
#[derive(Default)]
pub(crate) struct CircuitBreaker {
    failing: AtomicBool,
    probing: AtomicBool,
}

/// Permission to attempt an operation that writes an audit record.
pub(crate) struct RecordingAttempt<'g> {
    breaker: &'g CircuitBreaker,
    is_probe: bool,
}

impl CircuitBreaker {
    /// Admits every caller while the last attempt succeeded, and one caller at a time after a
    /// failure.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] for the other callers after a failure.
    pub(crate) fn begin_attempt(&self) -> ServiceResult<RecordingAttempt<'_>> {
        if !self.failing.load(Ordering::Acquire) {
            return Ok(RecordingAttempt {
                breaker: self,
                is_probe: false,
            });
        }
        if self.probing.swap(true, Ordering::AcqRel) {
            return Err(ServiceError::Unavailable(Box::new(StoreError::Unavailable)));
        }
        Ok(RecordingAttempt {
            breaker: self,
            is_probe: true,
        })
    }
}

impl RecordingAttempt<'_> {
    /// Whether another caller has meanwhile found that records cannot be written.
    pub(crate) fn should_give_up(&self) -> bool {
        !self.is_probe && self.breaker.failing.load(Ordering::Acquire)
    }

    /// Stores whether the record could be written.
    pub(crate) fn record_result(&self, succeeded: bool) {
        self.breaker.failing.store(!succeeded, Ordering::Release);
    }
}

impl Drop for RecordingAttempt<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            self.breaker.probing.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_failure_one_caller_probes_and_others_are_refused() {
        let breaker = CircuitBreaker::default();
        let first = breaker.begin_attempt().unwrap();
        let second = breaker.begin_attempt().unwrap();
        first.record_result(false);
        assert!(second.should_give_up());
        drop((first, second));
        let prober = breaker.begin_attempt().unwrap();
        assert!(!prober.should_give_up() && breaker.begin_attempt().is_err());
        drop(prober);
        let prober = breaker.begin_attempt().unwrap();
        prober.record_result(true);
        assert!(
            breaker
                .begin_attempt()
                .is_ok_and(|attempt| !attempt.should_give_up())
        );
    }
}
