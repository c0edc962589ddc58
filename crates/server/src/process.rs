//! What the process asks of the operating system.

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, setrlimit, umask};

/// No core dumps (one would hold narrative and keys in clear and outlive both), and new files for nobody else.
pub(crate) fn harden() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    if setrlimit(Resource::Core, none).is_err() {
        tracing::warn!("core dumps could not be switched off");
    }
    umask(Mode::RWXG | Mode::RWXO);
}
