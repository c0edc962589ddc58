//! Runs use cases: the two functions through which all reads and writes go, and the audit record
//! that each of them writes.

use domain::{Disclosure, Instant, Operation, PartnershipId};
use store::{OutboxRow, Tx};
use vault::KeyId;

use crate::audit_recording::AuditOutcome;
use crate::audit_subject::AuditSubject;
use crate::caller::{CallContext, CallerSession, ResolvedCaller};
use crate::idempotency::IdempotencyRecord;
use crate::ledger::RecordingAttempt;
use crate::unit_of_work::{AuditContext, UnitOfWork};
use crate::{Kernel, ServiceError, ServiceResult, WriteReply, disclosures};

/// One call of a use case: who calls, which operation, and the instant at which the call began.
#[derive(Clone, Copy)]
struct UseCaseCall<'a> {
    call: &'a CallContext,
    operation: Operation,
    now: Instant,
}

/// A read whose transaction has ended, with the data for its audit record.
struct CompletedRead<T> {
    result: ServiceResult<T>,
    audit: AuditContext,
    session: CallerSession,
}

/// A write whose transaction is ready to commit.
struct CompletedWrite<T> {
    reply: WriteReply<T>,
    events: Vec<OutboxRow>,
    /// The keys whose commitments become published with the commit.
    published: Option<(PartnershipId, Vec<KeyId>)>,
}

/// A failed use case, with what is known about its object for the audit.
pub(crate) struct FailedCall {
    error: ServiceError,
    audit: AuditContext,
}

impl FailedCall {
    fn new(error: ServiceError, audit: &AuditContext) -> Self {
        Self {
            error,
            audit: audit.clone(),
        }
    }
}

impl From<ServiceError> for FailedCall {
    fn from(error: ServiceError) -> Self {
        Self {
            error,
            audit: AuditContext::default(),
        }
    }
}

impl From<store::StoreError> for FailedCall {
    fn from(error: store::StoreError) -> Self {
        Self {
            error: error.into(),
            audit: AuditContext::default(),
        }
    }
}

impl Kernel {
    /// Runs a read: `act` in one read transaction, then the audit record in a write transaction.
    /// Returns the result only when the record is durable.
    pub fn read<T>(
        &self,
        call: &CallContext,
        operation: Operation,
        audit: AuditContext,
        act: impl Fn(&mut UnitOfWork<'_, '_>) -> ServiceResult<T>,
    ) -> ServiceResult<T> {
        if !operation.reads_audit() {
            self.check_merge_delay()?;
        }
        let recording = self.ledger.breaker.begin_attempt()?;
        let use_case = UseCaseCall {
            call,
            operation,
            now: self.now(),
        };
        let completed = self.run_read(&use_case, &recording, &audit, &act)?;
        #[cfg(feature = "bench-switches")]
        if crate::bench_switches::is_read_recording_disabled() {
            return completed.result;
        }
        self.record_read(&use_case, &recording, &completed)?;
        self.refuse_if_expired(completed)
    }

    /// Runs `act` in a read transaction, and again once a caller without a directory entry has been
    /// added. Records what fails before `act` has a result.
    fn run_read<T>(
        &self,
        use_case: &UseCaseCall<'_>,
        recording: &RecordingAttempt<'_>,
        audit: &AuditContext,
        act: &impl Fn(&mut UnitOfWork<'_, '_>) -> ServiceResult<T>,
    ) -> ServiceResult<CompletedRead<T>> {
        let first_run = self
            .run_in_read_transaction(use_case, audit, act)
            .map_err(|error| {
                if error.is_database_unavailable() {
                    // The audit record could not be written either. Callers that wait need not each
                    // find that out.
                    recording.record_result(false);
                    return error;
                }
                self.record_failure(use_case, FailedCall::new(error, audit))
            })?;
        if let Some(completed) = first_run {
            return Ok(completed);
        }
        self.register_caller(use_case.call)
            .map_err(|error| self.record_failure(use_case, FailedCall::new(error, audit)))?;
        self.run_in_read_transaction(use_case, audit, act)?
            .ok_or(ServiceError::NotFound)
    }

    /// Runs `act` in one read transaction; `None` when the caller has no directory entry.
    fn run_in_read_transaction<T>(
        &self,
        use_case: &UseCaseCall<'_>,
        audit: &AuditContext,
        act: &impl Fn(&mut UnitOfWork<'_, '_>) -> ServiceResult<T>,
    ) -> ServiceResult<Option<CompletedRead<T>>> {
        self.db.read(use_case.operation.as_str(), |tx| {
            let Some(caller) = self.resolve_caller(tx, use_case.call, use_case.now)? else {
                return Ok(None);
            };
            let mut uow = UnitOfWork::for_read(tx, &caller, audit.clone());
            let result = act(&mut uow);
            Ok(Some(CompletedRead {
                result,
                audit: uow.audit,
                session: caller.session,
            }))
        })
    }

    /// Writes the audit record of a read and what its response discloses to whom. Returns when they
    /// are durable.
    fn record_read<T>(
        &self,
        use_case: &UseCaseCall<'_>,
        recording: &RecordingAttempt<'_>,
        completed: &CompletedRead<T>,
    ) -> ServiceResult<()> {
        let UseCaseCall {
            call, operation, ..
        } = *use_case;
        let CompletedRead {
            result,
            audit,
            session,
        } = completed;
        let label = result
            .as_ref()
            .map_or_else(ServiceError::outcome, |_| "allowed");
        let outcome = AuditOutcome { label, audit };
        let record = self.build_audit_record(call, session, operation, outcome);
        let shown_fragments = if result.is_ok() {
            disclosures::build_shown_fragment_rows(&record, session, operation, audit)
        } else {
            Vec::new()
        };
        if recording.should_give_up() {
            return Err(ServiceError::Unavailable(Box::new(
                store::StoreError::Unavailable,
            )));
        }
        // A caller who has read family data stays in the directory, because the audit names them.
        let confirm_caller =
            session.provisional && result.is_ok() && discloses_family_data(operation, audit);
        let written = self.db.write_grouped("audit.append", move |tx| {
            self.append_audit_record(tx, &record)?;
            if confirm_caller {
                confirm_caller_entry(tx, session)?;
            }
            Ok::<_, ServiceError>(store::shown_fragments::insert(tx, &shown_fragments)?)
        });
        recording.record_result(written.is_ok());
        written
    }

    /// Withholds a result of which a part expired while the record was written. A repeated request
    /// gets what is still live.
    fn refuse_if_expired<T>(&self, completed: CompletedRead<T>) -> ServiceResult<T> {
        let CompletedRead { result, audit, .. } = completed;
        if audit.expires_at.is_some_and(|end| end <= self.now()) && result.is_ok() {
            return Err(ServiceError::Expired);
        }
        result
    }

    /// Runs a write that needs no idempotency key, because it names the version that it changes or
    /// because repeating it changes nothing. `act` and its audit record commit in one transaction.
    /// A failure rolls back everything and is recorded in a transaction of its own.
    pub fn write<T>(
        &self,
        call: &CallContext,
        operation: Operation,
        audit: AuditContext,
        act: impl Fn(&mut UnitOfWork<'_, '_>) -> ServiceResult<T>,
    ) -> ServiceResult<WriteReply<T>> {
        let no_replay = |_: &mut UnitOfWork<'_, '_>, _: &IdempotencyRecord| {
            Err(ServiceError::Internal(
                "a write without an idempotency record was replayed",
            ))
        };
        self.write_idempotent(call, operation, audit, act, no_replay)
    }

    /// Runs a write once for each idempotency key. Works as [`Kernel::write`], and also stores an
    /// idempotency record in the same transaction. A repeat changes nothing: `replay` reads the
    /// object again under the authorisation that reading needs, so that the caller sees what they
    /// may see now.
    pub fn write_idempotent<T>(
        &self,
        call: &CallContext,
        operation: Operation,
        audit: AuditContext,
        act: impl Fn(&mut UnitOfWork<'_, '_>) -> ServiceResult<T>,
        replay: impl Fn(&mut UnitOfWork<'_, '_>, &IdempotencyRecord) -> ServiceResult<T>,
    ) -> ServiceResult<WriteReply<T>> {
        self.check_merge_delay()?;
        let _in_flight = self.begin_request(call, operation)?;
        let use_case = UseCaseCall {
            call,
            operation,
            now: self.now(),
        };
        let run = || {
            self.db.write(operation.as_str(), |tx| {
                self.run_write(tx, &use_case, &audit, &act, &replay)
            })
        };
        let mut completed = run();
        if matches!(
            completed,
            Err(FailedCall {
                error: ServiceError::UnknownCaller,
                ..
            })
        ) {
            self.register_caller(call)
                .map_err(|error| self.record_failure(&use_case, FailedCall::new(error, &audit)))?;
            completed = run();
        }
        let CompletedWrite {
            reply,
            events,
            published,
        } = completed.map_err(|failed| self.record_failure(&use_case, failed))?;
        if let Some((partnership, keys)) = published {
            self.published_keys.remember(partnership, keys);
        }
        self.dispatch_events(&events);
        Ok(reply)
    }

    /// Runs `act` in the write transaction, or `replay` when the request repeats an earlier one.
    fn run_write<T>(
        &self,
        tx: &mut Tx<'_>,
        use_case: &UseCaseCall<'_>,
        audit: &AuditContext,
        act: &impl Fn(&mut UnitOfWork<'_, '_>) -> ServiceResult<T>,
        replay: &impl Fn(&mut UnitOfWork<'_, '_>, &IdempotencyRecord) -> ServiceResult<T>,
    ) -> Result<CompletedWrite<T>, FailedCall> {
        let fail = |error| FailedCall::new(error, audit);
        let caller = self.resolve_active_caller(tx, use_case).map_err(fail)?;
        let existing = self
            .find_idempotency_record(tx, use_case.call, &caller.session, use_case.operation)
            .map_err(fail)?;
        match existing {
            Some(record) => {
                let audit = AuditContext {
                    subject: audit.subject.with_id(record.object.id()),
                    ..audit.clone()
                };
                let replay = |uow: &mut UnitOfWork<'_, '_>| replay(uow, &record);
                self.replay_write(tx, use_case, &caller, audit, replay)
            }
            None => self.perform_write(tx, use_case, &caller, audit.clone(), act),
        }
    }

    /// Looks up the caller of a write, who must have a directory entry and be active.
    fn resolve_active_caller(
        &self,
        tx: &mut Tx<'_>,
        use_case: &UseCaseCall<'_>,
    ) -> ServiceResult<ResolvedCaller> {
        let caller = self
            .resolve_caller(tx, use_case.call, use_case.now)?
            .ok_or(ServiceError::UnknownCaller)?;
        if caller.session.active {
            Ok(caller)
        } else {
            Err(ServiceError::NotFound)
        }
    }

    /// Answers a repeat of an earlier request from the object as it is now, and records that.
    fn replay_write<T>(
        &self,
        tx: &mut Tx<'_>,
        use_case: &UseCaseCall<'_>,
        caller: &ResolvedCaller,
        audit: AuditContext,
        replay: impl FnOnce(&mut UnitOfWork<'_, '_>) -> ServiceResult<T>,
    ) -> Result<CompletedWrite<T>, FailedCall> {
        let UseCaseCall {
            call, operation, ..
        } = *use_case;
        let session = &caller.session;
        let mut uow = UnitOfWork {
            replay_of: Some(operation),
            ..UnitOfWork::for_write(tx, caller, audit)
        };
        let replayed = replay(&mut uow);
        let UnitOfWork { tx, audit, .. } = uow;
        let value = replayed.map_err(|error| FailedCall::new(error, &audit))?;
        let outcome = AuditOutcome {
            label: "replayed",
            audit: &audit,
        };
        let record = self.build_audit_record(call, session, operation, outcome);
        self.append_audit_record(tx, &record)?;
        store::shown_fragments::insert(
            tx,
            &disclosures::build_shown_fragment_rows(&record, session, operation, &audit),
        )?;
        Ok(CompletedWrite {
            reply: WriteReply {
                value,
                replayed: true,
            },
            events: Vec::new(),
            published: None,
        })
    }

    /// Runs `act`, then writes everything that commits with it: its audit record, what its response
    /// discloses, its idempotency record, and the commitments to the keys that it has used.
    fn perform_write<T>(
        &self,
        tx: &mut Tx<'_>,
        use_case: &UseCaseCall<'_>,
        caller: &ResolvedCaller,
        audit: AuditContext,
        act: &impl Fn(&mut UnitOfWork<'_, '_>) -> ServiceResult<T>,
    ) -> Result<CompletedWrite<T>, FailedCall> {
        let session = &caller.session;
        let mut uow = UnitOfWork::for_write(tx, caller, audit);
        let result = act(&mut uow);
        let UnitOfWork {
            tx, audit, events, ..
        } = uow;
        let fail = |error| FailedCall::new(error, &audit);
        let value = result.map_err(fail)?;
        if session.provisional {
            confirm_caller_entry(tx, session)?;
        }
        let events = self
            .insert_events(tx, session.actor.partnership, &events, use_case.now)
            .map_err(fail)?;
        self.record_write(tx, use_case, session, &audit)?;
        self.insert_idempotency_record(tx, use_case.call, session, use_case.operation, &audit)
            .map_err(fail)?;
        let partnership = session.actor.partnership;
        let keys = self
            .publish_used_keys(tx, partnership, use_case.now)
            .map_err(fail)?;
        Ok(CompletedWrite {
            reply: WriteReply {
                value,
                replayed: false,
            },
            events,
            published: Some((partnership, keys)),
        })
    }

    /// Appends the audit record of a write, a second one when it lowered markings, and what its
    /// response discloses.
    fn record_write(
        &self,
        tx: &mut Tx<'_>,
        use_case: &UseCaseCall<'_>,
        session: &CallerSession,
        audit: &AuditContext,
    ) -> ServiceResult<()> {
        let UseCaseCall {
            call, operation, ..
        } = *use_case;
        let outcome = AuditOutcome {
            label: "allowed",
            audit,
        };
        let record = self.build_audit_record(call, session, operation, outcome);
        self.append_audit_record(tx, &record)?;
        if audit.disclosures.lowered_entries > 0 {
            let lowered = self.build_markings_lowered_record(call, session, audit);
            self.append_audit_record(tx, &lowered)?;
        }
        let shown_fragments =
            disclosures::build_shown_fragment_rows(&record, session, operation, audit);
        Ok(store::shown_fragments::insert(tx, &shown_fragments)?)
    }

    /// Records a failed use case in a transaction of its own. Returns the error of the use case, or
    /// the error that prevented the record.
    fn record_failure(&self, use_case: &UseCaseCall<'_>, failed: FailedCall) -> ServiceError {
        let FailedCall { error, audit } = failed;
        let label = if audit.disclosures.address_refused {
            "address_refused"
        } else {
            error.outcome()
        };
        let written = self.db.write_grouped("audit.append", |tx| {
            self.append_failure_record(tx, use_case, label, &audit)
        });
        match written {
            Ok(()) => error,
            Err(unrecorded) => unrecorded,
        }
    }

    /// Appends the audit record of a failed use case. A caller whose text disclosed a protected
    /// address stays in the directory, because the refusal that is recorded names them.
    fn append_failure_record(
        &self,
        tx: &mut Tx<'_>,
        use_case: &UseCaseCall<'_>,
        label: &'static str,
        audit: &AuditContext,
    ) -> ServiceResult<()> {
        let UseCaseCall {
            call,
            operation,
            now,
        } = *use_case;
        let caller = match self.resolve_caller(tx, call, now) {
            Ok(caller) => caller,
            Err(ServiceError::Unavailable(error)) => return Err(ServiceError::Unavailable(error)),
            Err(_) => None,
        };
        let outcome = AuditOutcome { label, audit };
        let record = match caller {
            Some(ResolvedCaller { session, .. }) => {
                if audit.disclosures.address_refused {
                    confirm_caller_entry(tx, &session)?;
                    self.record_address_refusal(tx, &session, operation, audit)?;
                }
                self.build_audit_record(call, &session, operation, outcome)
            }
            None => self.build_unknown_caller_record(call, operation, outcome)?,
        };
        self.append_audit_record(tx, &record)
    }

    /// Records that a caller was refused before their request body was read.
    pub fn record_refusal(
        &self,
        call: &CallContext,
        operation: Operation,
        now: Instant,
        error: ServiceError,
        audit: AuditContext,
    ) -> ServiceError {
        let use_case = UseCaseCall {
            call,
            operation,
            now,
        };
        self.record_failure(&use_case, FailedCall { error, audit })
    }

    /// Records a request that failed validation before it reached a use case.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the audit record cannot be written.
    pub fn record_invalid_request(
        &self,
        call: &CallContext,
        operation: Operation,
        object: Option<uuid::Uuid>,
    ) -> ServiceResult<()> {
        self.register_caller_if_new(call)?;
        let audit = AuditContext {
            subject: object.map_or(AuditSubject::Nothing, AuditSubject::UnknownKind),
            ..AuditContext::default()
        };
        let error = ServiceError::Invalid(Vec::new());
        let recorded = self.record_refusal(call, operation, self.now(), error, audit);
        if matches!(recorded, ServiceError::Invalid(_)) {
            Ok(())
        } else {
            Err(recorded)
        }
    }
}

/// Makes the directory entry of a caller permanent.
fn confirm_caller_entry(tx: &mut Tx<'_>, session: &CallerSession) -> Result<(), store::StoreError> {
    let actor = &session.actor;
    store::practitioners::confirm(tx, actor.partnership, &[actor.practitioner])
}

/// Whether a read disclosed data about a family, as opposed to directory data or nothing.
const fn discloses_family_data(operation: Operation, audit: &AuditContext) -> bool {
    match operation.spec().discloses {
        Disclosure::Nothing => false,
        Disclosure::PersonFound => audit.expires_at.is_some() || audit.subject.id().is_some(),
        Disclosure::Family | Disclosure::Content => audit.subject.id().is_some(),
    }
}
