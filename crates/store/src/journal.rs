//! A node's own account of the audit records it writes: a file beside the service, made durable before an answer leaves.
//! It shows a record that was taken out of the database before it had its place in the tree.
//!
//! Lines are appended by a thread of its own, as many together as have come, so that one wait for the disk serves all of
//! them and runs beside the database's commit.

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

/// Where one run of a node keeps its lines. Clones share it; when the last is dropped what has come is written and the
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

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Told when there is something to write, and when the journal is closed.
    wake: Condvar,
    /// Told when something became durable.
    done: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// How many bytes have come, and how many of them are durable.
    come: u64,
    durable: u64,
    failing: bool,
    closed: bool,
}

impl Shared {
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
        let files = Files { folder: folder.to_owned(), run, next: 0, file: None };
        let shared = Arc::new(Shared::default());
        let mut writer = Writer { files, shared: Arc::clone(&shared) };
        writer.files.advance()?;
        std::thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run())?;
        Ok(Self(Arc::new(Handle(shared))))
    }

    /// Adds lines; says up to where the journal must be durable for them to be.
    pub(crate) fn add(&self, lines: &[Line]) -> u64 {
        let shared = &self.0.0;
        let mut state = shared.state();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        state.waiting.extend_from_slice(text.as_bytes());
        state.come += text.len() as u64;
        let come = state.come;
        drop(state);
        shared.wake.notify_one();
        come
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

struct Writer {
    files: Files,
    shared: Arc<Shared>,
}

impl Writer {
    fn run(mut self) {
        loop {
            let mut state = self.shared.state();
            while state.waiting.is_empty() && !state.closed {
                state = self.shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.waiting.is_empty() {
                return;
            }
            let lines = std::mem::take(&mut state.waiting);
            drop(state);
            if !self.keep(lines) {
                return;
            }
        }
    }

    /// Writes until it succeeds; false when the journal was closed before it did.
    fn keep(&mut self, lines: Vec<u8>) -> bool {
        loop {
            let written = self.files.append(&lines);
            let mut state = self.shared.state();
            if let Err(error) = &written {
                if !state.failing {
                    tracing::error!(kind = ?error.kind(), "the journal cannot be written; nothing is served until it can");
                }
                state.failing = true;
                self.shared.done.notify_all();
                let closed = |state: &mut State| !state.closed;
                let (state, _) =
                    self.shared.wake.wait_timeout_while(state, AGAIN, closed).unwrap_or_else(PoisonError::into_inner);
                if state.closed {
                    return false;
                }
                continue;
            }
            state.failing = false;
            state.durable += lines.len() as u64;
            self.shared.done.notify_all();
            return true;
        }
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

    /// Appends and makes durable. What a failed attempt left is cut off again, now or before the next one.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.file.as_ref().is_none_or(|(_, length)| *length >= LONGEST) {
            self.advance()?;
        }
        let Some((file, length)) = &mut self.file else { return Err(ErrorKind::NotFound.into()) };
        if file.metadata()?.len() != *length {
            file.set_len(*length)?;
        }
        file.write_all(lines).and_then(|()| file.sync_data())?;
        *length += lines.len() as u64;
        Ok(())
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
    let mut all = Vec::new();
    for line in BufReader::new(File::open(file)?).split(b'\n') {
        all.extend(String::from_utf8(line?).ok().and_then(|text| Line::parse(&text)));
    }
    Ok(all)
}

/// Whether the run has ended and what it left has not been recovered: nobody holds its newest file any more.
///
/// # Errors
/// When the file cannot be opened.
pub fn is_over(folder: &Path, run: Uuid) -> io::Result<bool> {
    if recovered(folder, run).try_exists()? {
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
        for file in files.iter().filter(|_| run != keep) {
            let written =
                std::fs::metadata(file)?.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            if i64::try_from(written.as_micros()).unwrap_or(i64::MAX) < then.as_micros() {
                std::fs::remove_file(file)?;
                let _ = std::fs::remove_file(recovered(folder, run));
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
            let upto = journal.add(&[settled(2 * number), settled(2 * number + 1)]);
            if number % 7 == 0 {
                journal.wait(upto).unwrap();
                let files = runs(folder.path()).unwrap();
                assert_eq!(lines(&files[0].1[0]).unwrap().len() as i64, 2 * number + 2);
            }
        }
        let upto = journal.add(&[settled(100)]);
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
    }

    #[test]
    fn a_journal_that_cannot_be_written_says_so_and_recovers() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::begin(folder.path(), Uuid::from_u128(7)).unwrap();
        // A folder in place of the next file, and a length that makes it the next file's turn.
        let files = Files { folder: folder.path().join("absent"), run: Uuid::from_u128(7), next: 0, file: None };
        let shared = Arc::new(Shared::default());
        let broken = Journal(Arc::new(Handle(Arc::clone(&shared))));
        std::thread::spawn(move || Writer { files, shared }.run());
        let upto = broken.add(&[settled(1)]);
        assert_eq!(broken.wait(upto), Err(StoreError::Unavailable));
        assert!(broken.is_failing() && !journal.is_failing());
        std::fs::create_dir(folder.path().join("absent")).unwrap();
        while broken.is_failing() {
            std::thread::yield_now();
        }
        broken.wait(upto).unwrap();
        assert_eq!(runs(&folder.path().join("absent")).unwrap().len(), 1);
    }
}
