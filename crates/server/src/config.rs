//! Configuration: one file, the environment over it, every mistake named at once.

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
    ClientCertificateSettings, DatabaseSettings, KeystoreSettings, LogFormat, LoggingSettings, Settings, TlsSettings,
    WorkerSettings,
};

use section::{Problems, Section};
use tree::Table;

/// What holds when nothing else is said; also the documentation.
const DEFAULTS: &str = include_str!("../../../deploy/chronology.toml");
/// Sections that a file must give itself: who shares with whom, and whom to believe, is nobody's default.
const NEVER_INHERITED: &[&str] = &["partnerships", "issuers", "development_issuer"];

/// Every mistake in a configuration.
#[derive(Debug)]
pub(crate) struct Mistakes(pub(crate) Vec<String>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} mistake(s):", self.0.len())?;
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for Mistakes {}

/// The settings from `file` (the embedded default when absent) and the environment.
///
/// # Errors
/// [`Mistakes`]: all of them.
pub(crate) fn load(file: Option<&Path>) -> Result<Settings, Mistakes> {
    let document = file.map(read).transpose()?;
    assemble(document.as_ref().map(|text| text.as_str()), environment::read())
}

fn read(file: &Path) -> Result<Zeroizing<String>, Mistakes> {
    let unreadable =
        |error: std::io::Error| Mistakes(vec![format!("{}: cannot be read: {}", file.display(), error.kind())]);
    std::fs::read_to_string(file).map(Zeroizing::new).map_err(unreadable)
}

fn assemble(document: Option<&str>, variables: Vec<(String, Zeroizing<String>)>) -> Result<Settings, Mistakes> {
    let problems = Problems::default();
    let mut tree = defaults(document.is_some());
    if let Some(document) = document {
        let (over, faults) = tree::parse(document);
        faults.into_iter().for_each(|fault| problems.add(fault));
        tree::overlay(&mut tree, over);
    }
    environment::apply(&mut tree, variables).into_iter().for_each(|unfit| problems.add(unfit));
    let settings = Settings::read(Section::new("", tree, &problems), &problems);
    match settings {
        Some(settings) if problems.none() => Ok(settings),
        _ => Err(Mistakes(problems.into_lines())),
    }
}

fn defaults(for_a_file: bool) -> Table {
    let (mut table, _) = tree::parse(DEFAULTS);
    if for_a_file {
        table.retain(|key, _| !NEVER_INHERITED.contains(&key.as_str()));
    }
    table
}

/// The embedded default with its data in `folder`.
#[cfg(test)]
pub(crate) fn of_folder(folder: &Path) -> Settings {
    let variable = ("CHRONOLOGY_DATA_FOLDER".to_owned(), Zeroizing::new(folder.display().to_string()));
    assemble(None, vec![variable]).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[cfg(test)]
mod tests;
