//! `chronology`: the service and its commands. The crate `server` implements them.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::run(std::env::args_os())
}
