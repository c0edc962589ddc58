//! Configuration: one file, overridden by the environment. All errors are reported at once.

mod environment;
mod issuers;
mod partnerships;
mod section;
mod settings;
mod tree;

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

pub(crate) use issuers::DevelopmentIssuer;
pub(crate) use settings::{
    ClientCertificateSettings, DatabaseSettings, KeystoreSettings, LogFormat, LoggingSettings,
    TlsSettings,
};
pub use settings::{Settings, WorkerSettings};

use section::{ErrorCollector, Section};
use tree::Table;

/// The default settings, which also serve as documentation.
const DEFAULTS: &str = include_str!("../../../deploy/chronology.toml");
/// Sections without defaults for a configuration file: it must state itself who shares data and
/// whose tokens are accepted.
const NEVER_INHERITED: &[&str] = &["partnerships", "issuers", "development_issuer"];

/// All errors in a configuration.
#[derive(Debug)]
pub struct ConfigErrors(pub(crate) Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} error(s):", self.0.len())?;
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// Loads the settings from `file` (the embedded default when absent) and the environment.
///
/// # Errors
/// [`ConfigErrors`] with every error when the file cannot be read or a setting is missing or
/// invalid.
pub fn load(file: Option<&Path>) -> Result<Settings, ConfigErrors> {
    let document = file.map(read_file).transpose()?;
    build_settings(
        document.as_ref().map(|text| text.as_str()),
        environment::read(),
    )
}

fn read_file(file: &Path) -> Result<Zeroizing<String>, ConfigErrors> {
    let to_error = |error: std::io::Error| {
        ConfigErrors(vec![format!(
            "{}: cannot be read: {}",
            file.display(),
            error.kind()
        )])
    };
    std::fs::read_to_string(file)
        .map(Zeroizing::new)
        .map_err(to_error)
}

fn build_settings(
    document: Option<&str>,
    variables: Vec<(String, Zeroizing<String>)>,
) -> Result<Settings, ConfigErrors> {
    let errors = ErrorCollector::default();
    let mut tree = defaults(document.is_some());
    if let Some(document) = document {
        let (overrides, syntax_errors) = tree::parse(document);
        syntax_errors
            .into_iter()
            .for_each(|error| errors.add(error));
        tree::overlay(&mut tree, overrides);
    }
    environment::apply(&mut tree, variables)
        .into_iter()
        .for_each(|message| errors.add(message));
    let settings = Settings::read(Section::new("", tree, &errors), &errors);
    match settings {
        Some(settings) if errors.is_empty() => Ok(settings),
        _ => Err(ConfigErrors(errors.into_lines())),
    }
}

fn defaults(has_file: bool) -> Table {
    let (mut table, _) = tree::parse(DEFAULTS);
    if has_file {
        table.retain(|key, _| !NEVER_INHERITED.contains(&key.as_str()));
    }
    table
}

/// The embedded default with its data in `folder`.
#[cfg(test)]
pub(crate) fn settings_with_data_folder(folder: &Path) -> Settings {
    let variable = (
        "CHRONOLOGY_DATA_FOLDER".to_owned(),
        Zeroizing::new(folder.display().to_string()),
    );
    build_settings(None, vec![variable]).unwrap_or_else(|errors| panic!("{errors}"))
}

#[cfg(test)]
mod tests;
