//! Group commit: concurrent small writes share one transaction and so one wait for the disk.
//!
//! The first writer leads: it begins a transaction, does its own work, lends the connection to each
//! writer that arrived meanwhile, one after the other, and commits. Each writer works on its own
//! thread inside a savepoint, so a failing writer undoes only its own work, and reports success
//! only after the commit. Writers that arrive while a group commits form the next group.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel::connection::TransactionManager;

use crate::StoreError;
use crate::audit::audit_sequence::SequenceLease;
use crate::connection::AnyConnection;
use crate::connection::pool::ConnectionLease;
use crate::connection::tx::{Tx, TxMode, begin, run_in_savepoint};

/// Maximum number of followers in one commit, which bounds how long the first of them waits.
const MAX_FOLLOWERS: usize = 64;

/// The writers waiting for a shared commit.
#[derive(Default)]
pub(crate) struct CommitGroup {
    state: Mutex<State>,
    /// How many groups there have been, for the tests.
    #[cfg(test)]
    pub(crate) groups: std::sync::atomic::AtomicUsize,
}

#[derive(Default)]
struct State {
    has_leader: bool,
    waiting: VecDeque<Sender<FollowerMessage>>,
}

/// A message to a waiting writer.
enum FollowerMessage {
    /// It is to lead the next group.
    Lead,
    /// It is to do its work on this connection and return it.
    Work(LentConnection),
    /// The result of the group's commit.
    Committed(Result<(), StoreError>),
}

/// The group's connection, inside its transaction. Returned to the leader when it is dropped.
struct LentConnection {
    lease: Option<ConnectionLease>,
    return_to: Sender<ConnectionLease>,
}

impl Drop for LentConnection {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            // When the leader is gone, the connection closes here, which rolls the transaction
            // back.
            let _ = self.return_to.send(lease);
        }
    }
}

impl CommitGroup {
    /// Runs `body` in a transaction shared with others. `lease` returns the one connection that
    /// writes; `numbers` assigns the numbers of this writer's audit records.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        lease: impl FnOnce() -> Result<ConnectionLease, StoreError>,
        mut numbers: Option<SequenceLease>,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let value = self.join_and_run(lease, numbers.as_mut(), body)?;
        numbers.map_or(Ok(()), SequenceLease::commit)?;
        Ok(value)
    }

    fn join_and_run<T, E: From<StoreError>>(
        &self,
        lease: impl FnOnce() -> Result<ConnectionLease, StoreError>,
        numbers: Option<&mut SequenceLease>,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(messages) = self.enqueue() else {
            return self.run_as_leader(lease, numbers, body);
        };
        match messages.recv() {
            Ok(FollowerMessage::Lead) => self.run_as_leader(lease, numbers, body),
            Ok(FollowerMessage::Work(lent)) => follow(lent, &messages, numbers, body),
            Ok(FollowerMessage::Committed(Err(error))) => Err(error.into()),
            Ok(FollowerMessage::Committed(Ok(()))) | Err(_) => Err(StoreError::Unavailable.into()),
        }
    }

    /// Queues this writer behind the current leader; `None` makes it the leader.
    fn enqueue(&self) -> Option<Receiver<FollowerMessage>> {
        let mut state = self.state();
        if !state.has_leader {
            state.has_leader = true;
            return None;
        }
        let (sender, messages) = channel();
        state.waiting.push_back(sender);
        Some(messages)
    }

    fn run_as_leader<T, E: From<StoreError>>(
        &self,
        lease: impl FnOnce() -> Result<ConnectionLease, StoreError>,
        numbers: Option<&mut SequenceLease>,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let leadership = Leadership(self);
        #[cfg(test)]
        self.groups
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut lease = lease()?;
        begin(&mut lease.connection, TxMode::Write).map_err(|error| {
            lease.broken = true;
            StoreError::from(error)
        })?;
        let outcome = run_in_savepoint(&mut lease.connection, numbers, body).result;
        let (followers, lease) = self.serve_followers(lease);
        let committed = lease.map_or(Err(StoreError::Unavailable), commit);
        for follower in followers {
            let _ = follower.send(FollowerMessage::Committed(committed.clone()));
        }
        drop(leadership);
        let value = outcome?;
        committed?;
        Ok(value)
    }

    /// Lends the connection to the waiting writers in order of arrival. The connection is lost when
    /// a writer is lost with it.
    fn serve_followers(
        &self,
        lease: ConnectionLease,
    ) -> (Vec<Sender<FollowerMessage>>, Option<ConnectionLease>) {
        let mut followers = Vec::new();
        let mut lease = Some(lease);
        while followers.len() < MAX_FOLLOWERS
            && let Some(connection) = lease.take()
        {
            let Some(follower) = self.state().waiting.pop_front() else {
                lease = Some(connection);
                break;
            };
            let (return_to, returned) = channel();
            // When the follower is gone, the message is dropped and the connection returned at
            // once.
            let _ = follower.send(FollowerMessage::Work(LentConnection {
                lease: Some(connection),
                return_to,
            }));
            lease = returned.recv().ok();
            followers.push(follower);
        }
        (followers, lease)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does a follower's work in the leader's transaction and waits for the result of the commit.
fn follow<T, E: From<StoreError>>(
    mut lent: LentConnection,
    messages: &Receiver<FollowerMessage>,
    numbers: Option<&mut SequenceLease>,
    body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let outcome = match lent.lease.as_mut() {
        Some(lease) => run_in_savepoint(&mut lease.connection, numbers, body).result,
        None => Err(StoreError::Unavailable.into()),
    };
    drop(lent);
    let committed = messages.recv();
    let value = outcome?;
    match committed {
        Ok(FollowerMessage::Committed(Ok(()))) => Ok(value),
        Ok(FollowerMessage::Committed(Err(error))) => Err(error.into()),
        Ok(FollowerMessage::Lead | FollowerMessage::Work(_)) | Err(_) => {
            Err(StoreError::Unavailable.into())
        }
    }
}

fn commit(mut lease: ConnectionLease) -> Result<(), StoreError> {
    AnyConnection::commit_transaction(&mut lease.connection).map_err(|error| {
        lease.broken = true;
        StoreError::from(error)
    })
}

/// The leader's role. Dropping it passes the role to the next waiting writer, also after a failure.
struct Leadership<'g>(&'g CommitGroup);

impl Drop for Leadership<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        while let Some(next) = state.waiting.pop_front() {
            if next.send(FollowerMessage::Lead).is_ok() {
                return;
            }
        }
        state.has_leader = false;
    }
}
