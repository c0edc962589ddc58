//! How far it is, on standard error, while a person is looking.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar; nothing where standard error is no terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Of a number of bytes.
    pub(super) fn of_bytes(what: &'static str, size: u64) -> Self {
        Self::of(what, size, "{msg:18} [{bar:40}] {percent:>3} %  {bytes}")
    }

    /// Of a number of things.
    pub(super) fn of_count(what: &'static str, count: usize) -> Self {
        Self::of(what, count as u64, "{msg:18} [{bar:40}] {percent:>3} %  {pos} of {len}")
    }

    /// Of work whose end cannot be told.
    pub(super) fn of_unknown(what: &'static str) -> Self {
        Self::of(what, 1, "{msg} …")
    }

    fn of(what: &'static str, length: u64, template: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(length).with_style(style.progress_chars("=> ")).with_message(what);
        bar.tick();
        Self(bar)
    }

    /// It is at this place.
    pub(super) fn at(&self, place: u64) {
        self.0.set_position(place);
    }

    /// So many more are done.
    pub(super) fn on(&self, more: usize) {
        self.0.inc(more as u64);
    }

    /// It is over, and leaves nothing behind.
    pub(super) fn finish(self) {
        self.0.finish_and_clear();
    }
}
