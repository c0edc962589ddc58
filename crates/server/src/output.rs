//! Standard output: the one place that writes to it. Answers of commands go here, logs go to standard error.

use std::io::{self, Write as _};

/// Writes `text` and a line break.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Writes `text` as it is.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a line about a command's work to standard error; it says nothing personal.
///
/// # Errors
/// When standard error is closed.
pub(crate) fn note(text: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "{text}")
}

/// Whether the error is that our reader closed the pipe, as `head` does.
pub(crate) fn closed_early(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes a failure to standard error, causes included; errors of this program carry nothing personal or secret.
pub(crate) fn failure(error: &anyhow::Error) {
    // Nothing is left to tell if standard error is closed.
    let _ = writeln!(io::stderr().lock(), "chronology: {error:#}");
}
