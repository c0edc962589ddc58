//! Logs: structured, on standard error, without personal data at any level.

use std::panic;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{LogFormat, LoggingSettings};

/// Our own crates. Libraries say more than we can answer for (SQL, header values), so they are held at warnings.
const OURS: &[&str] = &["chronology", "api", "service", "store", "vault", "identity", "linkage", "timeline", "domain"];

/// Starts logging. A second call changes nothing.
pub(crate) fn start(settings: LoggingSettings) {
    let libraries = settings.level.min(LevelFilter::WARN);
    let targets = Targets::new().with_default(libraries).with_targets(OURS.iter().map(|ours| (*ours, settings.level)));
    let layer = match settings.format {
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).boxed(),
        LogFormat::Text => fmt::layer().with_target(false).with_ansi(false).with_writer(std::io::stderr).boxed(),
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(targets)).try_init();
    panic::set_hook(Box::new(note_panic));
}

/// Where it happened, and nothing of what was being worked on: a panic's message can quote data.
fn note_panic(info: &panic::PanicHookInfo<'_>) {
    let (file, line) = info.location().map_or(("", 0), |location| (location.file(), location.line()));
    tracing::error!(file, line, "panic");
}
