//! The statements that a test process has issued on each kind of database, with the functions that
//! issued them. The tests of query plans use them to check that every query is covered.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::{self, Write as _};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent};

use super::sources;
use crate::DatabaseKind;

/// The statements issued on one kind of database, each with the functions that issued it, as
/// `module::function`.
pub type Statements = BTreeMap<String, BTreeSet<String>>;

/// The statements recorded so far.
#[derive(Default)]
struct StatementLog {
    /// The texts as they were sent, each with file and line of the caller.
    raw: HashSet<(DatabaseKind, String, &'static str, u32)>,
    normalized: BTreeMap<DatabaseKind, Statements>,
}

static LOG: Mutex<Option<StatementLog>> = Mutex::new(None);

static PAUSED: AtomicBool = AtomicBool::new(false);

/// The normalised statements in the order in which they were issued, while a trace is running.
static TRACE: Mutex<Option<Vec<String>>> = Mutex::new(None);

thread_local! {
    /// The code that is running a statement on this thread.
    static CALLER: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
}

/// Runs `body` without recording its statements, because recording a large number of inserts takes
/// longer than the inserts themselves.
pub fn without_recording<T>(body: impl FnOnce() -> T) -> T {
    PAUSED.store(true, Ordering::Relaxed);
    let value = body();
    PAUSED.store(false, Ordering::Relaxed);
    value
}

/// The statements that this process has issued on one kind of database.
#[must_use]
pub fn recorded_statements(kind: DatabaseKind) -> Statements {
    let log = lock_log();
    log.as_ref()
        .and_then(|log| log.normalized.get(&kind))
        .cloned()
        .unwrap_or_default()
}

/// Runs `body` and returns its result with the statements issued meanwhile, in order. Statements of
/// all threads are included, so nothing else may use the database during the call.
pub fn trace_statements<T>(body: impl FnOnce() -> T) -> (T, Vec<String>) {
    *lock_trace() = Some(Vec::new());
    let value = body();
    let statements = lock_trace().take().unwrap_or_default();
    (value, statements)
}

fn lock_trace() -> MutexGuard<'static, Option<Vec<String>>> {
    TRACE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `body` and attributes the statements that it issues to `caller`.
pub(crate) fn with_caller<T>(caller: &'static Location<'static>, body: impl FnOnce() -> T) -> T {
    let outer = CALLER.replace(Some(caller));
    let value = body();
    CALLER.set(outer);
    value
}

/// Records every statement of a connection to a database of this kind.
pub(crate) struct StatementRecorder(pub(crate) DatabaseKind);

impl Instrumentation for StatementRecorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if PAUSED.load(Ordering::Relaxed) {
            return;
        }
        let (InstrumentationEvent::StartQuery { query, .. }, Some(caller)) = (event, CALLER.get())
        else {
            return;
        };
        let mut text = TextBeforeValues::default();
        // The error that ends the text where the values begin is expected.
        let _ = write!(text, "{query}");
        if let Some(trace) = lock_trace().as_mut() {
            trace.push(normalize(&text.0));
        }
        record(self.0, text.0, caller);
    }
}

/// Collects the text of a statement up to its bound values and stops there, so that the values are
/// not formatted.
#[derive(Default)]
struct TextBeforeValues(String);

impl fmt::Write for TextBeforeValues {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.0.push_str(piece);
        match self.0.find(" -- binds:") {
            None => Ok(()),
            Some(end) => {
                self.0.truncate(end);
                Err(fmt::Error)
            }
        }
    }
}

fn record(kind: DatabaseKind, text: String, caller: &'static Location<'static>) {
    let mut log = lock_log();
    let log = log.get_or_insert_with(StatementLog::default);
    let raw = (kind, text, caller.file(), caller.line());
    if log.raw.contains(&raw) {
        return;
    }
    // A statement that a test issues itself has no function in the source files and is left out.
    if let Some(function) = sources::function_at(caller.file(), caller.line()) {
        log.normalized
            .entry(kind)
            .or_default()
            .entry(normalize(&raw.1))
            .or_default()
            .insert(function);
    }
    log.raw.insert(raw);
}

fn lock_log() -> MutexGuard<'static, Option<StatementLog>> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Normalises a statement, so that it does not depend on the number of values: a value becomes a
/// question mark, a list of values becomes one question mark with an ellipsis, and of several
/// inserted rows the first remains.
fn normalize(text: &str) -> String {
    let mut without_numbers = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        without_numbers.push_str(before);
        without_numbers.push('?');
        rest = after[1..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    without_numbers.push_str(rest);
    let single_spaced = without_numbers
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    collapse_rows(&collapse_lists(&single_spaced))
}

/// Replaces each list of values after `IN` by one question mark with an ellipsis.
fn collapse_lists(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(" IN (?") {
        let (before, after) = rest.split_at(at + " IN (?".len());
        collapsed.push_str(before);
        let list = after.len() - after.trim_start_matches([',', ' ', '?']).len();
        if after[list..].starts_with(')') {
            collapsed.push_str(", …");
            rest = &after[list..];
        } else {
            rest = after;
        }
    }
    collapsed + rest
}

/// Removes all inserted rows but the first.
fn collapse_rows(text: &str) -> String {
    let Some(at) = text.find(" VALUES (") else {
        return text.to_owned();
    };
    let Some(end) = text[at..].find(')').map(|end| at + end + 1) else {
        return text.to_owned();
    };
    let mut rest = &text[end..];
    while let Some(next) = rest
        .strip_prefix(", (")
        .and_then(|next| next.split_once(')'))
    {
        rest = next.1;
    }
    format!("{}{rest}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalized_statement_does_not_depend_on_the_number_of_values() {
        let with_list = |list: &str| {
            normalize(&format!(
                "SELECT a FROM t WHERE a = $1 AND b IN ({list}) ORDER BY a"
            ))
        };
        assert_eq!(
            with_list("$2"),
            "SELECT a FROM t WHERE a = ? AND b IN (?, …) ORDER BY a"
        );
        assert_eq!(with_list("$2"), with_list("$2, $3, $14"));
        assert_eq!(
            normalize("INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING"),
            "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING"
        );
        let subquery = "DELETE FROM t WHERE a IN (SELECT b FROM u)";
        assert_eq!(normalize(subquery), subquery);
    }
}
