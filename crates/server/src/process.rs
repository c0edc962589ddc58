//! Settings that the process requests from the operating system.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::fs::Mode;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit, umask,
};
use web::ConnectionLimits;

/// Disables core dumps, which would write narrative and keys to disk in clear, and makes new files
/// private.
pub(crate) fn harden() {
    let no_core = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // The core limit has no effect where cores are piped to a program. A process that is not
    // dumpable writes none, and only root can trace it.
    let core_limit_failed = setrlimit(Resource::Core, no_core).is_err();
    if set_dumpable_behavior(DumpableBehavior::NotDumpable).is_err() || core_limit_failed {
        tracing::warn!("core dumps could not be disabled");
    }
    umask(Mode::RWXG | Mode::RWXO);
}

/// The C library reads the number of allocator arenas from this variable only.
const ARENA_VARIABLE: &str = "MALLOC_ARENA_MAX";

/// Restarts this process with two allocator arenas, unless the variable is set. There is an arena
/// for almost every thread, and each keeps the memory that it once needed, so that a service under
/// attack would hold half as much again as it uses.
pub(crate) fn limit_allocator_arenas() {
    if std::env::var_os(ARENA_VARIABLE).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut arguments = std::env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    // `exec` returns only on failure; the process then continues unchanged.
    let _ = command.args(arguments).env(ARENA_VARIABLE, "2").exec();
}

/// File descriptors for everything but connections: database, keystore, journals, logs.
const RESERVED_FILES: u64 = 256;
/// File descriptors per connection: the socket itself, one to see unsent data, and one while a task
/// waits for that.
const FILES_PER_CONNECTION: u64 = 3;

/// Raises the limit of open files for the configured connections, and lowers the number of
/// connections where the operating system allows fewer files.
pub(crate) fn fit_connections_to_open_files(limits: ConnectionLimits) -> ConnectionLimits {
    let needed = (limits.total as u64)
        .saturating_mul(FILES_PER_CONNECTION)
        .saturating_add(RESERVED_FILES);
    let now = getrlimit(Resource::Nofile);
    let hard_limit = now.maximum.unwrap_or(u64::MAX);
    if now.current.is_some_and(|current| current < needed) {
        let raised = Rlimit {
            current: Some(needed.min(hard_limit)),
            maximum: now.maximum,
        };
        if setrlimit(Resource::Nofile, raised).is_err() {
            tracing::warn!("the limit of open files could not be raised");
        }
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let connections = files.saturating_sub(RESERVED_FILES) / FILES_PER_CONNECTION;
    let all = usize::try_from(connections)
        .unwrap_or(usize::MAX)
        .clamp(1, limits.total);
    if all < limits.total {
        tracing::warn!(
            files,
            all,
            "server.max_connections: reduced to what the limit of open files allows"
        );
    }
    ConnectionLimits {
        total: all,
        per_address: limits.per_address.min(all),
        ..limits
    }
}
