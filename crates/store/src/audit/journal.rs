//! The journal: a node's own log of the audit records that it writes, in files beside the service,
//! durable before a response leaves. It reveals a record that was removed from the database before
//! it was added to the tree.
//!
//! A line is written before its transaction is committed, and from then on survives the process. A
//! dedicated thread makes lines durable, all that have been written at a time, so that one wait for
//! the disk serves all of them and overlaps with the database's commit.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ledger::JournalLine;
use uuid::Uuid;

use crate::StoreError;

const EXTENSION: &str = "journal";
/// The size in bytes at which a new file is begun.
const MAX_FILE_BYTES: u64 = 64 * 1_024 * 1_024;
/// How long a caller waits for its lines to become durable.
const DURABILITY_TIMEOUT: Duration = Duration::from_millis(1_500);
/// The interval between attempts after a failed write.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// The journal of one run of a node. Clones share it; when the last clone is dropped, the remaining
/// lines are made durable and the thread ends.
#[derive(Clone)]
pub struct Journal(Arc<Handle>);

struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.state().closed = true;
        self.0.wake.notify_all();
    }
}

struct Shared {
    state: Mutex<State>,
    /// Notified when there are lines to make durable, and when the journal is closed.
    wake: Condvar,
    /// Notified when lines became durable or a write failed.
    progress: Condvar,
}

struct State {
    files: Files,
    /// Lines that are not written yet, in order.
    unwritten: Vec<u8>,
    /// Lines written to the operating system that may not be on the disk yet.
    unsynced: Vec<u8>,
    /// Total length in bytes of the appended lines.
    appended: u64,
    /// Total length in bytes of the durable lines.
    durable: u64,
    /// Whether the last attempt to write failed.
    failing: bool,
    closed: bool,
}

impl State {
    /// Writes the pending lines to the operating system: from then on they survive this process.
    fn write(&mut self) -> io::Result<()> {
        let lines = std::mem::take(&mut self.unwritten);
        if let Err(error) = self.files.append(&lines) {
            self.unwritten = lines;
            return Err(error);
        }
        self.unsynced.extend_from_slice(&lines);
        Ok(())
    }

    fn fail(&mut self, error: &io::Error) {
        if !self.failing {
            tracing::error!(kind = ?error.kind(), "audit journal cannot be written; requests are refused until it can");
        }
        self.failing = true;
    }
}

impl Shared {
    fn new(files: Files) -> Self {
        let state = State {
            files,
            unwritten: Vec::new(),
            unsynced: Vec::new(),
            appended: 0,
            durable: 0,
            failing: false,
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            wake: Condvar::new(),
            progress: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal {
    /// Creates the journal of `run` in `folder`. The folder is created if it does not exist,
    /// accessible to its owner only.
    ///
    /// # Errors
    /// [`io::Error`] when the folder or the file cannot be created, or the run has a journal
    /// already.
    pub fn create(folder: &Path, run: Uuid) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let mut files = Files {
            folder: folder.to_owned(),
            run,
            next: 0,
            file: None,
        };
        files.open_next()?;
        Self::start(files)
    }

    fn start(files: Files) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(files));
        let syncer = Syncer(Arc::clone(&shared));
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || syncer.run())?;
        Ok(Self(Arc::new(Handle(shared))))
    }

    /// Writes lines. When this returns they survive the process, though not yet the machine.
    /// Returns the position up to which the journal must be durable for the lines to be.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the lines cannot be written. They are kept and written as
    /// soon as possible.
    pub(crate) fn append(&self, lines: &[JournalLine]) -> Result<u64, StoreError> {
        let shared = &self.0.0;
        let mut state = shared.state();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        state.unwritten.extend_from_slice(text.as_bytes());
        state.appended += text.len() as u64;
        let position = state.appended;
        let written = if state.failing {
            Err(StoreError::Unavailable)
        } else {
            Ok(())
        };
        let written = written.and_then(|()| {
            state.write().map_err(|error| {
                state.fail(&error);
                StoreError::Unavailable
            })
        });
        drop(state);
        shared.wake.notify_one();
        written.map(|()| position)
    }

    /// Waits until the journal is durable up to `position`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it is not durable within 1.5 seconds, or a write fails.
    pub(crate) fn wait_durable(&self, position: u64) -> Result<(), StoreError> {
        let shared = &self.0.0;
        let is_behind = |state: &mut State| state.durable < position && !state.failing;
        let (state, _) = shared
            .progress
            .wait_timeout_while(shared.state(), DURABILITY_TIMEOUT, is_behind)
            .unwrap_or_else(PoisonError::into_inner);
        if state.durable >= position {
            Ok(())
        } else {
            Err(StoreError::Unavailable)
        }
    }

    /// Whether the last attempt to write failed. Transactions that need a line must then not begin.
    pub(crate) fn is_failing(&self) -> bool {
        self.0.0.state().failing
    }
}

/// Makes written lines durable, all at once, and retries lines that could not be written.
struct Syncer(Arc<Shared>);

impl Syncer {
    fn run(self) {
        loop {
            let mut state = self.0.state();
            while state.durable == state.appended && !state.closed {
                state = self
                    .0
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if state.durable == state.appended {
                return;
            }
            if let Err(error) = self.sync(state)
                && !self.wait_to_retry(&error)
            {
                return;
            }
        }
    }

    /// Makes one attempt to make all appended lines durable.
    fn sync(&self, mut state: MutexGuard<'_, State>) -> io::Result<()> {
        state.write()?;
        let file = state.files.handle()?;
        let position = state.appended;
        let count = state.unsynced.len();
        drop(state);
        let synced = file.sync_data();
        let mut state = self.0.state();
        if let Err(error) = synced {
            // The operating system may silently have lost the unsynced lines, so they are written
            // again, to a new file.
            state.files.close_current();
            let lost = std::mem::take(&mut state.unsynced);
            state.unwritten.splice(..0, lost);
            return Err(error);
        }
        state.unsynced.drain(..count);
        state.durable = position;
        state.failing = false;
        self.0.progress.notify_all();
        Ok(())
    }

    /// Waits for the retry interval after a failure; returns false when the journal was closed
    /// meanwhile.
    fn wait_to_retry(&self, error: &io::Error) -> bool {
        let mut state = self.0.state();
        state.fail(error);
        self.0.progress.notify_all();
        let is_open = |state: &mut State| !state.closed;
        let (state, _) = self
            .0
            .wake
            .wait_timeout_while(state, RETRY_INTERVAL, is_open)
            .unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }
}

/// The numbered files of one run.
struct Files {
    folder: PathBuf,
    run: Uuid,
    next: u32,
    file: Option<(File, u64)>,
}

impl Files {
    /// Creates the next file and locks it.
    fn open_next(&mut self) -> io::Result<()> {
        let path = self
            .folder
            .join(format!("{}-{:06}.{EXTENSION}", self.run, self.next));
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        // Locked for as long as the run lasts, so that no other process recovers its numbers as
        // abandoned.
        file.try_lock()?;
        File::open(&self.folder)?.sync_all()?;
        self.next += 1;
        self.file = Some((file, 0));
        Ok(())
    }

    /// Appends lines. The remains of a failed attempt are truncated before the next one.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if let Some((file, _)) = self
            .file
            .as_ref()
            .filter(|(_, length)| *length >= MAX_FILE_BYTES)
        {
            file.sync_data()?;
            self.file = None;
        }
        if self.file.is_none() {
            self.open_next()?;
        }
        let Some((file, length)) = &mut self.file else {
            return Err(ErrorKind::NotFound.into());
        };
        if file.metadata()?.len() != *length {
            file.set_len(*length)?;
        }
        file.write_all(lines)?;
        *length += lines.len() as u64;
        Ok(())
    }

    /// A handle of the current file, for making it durable without blocking writers.
    fn handle(&self) -> io::Result<File> {
        self.file.as_ref().ok_or(ErrorKind::NotFound)?.0.try_clone()
    }

    /// Closes the current file, so that the next lines go to a new one.
    fn close_current(&mut self) {
        self.file = None;
    }
}

/// The runs that have a journal in `folder`, each with its files in the order in which they were
/// written. A folder that does not exist has none.
///
/// # Errors
/// [`io::Error`] when the folder cannot be read.
pub fn list_runs(folder: &Path) -> io::Result<Vec<(Uuid, Vec<PathBuf>)>> {
    let listed = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut found = std::collections::BTreeMap::<Uuid, Vec<PathBuf>>::new();
    for entry in listed {
        let path = entry?.path();
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.rsplit_once('-'));
        let run = stem.and_then(|(run, _)| Uuid::try_parse(run).ok());
        if let Some(run) = run.filter(|_| {
            path.extension()
                .is_some_and(|extension| extension == EXTENSION)
        }) {
            found.entry(run).or_default().push(path);
        }
    }
    Ok(found
        .into_iter()
        .map(|(run, mut files)| (run, sorted(&mut files)))
        .collect())
}

fn sorted(files: &mut Vec<PathBuf>) -> Vec<PathBuf> {
    files.sort();
    std::mem::take(files)
}

/// Reads the lines of a journal file. A last line that was truncated when its process was killed is
/// skipped.
///
/// # Errors
/// [`io::Error`] when the file cannot be read.
pub fn read_lines(file: &Path) -> io::Result<Vec<JournalLine>> {
    let mut all = Vec::new();
    let mut reader = BufReader::new(File::open(file)?);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        // Without its line end, a truncated line could be read as a shorter number.
        let complete = line
            .strip_suffix(b"\n")
            .and_then(|line| std::str::from_utf8(line).ok());
        all.extend(complete.and_then(JournalLine::parse));
        line.clear();
    }
    Ok(all)
}

/// Whether the run has ended without having been recovered: no process holds the lock on its newest
/// file.
///
/// # Errors
/// [`io::Error`] when the folder or the file cannot be read.
pub fn is_abandoned(folder: &Path, run: Uuid) -> io::Result<bool> {
    if is_recovered(folder, run)? {
        return Ok(false);
    }
    let newest = list_runs(folder)?
        .into_iter()
        .find(|(found, _)| *found == run)
        .and_then(|(_, mut files)| files.pop());
    let Some(newest) = newest else {
        return Ok(false);
    };
    match File::open(newest)?.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether the journal of a run has been recovered.
///
/// # Errors
/// [`io::Error`] when the folder cannot be read.
pub fn is_recovered(folder: &Path, run: Uuid) -> io::Result<bool> {
    recovered_marker(folder, run).try_exists()
}

/// Marks the journal of a run as recovered.
///
/// # Errors
/// [`io::Error`] when the marker file cannot be created.
pub fn mark_recovered(folder: &Path, run: Uuid) -> io::Result<()> {
    File::create(recovered_marker(folder, run)).map(drop)
}

fn recovered_marker(folder: &Path, run: Uuid) -> PathBuf {
    folder.join(format!("{run}.recovered"))
}

/// Deletes the files last written before `before`, except those of the run `keep`: their records
/// have long been added to the tree. Returns the number of deleted files.
///
/// # Errors
/// [`io::Error`] when the folder cannot be read or a file cannot be deleted.
pub fn delete_older(folder: &Path, before: domain::Instant, keep: Uuid) -> io::Result<usize> {
    let mut deleted = 0;
    for (run, files) in list_runs(folder)? {
        let mut left = files.len();
        for file in files.iter().filter(|_| run != keep) {
            let written = std::fs::metadata(file)?
                .modified()?
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap_or_default();
            if i64::try_from(written.as_micros()).unwrap_or(i64::MAX) < before.as_micros() {
                std::fs::remove_file(file)?;
                left -= 1;
                if left == 0 {
                    let _ = std::fs::remove_file(recovered_marker(folder, run));
                }
                deleted += 1;
            }
        }
    }
    Ok(deleted)
}

#[cfg(test)]
mod tests {
    use domain::PartnershipId;

    use super::*;

    fn committed(number: i64) -> JournalLine {
        JournalLine::Committed {
            partnership: PartnershipId(Uuid::from_u128(1)),
            number,
        }
    }

    #[test]
    fn waited_for_lines_are_on_disk_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let run = Uuid::from_u128(7);
        let journal = Journal::create(folder.path(), run).unwrap();
        for number in 0..50 {
            let position = journal
                .append(&[committed(2 * number), committed(2 * number + 1)])
                .unwrap();
            let files = list_runs(folder.path()).unwrap();
            assert_eq!(
                read_lines(&files[0].1[0]).unwrap().len() as i64,
                2 * number + 2,
                "written before it is durable"
            );
            if number % 7 == 0 {
                journal.wait_durable(position).unwrap();
            }
        }
        let position = journal.append(&[committed(100)]).unwrap();
        journal.wait_durable(position).unwrap();
        let files = list_runs(folder.path()).unwrap();
        assert_eq!(files[0].0, run);
        assert_eq!(
            read_lines(&files[0].1[0]).unwrap(),
            (0..=100).map(committed).collect::<Vec<_>>()
        );
        assert!(
            Journal::create(folder.path(), run).is_err(),
            "a run has one journal"
        );
    }

    #[test]
    fn truncated_line_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("one.journal");
        std::fs::write(
            &file,
            format!("{}\n{}", committed(1), &committed(2).to_string()[..20]),
        )
        .unwrap();
        assert_eq!(read_lines(&file).unwrap(), [committed(1)]);
        std::fs::write(&file, format!("{}\n{}", committed(1), committed(12))).unwrap();
        assert_eq!(
            read_lines(&file).unwrap(),
            [committed(1)],
            "the line could have been cut from 123"
        );
    }

    #[test]
    fn failing_journal_reports_unavailable_and_recovers() {
        let folder = tempfile::tempdir().unwrap();
        // The folder of the files does not exist.
        let files = Files {
            folder: folder.path().join("absent"),
            run: Uuid::from_u128(7),
            next: 0,
            file: None,
        };
        let broken = Journal::start(files).unwrap();
        assert_eq!(broken.append(&[committed(1)]), Err(StoreError::Unavailable));
        assert_eq!(broken.append(&[committed(2)]), Err(StoreError::Unavailable));
        assert!(broken.is_failing());
        std::fs::create_dir(folder.path().join("absent")).unwrap();
        while broken.is_failing() {
            std::thread::yield_now();
        }
        let position = broken.append(&[committed(3)]).unwrap();
        broken.wait_durable(position).unwrap();
        let files = list_runs(&folder.path().join("absent")).unwrap();
        assert_eq!(
            read_lines(&files[0].1[0]).unwrap(),
            [committed(1), committed(2), committed(3)]
        );
    }
}
