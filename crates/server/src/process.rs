//! What the process asks of the operating system.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use api::ConnectionLimits;
use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask};

/// No core dumps (one would hold narrative and keys in clear and outlive both), and new files for nobody else.
pub(crate) fn harden() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // The limit does not hold where cores are piped to a program; not being dumpable does, and nobody but root may trace us.
    let refused = setrlimit(Resource::Core, none).is_err();
    if set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() || refused {
        tracing::warn!("core dumps could not be switched off");
    }
    umask(Mode::RWXG | Mode::RWXO);
}

/// The variable by which the C library is told how many arenas its allocator may have; nothing else tells it.
const ARENAS: &str = "MALLOC_ARENA_MAX";

/// Begins this process again with few arenas, unless somebody has said how many: each keeps what was needed of it once, and there
/// is one for almost every thread, so that a service under attack would hold half as much again as it uses.
pub(crate) fn keep_memory_together() {
    if std::env::var_os(ARENAS).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    // Comes back only when it fails; then it goes on as it is.
    let _ = again.args(arguments).env(ARENAS, "2").exec();
}

/// File descriptors for anything but connections: the database, the keystore, journals, logs.
const OTHER_FILES: u64 = 256;
/// File descriptors of a connection: its own, one to see what it has not sent, and one while somebody waits for that.
const FILES_OF_CONNECTION: u64 = 3;

/// Asks for as many open files as the connections need, and has fewer connections where the operating system gives fewer.
pub(crate) fn fit_connections(limits: ConnectionLimits) -> ConnectionLimits {
    let needed = (limits.all as u64).saturating_mul(FILES_OF_CONNECTION).saturating_add(OTHER_FILES);
    let now = getrlimit(Resource::Nofile);
    let most = now.maximum.unwrap_or(u64::MAX);
    if now.current.is_some_and(|current| current < needed) {
        let more = Rlimit { current: Some(needed.min(most)), maximum: now.maximum };
        if setrlimit(Resource::Nofile, more).is_err() {
            tracing::warn!("the limit of open files could not be raised");
        }
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let room = files.saturating_sub(OTHER_FILES) / FILES_OF_CONNECTION;
    let all = usize::try_from(room).unwrap_or(usize::MAX).clamp(1, limits.all);
    if all < limits.all {
        tracing::warn!(files, all, "server.max_connections: the limit of open files allows only so many connections");
    }
    ConnectionLimits { all, of_address: limits.of_address.min(all), ..limits }
}
