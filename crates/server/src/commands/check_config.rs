//! `chronology check-config`.

use std::path::Path;
use std::process::ExitCode;

use crate::{config, output, startup};

/// Says that the configuration is good, or lists every mistake and fails.
pub(crate) fn check_config(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let mistakes = match config::load(file) {
        Ok(settings) => startup::look_over(&settings),
        Err(mistakes) => mistakes.0,
    };
    if mistakes.is_empty() {
        output::line("configuration is good")?;
        return Ok(ExitCode::SUCCESS);
    }
    for mistake in &mistakes {
        output::line(mistake)?;
    }
    Ok(ExitCode::FAILURE)
}
