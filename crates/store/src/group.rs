//! Group commit: concurrent small writes share one transaction and so one wait for the disk.
//!
//! The first to come leads: it begins a transaction, does its own work, then lends the connection to each of those who
//! came meanwhile, one after the other, and commits. Each does its work on its own thread inside a savepoint, so that
//! one that fails undoes itself alone, and hears of success only after the commit. Whoever comes while a group commits
//! waits and forms the next one.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel::connection::TransactionManager;

use crate::StoreError;
use crate::book::Pen;
use crate::connection::AnyConnection;
use crate::pool::Lease;
use crate::tx::{Mode, Tx, begin, in_savepoint};

/// How many writes share one commit at most, so that the first of them need not wait for ever.
const MOST: usize = 64;

/// Those who wait to write, and whether somebody leads.
#[derive(Default)]
pub(crate) struct Group {
    state: Mutex<State>,
    /// How many groups there were, for the tests.
    #[cfg(test)]
    pub(crate) led: std::sync::atomic::AtomicUsize,
}

#[derive(Default)]
struct State {
    led: bool,
    waiting: VecDeque<Sender<Turn>>,
}

/// What one who waits is told.
enum Turn {
    /// Lead the next group.
    Lead,
    /// Do your work on this connection and give it back.
    Work(Lent),
    /// How the group's commit ended.
    Ended(Result<(), StoreError>),
}

/// The group's connection, inside its transaction. Goes back to the leader when it is dropped.
struct Lent {
    lease: Option<Lease>,
    back: Sender<Lease>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            // A leader who is gone needs no connection; the transaction is rolled back as the connection closes.
            let _ = self.back.send(lease);
        }
    }
}

impl Group {
    /// Runs `body` in a transaction shared with others. `lease` gives the one connection that writes; `pen` numbers
    /// this one's own records.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        lease: impl FnOnce() -> Result<Lease, StoreError>,
        mut pen: Option<Pen>,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let value = self.take_part(lease, pen.as_mut(), body)?;
        pen.map_or(Ok(()), Pen::settle)?;
        Ok(value)
    }

    fn take_part<T, E: From<StoreError>>(
        &self,
        lease: impl FnOnce() -> Result<Lease, StoreError>,
        pen: Option<&mut Pen>,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(turns) = self.join() else { return self.lead(lease, pen, body) };
        match turns.recv() {
            Ok(Turn::Lead) => self.lead(lease, pen, body),
            Ok(Turn::Work(lent)) => follow(lent, &turns, pen, body),
            Ok(Turn::Ended(Err(error))) => Err(error.into()),
            Ok(Turn::Ended(Ok(()))) | Err(_) => Err(StoreError::Unavailable.into()),
        }
    }

    /// Waits in line, or leads when nobody does.
    fn join(&self) -> Option<Receiver<Turn>> {
        let mut state = self.state();
        if !state.led {
            state.led = true;
            return None;
        }
        let (sender, turns) = channel();
        state.waiting.push_back(sender);
        Some(turns)
    }

    fn lead<T, E: From<StoreError>>(
        &self,
        lease: impl FnOnce() -> Result<Lease, StoreError>,
        pen: Option<&mut Pen>,
        body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let leadership = Leadership(self);
        #[cfg(test)]
        self.led.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut lease = lease()?;
        begin(&mut lease.connection, Mode::Write).map_err(|error| {
            lease.broken = true;
            StoreError::from(error)
        })?;
        let (outcome, _) = in_savepoint(&mut lease.connection, pen, body);
        let (followers, lease) = self.serve(lease);
        let ended = lease.map_or(Err(StoreError::Unavailable), commit);
        for follower in followers {
            let _ = follower.send(Turn::Ended(ended.clone()));
        }
        drop(leadership);
        let value = outcome?;
        ended?;
        Ok(value)
    }

    /// Lends the connection to those who wait, in the order in which they came. It is lost when one of them is.
    fn serve(&self, lease: Lease) -> (Vec<Sender<Turn>>, Option<Lease>) {
        let mut followers = Vec::new();
        let mut lease = Some(lease);
        while followers.len() < MOST
            && let Some(connection) = lease.take()
        {
            let Some(follower) = self.state().waiting.pop_front() else {
                lease = Some(connection);
                break;
            };
            let (back, returned) = channel();
            // When the follower is gone, what was sent is dropped and the connection comes straight back.
            let _ = follower.send(Turn::Work(Lent { lease: Some(connection), back }));
            lease = returned.recv().ok();
            followers.push(follower);
        }
        (followers, lease)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does one's own work in the leader's transaction and waits to hear how that ended.
fn follow<T, E: From<StoreError>>(
    mut lent: Lent,
    turns: &Receiver<Turn>,
    pen: Option<&mut Pen>,
    body: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let outcome = match lent.lease.as_mut() {
        Some(lease) => in_savepoint(&mut lease.connection, pen, body).0,
        None => Err(StoreError::Unavailable.into()),
    };
    drop(lent);
    let ended = turns.recv();
    let value = outcome?;
    match ended {
        Ok(Turn::Ended(Ok(()))) => Ok(value),
        Ok(Turn::Ended(Err(error))) => Err(error.into()),
        Ok(Turn::Lead | Turn::Work(_)) | Err(_) => Err(StoreError::Unavailable.into()),
    }
}

fn commit(mut lease: Lease) -> Result<(), StoreError> {
    AnyConnection::commit_transaction(&mut lease.connection).map_err(|error| {
        lease.broken = true;
        StoreError::from(error)
    })
}

/// Being the leader. Passed to the next who waits, however it ends.
struct Leadership<'g>(&'g Group);

impl Drop for Leadership<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        while let Some(next) = state.waiting.pop_front() {
            if next.send(Turn::Lead).is_ok() {
                return;
            }
        }
        state.led = false;
    }
}
