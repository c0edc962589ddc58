//! Logs: structured, on standard error, without personal data at any level.

use std::panic;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{LogFormat, LoggingSettings};

/// The crates of this project. Other libraries may log data (SQL, header values), so only their
/// warnings are logged.
const OWN_CRATES: &[&str] = &[
    "server", "api", "web", "service", "kernel", "contract", "store", "vault", "identity",
    "linkage", "timeline", "domain",
];

/// Starts logging. Further calls have no effect.
pub(crate) fn start(settings: LoggingSettings) {
    let libraries = settings.level.min(LevelFilter::WARN);
    let targets = Targets::new()
        .with_default(libraries)
        .with_targets(OWN_CRATES.iter().map(|name| (*name, settings.level)));
    let layer = match settings.format {
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(std::io::stderr)
            .boxed(),
        LogFormat::Text => fmt::layer()
            .with_target(false)
            .with_ansi(false)
            .with_writer(std::io::stderr)
            .boxed(),
    };
    let _ = tracing_subscriber::registry()
        .with(layer.with_filter(targets))
        .try_init();
    panic::set_hook(Box::new(log_panic));
}

/// Logs the location of a panic but not its message, which could contain data.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let (file, line) = info
        .location()
        .map_or(("", 0), |location| (location.file(), location.line()));
    tracing::error!(file, line, "panic");
}
