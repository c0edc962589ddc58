//! The statements that a test process has issued, by database, each with the functions that issued it. The tests of query
//! plans go by them, so that no query is left out.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::{self, Write as _};
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent};

use super::sources;
use crate::Kind;

/// Statements of one database with the functions that issued them, as `module::function`.
pub type Statements = BTreeMap<String, BTreeSet<String>>;

/// What has been issued so far: texts as they were sent, and their normal forms.
#[derive(Default)]
struct Issued {
    raw: HashSet<(Kind, String, &'static str, u32)>,
    normal: BTreeMap<Kind, Statements>,
}

static ISSUED: Mutex<Option<Issued>> = Mutex::new(None);

static PAUSED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Where the crate is running a statement on this thread.
    static CALLER: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
}

/// Runs `body` without noting what it issues: where very much is stored, noting takes longer than storing.
pub fn unnoted<T>(body: impl FnOnce() -> T) -> T {
    PAUSED.store(true, Ordering::Relaxed);
    let value = body();
    PAUSED.store(false, Ordering::Relaxed);
    value
}

/// What this process has issued on one kind of database.
#[must_use]
pub fn issued(kind: Kind) -> Statements {
    let issued = lock();
    issued.as_ref().and_then(|issued| issued.normal.get(&kind)).cloned().unwrap_or_default()
}

/// What `body` has statements issued, in their order; on every thread, so let nothing else be under way.
pub fn traced<T>(body: impl FnOnce() -> T) -> (T, Vec<String>) {
    *trace() = Some(Vec::new());
    let value = body();
    let issued = trace().take().unwrap_or_default();
    (value, issued)
}

static TRACE: Mutex<Option<Vec<String>>> = Mutex::new(None);

fn trace() -> MutexGuard<'static, Option<Vec<String>>> {
    TRACE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes where the statements that `body` runs come from.
pub(crate) fn called_from<T>(caller: &'static Location<'static>, body: impl FnOnce() -> T) -> T {
    let outer = CALLER.replace(Some(caller));
    let value = body();
    CALLER.set(outer);
    value
}

/// Notes every statement of a connection.
pub(crate) struct Recorder(pub(crate) Kind);

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if PAUSED.load(Ordering::Relaxed) {
            return;
        }
        let (InstrumentationEvent::StartQuery { query, .. }, Some(caller)) = (event, CALLER.get()) else { return };
        let mut text = WithoutValues::default();
        // Ends with an error where the values begin.
        let _ = write!(text, "{query}");
        if let Some(trace) = trace().as_mut() {
            trace.push(normal(&text.0));
        }
        note(self.0, text.0, caller);
    }
}

/// Takes a statement's text up to the values bound to it, which are not to be formatted at all.
#[derive(Default)]
struct WithoutValues(String);

impl fmt::Write for WithoutValues {
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

fn note(kind: Kind, text: String, caller: &'static Location<'static>) {
    let mut issued = lock();
    let issued = issued.get_or_insert_with(Issued::default);
    let raw = (kind, text, caller.file(), caller.line());
    if issued.raw.contains(&raw) {
        return;
    }
    // What a test issues by itself is no statement of the service.
    if let Some(function) = sources::function_at(caller.file(), caller.line()) {
        issued.normal.entry(kind).or_default().entry(normal(&raw.1)).or_default().insert(function);
    }
    issued.raw.insert(raw);
}

fn lock() -> MutexGuard<'static, Option<Issued>> {
    ISSUED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A statement without what differs between two runs of it: values are question marks, a list of them has one with an
/// ellipsis, and of the rows that are inserted together one is left.
fn normal(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        normal.push_str(before);
        normal.push('?');
        rest = after[1..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    normal.push_str(rest);
    let spaced = normal.split_whitespace().collect::<Vec<_>>().join(" ");
    one_row(&short_lists(&spaced))
}

fn short_lists(text: &str) -> String {
    let (mut short, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(" IN (?") {
        let (before, after) = rest.split_at(at + " IN (?".len());
        short.push_str(before);
        let list = after.len() - after.trim_start_matches([',', ' ', '?']).len();
        if after[list..].starts_with(')') {
            short.push_str(", …");
            rest = &after[list..];
        } else {
            rest = after;
        }
    }
    short + rest
}

fn one_row(text: &str) -> String {
    let Some(at) = text.find(" VALUES (") else { return text.to_owned() };
    let Some(end) = text[at..].find(')').map(|end| at + end + 1) else { return text.to_owned() };
    let mut rest = &text[end..];
    while let Some(next) = rest.strip_prefix(", (").and_then(|next| next.split_once(')')) {
        rest = next.1;
    }
    format!("{}{rest}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_the_same_however_many_values_it_has() {
        let of = |list: &str| normal(&format!("SELECT a FROM t WHERE a = $1 AND b IN ({list}) ORDER BY a"));
        assert_eq!(of("$2"), "SELECT a FROM t WHERE a = ? AND b IN (?, …) ORDER BY a");
        assert_eq!(of("$2"), of("$2, $3, $14"));
        assert_eq!(
            normal("INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING"),
            "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING"
        );
        let subquery = "DELETE FROM t WHERE a IN (SELECT b FROM u)";
        assert_eq!(normal(subquery), subquery);
    }
}
