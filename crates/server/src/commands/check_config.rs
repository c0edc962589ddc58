//! `chronology check-config`: checks the configuration.

use std::path::Path;
use std::process::ExitCode;

use crate::{config, output, startup};

/// Reports that the configuration is valid, or lists every error and fails.
pub(crate) fn check_config(file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let errors = match config::load(file) {
        Ok(settings) => startup::check_files(&settings),
        Err(errors) => errors.0,
    };
    if errors.is_empty() {
        output::print_line("the configuration is valid")?;
        return Ok(ExitCode::SUCCESS);
    }
    for error in &errors {
        output::print_line(error)?;
    }
    Ok(ExitCode::FAILURE)
}
