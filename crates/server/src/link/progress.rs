//! A progress bar on standard error, shown only at a terminal.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

/// A progress bar; hidden when standard error is not a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Progress over a number of bytes.
    pub(super) fn with_bytes(label: &'static str, size: u64) -> Self {
        Self::new(label, size, "{msg:18} [{bar:40}] {percent:>3} %  {bytes}")
    }

    /// Progress over a number of items.
    pub(super) fn with_count(label: &'static str, count: usize) -> Self {
        Self::new(
            label,
            count as u64,
            "{msg:18} [{bar:40}] {percent:>3} %  {pos} of {len}",
        )
    }

    /// Progress of work of unknown length.
    pub(super) fn spinner(label: &'static str) -> Self {
        Self::new(label, 1, "{msg} …")
    }

    fn new(label: &'static str, length: u64, template: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(length)
            .with_style(style.progress_chars("=> "))
            .with_message(label);
        bar.tick();
        Self(bar)
    }

    /// Sets the current position.
    pub(super) fn set_position(&self, position: u64) {
        self.0.set_position(position);
    }

    /// Advances by `count` items.
    pub(super) fn advance(&self, count: usize) {
        self.0.inc(count as u64);
    }

    /// Removes the bar.
    pub(super) fn finish(self) {
        self.0.finish_and_clear();
    }
}
