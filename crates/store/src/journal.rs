//! A node's own account of the audit records it writes: a file beside the service, made durable before an answer leaves.
//! It shows a record that was taken out of the database before it had its place in the tree.
//!
//! A line is written before the transaction that it tells of is committed, and by then outlives the process. A thread of its
//! own makes lines durable, as many together as have come, so that one wait for the disk serves all of them and runs beside
//! the database's commit.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ledger::Line;
use uuid::Uuid;

use crate::StoreError;

const ENDING: &str = "journal";
/// A file this long, in bytes, is followed by another.
const LONGEST: u64 = 64 * 1_024 * 1_024;
/// How long a caller waits for its lines to be durable.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// After a failure to write, the thread tries again this often.
const AGAIN: Duration = Duration::from_millis(200);

/// Where one run of a node keeps its lines. Clones share it; when the last is dropped what has come is made durable and the
/// thread ends.
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
    /// Told when there is something to make durable, and when the journal is closed.
    wake: Condvar,
    /// Told when something became durable.
    done: Condvar,
}

struct State {
    files: Files,
    /// Lines that could not be written yet, in their order.
    unwritten: Vec<u8>,
    /// Lines that the operating system has and the disk may not have.
    undurable: Vec<u8>,
    /// How many bytes have come, and how many of them are durable.
    come: u64,
    durable: u64,
    failing: bool,
    closed: bool,
}

impl State {
    /// Hands what has come to the operating system: from then on it outlives this process.
    fn write(&mut self) -> io::Result<()> {
        let lines = std::mem::take(&mut self.unwritten);
        if let Err(error) = self.files.append(&lines) {
            self.unwritten = lines;
            return Err(error);
        }
        self.undurable.extend_from_slice(&lines);
        Ok(())
    }

    fn fail(&mut self, error: &io::Error) {
        if !self.failing {
            tracing::error!(kind = ?error.kind(), "the journal cannot be written; nothing is served until it can");
        }
        self.failing = true;
    }
}

impl Shared {
    fn new(files: Files) -> Self {
        let state = State {
            files,
            unwritten: Vec::new(),
            undurable: Vec::new(),
            come: 0,
            durable: 0,
            failing: false,
            closed: false,
        };
        Self { state: Mutex::new(state), wake: Condvar::new(), done: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal {
    /// Begins the journal of `run` in `folder`, which is made if need be, for the owner alone.
    ///
    /// # Errors
    /// When the folder or the file cannot be made.
    pub fn begin(folder: &Path, run: Uuid) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut files = Files { folder: folder.to_owned(), run, next: 0, file: None };
        files.advance()?;
        Self::start(files)
    }

    fn start(files: Files) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(files));
        let syncer = Syncer(Arc::clone(&shared));
        std::thread::Builder::new().name("journal".to_owned()).spawn(move || syncer.run())?;
        Ok(Self(Arc::new(Handle(shared))))
    }

    /// Writes lines: once this has returned they outlive the process, though not yet the machine. Says up to where the
    /// journal must be durable for them to be.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when they cannot be written. They are kept and written once that is possible.
    pub(crate) fn add(&self, lines: &[Line]) -> Result<u64, StoreError> {
        let shared = &self.0.0;
        let mut state = shared.state();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        state.unwritten.extend_from_slice(text.as_bytes());
        state.come += text.len() as u64;
        let come = state.come;
        let written = if state.failing { Err(StoreError::Unavailable) } else { Ok(()) };
        let written = written.and_then(|()| {
            state.write().map_err(|error| {
                state.fail(&error);
                StoreError::Unavailable
            })
        });
        drop(state);
        shared.wake.notify_one();
        written.map(|()| come)
    }

    /// Waits until the journal is durable up to there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it was not in a second and a half.
    pub(crate) fn wait(&self, upto: u64) -> Result<(), StoreError> {
        let shared = &self.0.0;
        let behind = |state: &mut State| state.durable < upto && !state.failing;
        let (state, _) =
            shared.done.wait_timeout_while(shared.state(), PATIENCE, behind).unwrap_or_else(PoisonError::into_inner);
        if state.durable >= upto { Ok(()) } else { Err(StoreError::Unavailable) }
    }

    /// Whether the last attempt to write failed: then nothing is to be begun that needs a line.
    pub(crate) fn is_failing(&self) -> bool {
        self.0.0.state().failing
    }
}

/// Makes durable what was written, as much together as has come, and writes what could not be written before.
struct Syncer(Arc<Shared>);

impl Syncer {
    fn run(self) {
        loop {
            let mut state = self.0.state();
            while state.durable == state.come && !state.closed {
                state = self.0.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.durable == state.come {
                return;
            }
            if let Err(error) = self.keep(state)
                && !self.may_try_again(&error)
            {
                return;
            }
        }
    }

    /// One attempt to make all that has come durable.
    fn keep(&self, mut state: MutexGuard<'_, State>) -> io::Result<()> {
        state.write()?;
        let (file, upto, count) = (state.files.handle()?, state.come, state.undurable.len());
        drop(state);
        let synced = file.sync_data();
        let mut state = self.0.state();
        if let Err(error) = synced {
            // What the system had of them may be lost without another word, so they are written anew, to another file.
            state.files.leave();
            let lost = std::mem::take(&mut state.undurable);
            state.unwritten.splice(..0, lost);
            return Err(error);
        }
        state.undurable.drain(..count);
        state.durable = upto;
        state.failing = false;
        self.0.done.notify_all();
        Ok(())
    }

    /// Waits for a while after a failure; false when the journal was closed meanwhile.
    fn may_try_again(&self, error: &io::Error) -> bool {
        let mut state = self.0.state();
        state.fail(error);
        self.0.done.notify_all();
        let open = |state: &mut State| !state.closed;
        let (state, _) = self.0.wake.wait_timeout_while(state, AGAIN, open).unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }
}

/// The files of one run, one after another.
struct Files {
    folder: PathBuf,
    run: Uuid,
    next: u32,
    file: Option<(File, u64)>,
}

impl Files {
    fn advance(&mut self) -> io::Result<()> {
        let path = self.folder.join(format!("{}-{:06}.{ENDING}", self.run, self.next));
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        // Held as long as the run lasts, so that another process does not take its numbers for abandoned ones.
        file.try_lock()?;
        File::open(&self.folder)?.sync_all()?;
        self.next += 1;
        self.file = Some((file, 0));
        Ok(())
    }

    /// Appends. What a failed attempt left is cut off again, now or before the next one.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if let Some((file, _)) = self.file.as_ref().filter(|(_, length)| *length >= LONGEST) {
            file.sync_data()?;
            self.file = None;
        }
        if self.file.is_none() {
            self.advance()?;
        }
        let Some((file, length)) = &mut self.file else { return Err(ErrorKind::NotFound.into()) };
        if file.metadata()?.len() != *length {
            file.set_len(*length)?;
        }
        file.write_all(lines)?;
        *length += lines.len() as u64;
        Ok(())
    }

    /// The file that was written last, to be made durable without holding up those who write.
    fn handle(&self) -> io::Result<File> {
        self.file.as_ref().ok_or(ErrorKind::NotFound)?.0.try_clone()
    }

    /// Has the next lines go to another file.
    fn leave(&mut self) {
        self.file = None;
    }
}

/// The runs that have a journal in `folder`, each with its files in the order in which they were written.
///
/// # Errors
/// When the folder cannot be read; one that is not there has none.
pub fn runs(folder: &Path) -> io::Result<Vec<(Uuid, Vec<PathBuf>)>> {
    let listed = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut found = std::collections::BTreeMap::<Uuid, Vec<PathBuf>>::new();
    for entry in listed {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.rsplit_once('-'));
        let run = stem.and_then(|(run, _)| Uuid::try_parse(run).ok());
        if let Some(run) = run.filter(|_| path.extension().is_some_and(|ending| ending == ENDING)) {
            found.entry(run).or_default().push(path);
        }
    }
    Ok(found.into_iter().map(|(run, mut files)| (run, sorted(&mut files))).collect())
}

fn sorted(files: &mut Vec<PathBuf>) -> Vec<PathBuf> {
    files.sort();
    std::mem::take(files)
}

/// Every line of a journal's file. The last may have been cut off when its process was killed; it is left out.
///
/// # Errors
/// When the file cannot be read.
pub fn lines(file: &Path) -> io::Result<Vec<Line>> {
    let (mut all, mut reader, mut line) = (Vec::new(), BufReader::new(File::open(file)?), Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        // What is cut off may look like a shorter number.
        let whole = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
        all.extend(whole.and_then(Line::parse));
        line.clear();
    }
    Ok(all)
}

/// Whether the run has ended and what it left has not been recovered: nobody holds its newest file any more.
///
/// # Errors
/// When the file cannot be opened.
pub fn is_over(folder: &Path, run: Uuid) -> io::Result<bool> {
    if is_recovered(folder, run)? {
        return Ok(false);
    }
    let newest = runs(folder)?.into_iter().find(|(found, _)| *found == run).and_then(|(_, mut files)| files.pop());
    let Some(newest) = newest else { return Ok(false) };
    match File::open(newest)?.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether what a run left has been recovered.
///
/// # Errors
/// When the folder cannot be read.
pub fn is_recovered(folder: &Path, run: Uuid) -> io::Result<bool> {
    recovered(folder, run).try_exists()
}

/// Notes that what a run left has been recovered.
///
/// # Errors
/// When the mark cannot be made.
pub fn mark_recovered(folder: &Path, run: Uuid) -> io::Result<()> {
    File::create(recovered(folder, run)).map(drop)
}

fn recovered(folder: &Path, run: Uuid) -> PathBuf {
    folder.join(format!("{run}.recovered"))
}

/// Removes journals that nobody has written to since `then`, but for those of `keep`: their records have long had their
/// places. Says how many files went.
///
/// # Errors
/// When the folder cannot be read or changed.
pub fn forget(folder: &Path, then: domain::Instant, keep: Uuid) -> io::Result<usize> {
    let mut gone = 0;
    for (run, files) in runs(folder)? {
        let mut left = files.len();
        for file in files.iter().filter(|_| run != keep) {
            let written =
                std::fs::metadata(file)?.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            if i64::try_from(written.as_micros()).unwrap_or(i64::MAX) < then.as_micros() {
                std::fs::remove_file(file)?;
                left -= 1;
                if left == 0 {
                    let _ = std::fs::remove_file(recovered(folder, run));
                }
                gone += 1;
            }
        }
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use domain::PartnershipId;

    use super::*;

    fn settled(number: i64) -> Line {
        Line::Settled { partnership: PartnershipId(Uuid::from_u128(1)), number }
    }

    #[test]
    fn lines_are_on_disk_when_the_wait_is_over_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let run = Uuid::from_u128(7);
        let journal = Journal::begin(folder.path(), run).unwrap();
        for number in 0..50 {
            let upto = journal.add(&[settled(2 * number), settled(2 * number + 1)]).unwrap();
            let files = runs(folder.path()).unwrap();
            assert_eq!(lines(&files[0].1[0]).unwrap().len() as i64, 2 * number + 2, "written before it is durable");
            if number % 7 == 0 {
                journal.wait(upto).unwrap();
            }
        }
        let upto = journal.add(&[settled(100)]).unwrap();
        journal.wait(upto).unwrap();
        let files = runs(folder.path()).unwrap();
        assert_eq!(files[0].0, run);
        assert_eq!(lines(&files[0].1[0]).unwrap(), (0..=100).map(settled).collect::<Vec<_>>());
        assert!(Journal::begin(folder.path(), run).is_err(), "a run has one journal");
    }

    #[test]
    fn a_line_that_was_cut_off_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("one.journal");
        std::fs::write(&file, format!("{}\n{}", settled(1), &settled(2).to_string()[..20])).unwrap();
        assert_eq!(lines(&file).unwrap(), [settled(1)]);
        std::fs::write(&file, format!("{}\n{}", settled(1), settled(12))).unwrap();
        assert_eq!(lines(&file).unwrap(), [settled(1)], "it may have been 123");
    }

    #[test]
    fn a_journal_that_cannot_be_written_says_so_and_recovers() {
        let folder = tempfile::tempdir().unwrap();
        // The folder of its files is not there.
        let files = Files { folder: folder.path().join("absent"), run: Uuid::from_u128(7), next: 0, file: None };
        let broken = Journal::start(files).unwrap();
        assert_eq!(broken.add(&[settled(1)]), Err(StoreError::Unavailable));
        assert_eq!(broken.add(&[settled(2)]), Err(StoreError::Unavailable));
        assert!(broken.is_failing());
        std::fs::create_dir(folder.path().join("absent")).unwrap();
        while broken.is_failing() {
            std::thread::yield_now();
        }
        let upto = broken.add(&[settled(3)]).unwrap();
        broken.wait(upto).unwrap();
        let files = runs(&folder.path().join("absent")).unwrap();
        assert_eq!(lines(&files[0].1[0]).unwrap(), [settled(1), settled(2), settled(3)]);
    }
}
