//! What the process asks of the operating system.

use rustix::fs::Mode;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit, umask};

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
