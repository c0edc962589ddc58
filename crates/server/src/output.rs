//! All writes to standard output. Results of commands go to standard output, logs to standard
//! error.

use std::io::{self, Write as _};
use std::process::ExitCode;

/// Writes `text` and a line break.
///
/// # Errors
/// Fails when standard output is closed.
pub fn print_line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Writes `text` unchanged.
///
/// # Errors
/// Fails when standard output is closed.
pub fn print_text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a line about a command's progress to standard error. It must not contain personal data.
///
/// # Errors
/// Fails when standard error is closed.
pub(crate) fn print_note(text: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "{text}")
}

/// Turns the outcome of `program` into its exit code. Writes a failure with its causes to standard
/// error: errors of these programs contain no personal data and no secrets.
pub fn report_outcome(program: &str, outcome: anyhow::Result<ExitCode>) -> ExitCode {
    match outcome {
        Ok(code) => code,
        // The reader of the output closed the pipe, which is not a failure.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // A failure cannot be reported when standard error is closed.
            let _ = writeln!(io::stderr().lock(), "{program}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the reader of the output closed the pipe, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
