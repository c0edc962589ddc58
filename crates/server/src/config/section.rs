//! Reads settings from the tree, one table at a time, and collects every error instead of stopping
//! at the first.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::tree::{Node, Table};

/// All errors found so far, one line each.
#[derive(Default)]
pub(crate) struct ErrorCollector(RefCell<Vec<String>>);

impl ErrorCollector {
    /// Adds an error.
    pub(crate) fn add(&self, error: impl Into<String>) {
        self.0.borrow_mut().push(error.into());
    }

    /// Whether there are no errors.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// The collected errors.
    pub(crate) fn into_lines(self) -> Vec<String> {
        self.0.into_inner()
    }
}

/// One table of settings. Each setting is removed when it is read; any that remain at the end are
/// unknown.
pub(crate) struct Section<'a> {
    path: String,
    table: Table,
    errors: &'a ErrorCollector,
}

/// A text value with the name of its setting or environment variable.
struct NamedText {
    name: String,
    text: Zeroizing<String>,
}

impl<'a> Section<'a> {
    /// Creates a section at `path`, which is empty for the whole file.
    pub(crate) fn new(path: &str, table: Table, errors: &'a ErrorCollector) -> Self {
        Self {
            path: path.to_owned(),
            table,
            errors,
        }
    }

    /// The full name of a setting of this section.
    pub(crate) fn name(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Whether the setting is present.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The names of all settings that have not been read yet.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.table.keys().cloned().collect()
    }

    /// Adds an error about a setting of this section.
    pub(crate) fn add_error(&self, key: &str, message: &str) {
        self.errors.add(format!("{}: {message}", self.name(key)));
    }

    /// Reads a nested table; an empty one when absent.
    pub(crate) fn section(&mut self, key: &str) -> Section<'a> {
        let name = self.name(key);
        let table = match self.table.remove(key) {
            None => Table::new(),
            Some(Node::Table(table)) => table,
            Some(_) => {
                self.add_error(key, "must be a section");
                Table::new()
            }
        };
        Section::new(&name, table, self.errors)
    }

    /// Reads a list of tables, `[[…]]`; empty when absent.
    pub(crate) fn sections(&mut self, key: &str) -> Vec<Section<'a>> {
        let items = match self.table.remove(key) {
            None => Vec::new(),
            Some(Node::List(items)) => items,
            Some(_) => {
                self.add_error(key, "must be a list of sections, [[…]]");
                Vec::new()
            }
        };
        let sections = items.into_iter().enumerate().filter_map(|(index, item)| {
            let name = format!("{}[{index}]", self.name(key));
            match item {
                Node::Table(table) => Some(Section::new(&name, table, self.errors)),
                _ => {
                    self.errors.add(format!("{name}: must be a section"));
                    None
                }
            }
        });
        sections.collect()
    }

    /// Reads an optional text.
    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        self.take_text(key).map(|named| named.text.to_string())
    }

    /// Reads a required text, which must not be blank.
    pub(crate) fn required_text(&mut self, key: &str) -> String {
        match self.text(key) {
            Some(text) if !text.trim().is_empty() => text,
            Some(_) => {
                self.add_error(key, "must not be empty");
                String::new()
            }
            None => self.report_missing(key, String::new()),
        }
    }

    /// Reads an optional path.
    pub(crate) fn path(&mut self, key: &str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// Reads an optional file, which must exist when it is given.
    pub(crate) fn existing_file(&mut self, key: &str) -> Option<PathBuf> {
        let path = self.path(key)?;
        if !path.is_file() {
            self.add_error(key, &format!("there is no file {}", path.display()));
        }
        Some(path)
    }

    /// Reads a secret: the setting itself, or the content of the file that `KEY_file` names.
    pub(crate) fn secret(&mut self, key: &str) -> Option<SecretString> {
        let file_key = format!("{key}_file");
        if self.has(key) && self.has(&file_key) {
            self.add_error(key, &format!("give either {key} or {file_key}, not both"));
        }
        let file = self.existing_file(&file_key);
        if let Some(named) = self.take_text(key) {
            return Some(SecretString::from(named.text.as_str()));
        }
        let path = file.filter(|path| path.is_file())?;
        match std::fs::read_to_string(&path).map(Zeroizing::new) {
            Ok(content) => Some(SecretString::from(content.trim())),
            Err(error) => {
                self.add_error(&file_key, &format!("cannot be read: {}", error.kind()));
                None
            }
        }
    }

    /// Reads an optional value that is parsed from text. `expected` completes the error "must be
    /// …".
    pub(crate) fn parsed<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        let named = self.take_text(key)?;
        let parsed = named.text.parse().ok();
        if parsed.is_none() {
            self.errors
                .add(format!("{}: must be {expected}", named.name));
        }
        parsed
    }

    /// As [`Section::parsed`], but the setting is required.
    pub(crate) fn required<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        if !self.has(key) {
            return self.report_missing(key, None);
        }
        self.parsed(key, expected)
    }

    /// Reads an address to listen on.
    pub(crate) fn address(&mut self, key: &str) -> Option<SocketAddr> {
        self.parsed(
            key,
            "an IP address and a port, such as 127.0.0.1:8443 or [::1]:8443",
        )
    }

    /// Reads an optional whole number within `range`.
    pub(crate) fn optional_number(
        &mut self,
        key: &str,
        range: &RangeInclusive<u64>,
    ) -> Option<u64> {
        let (name, number) = match self.table.remove(key)? {
            Node::Integer(number) => (self.name(key), Some(i128::from(number))),
            Node::Environment { variable, text } => (variable, text.trim().parse::<i128>().ok()),
            _ => (self.name(key), None),
        };
        let valid = number
            .and_then(|number| u64::try_from(number).ok())
            .filter(|number| range.contains(number));
        if valid.is_none() {
            let actual = number.map_or_else(String::new, |number| format!(", is {number}"));
            let start = range.start();
            let end = range.end();
            self.errors.add(format!(
                "{name}: must be a whole number from {start} to {end}{actual}"
            ));
        }
        valid
    }

    /// Reads a required whole number within `range`.
    pub(crate) fn number(&mut self, key: &str, range: &RangeInclusive<u64>) -> u64 {
        if !self.has(key) {
            return self.report_missing(key, *range.start());
        }
        self.optional_number(key, range).unwrap_or(*range.start())
    }

    /// As [`Section::number`], for counts in memory.
    pub(crate) fn count(&mut self, key: &str, range: &RangeInclusive<u64>) -> usize {
        usize::try_from(self.number(key, range)).unwrap_or(usize::MAX)
    }

    /// Reads a required duration in seconds.
    pub(crate) fn seconds(&mut self, key: &str, range: &RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(key, range))
    }

    /// Reads an optional boolean.
    pub(crate) fn flag(&mut self, key: &str) -> Option<bool> {
        let (name, flag) = match self.table.remove(key)? {
            Node::Flag(flag) => (self.name(key), Some(flag)),
            Node::Environment { variable, text } => (variable, text.trim().parse().ok()),
            _ => (self.name(key), None),
        };
        if flag.is_none() {
            self.errors.add(format!("{name}: must be true or false"));
        }
        flag
    }

    /// Reads a list of texts; in the environment they are separated by commas. Empty when absent.
    pub(crate) fn text_list(&mut self, key: &str) -> Vec<String> {
        let items = match self.table.remove(key) {
            None => return Vec::new(),
            Some(Node::Environment { text, .. }) => {
                return text
                    .split(',')
                    .map(|item| item.trim().to_owned())
                    .filter(|item| !item.is_empty())
                    .collect();
            }
            Some(Node::List(items)) => items,
            Some(_) => {
                self.add_error(key, "must be a list of texts");
                return Vec::new();
            }
        };
        let wanted = items.len();
        let texts: Vec<String> = items
            .into_iter()
            .filter_map(|item| {
                if let Node::Text(text) = item {
                    Some(text.to_string())
                } else {
                    None
                }
            })
            .collect();
        if texts.len() != wanted {
            self.add_error(key, "must be a list of texts");
        }
        texts
    }

    /// Removes the setting if it is blank, and returns whether it was.
    pub(crate) fn remove_if_blank(&mut self, key: &str) -> bool {
        let blank = match self.table.get(key) {
            Some(Node::Text(text) | Node::Environment { text, .. }) => text.trim().is_empty(),
            _ => false,
        };
        if blank {
            self.table.remove(key);
        }
        blank
    }

    /// Adds an error for each setting that was not read.
    pub(crate) fn finish(self) {
        for (key, node) in &self.table {
            match node {
                Node::Environment { variable, .. } => self
                    .errors
                    .add(format!("{variable}: there is no such setting")),
                _ => self.add_error(key, "there is no such setting"),
            }
        }
    }

    fn report_missing<T>(&self, key: &str, placeholder: T) -> T {
        self.add_error(key, "is missing");
        placeholder
    }

    fn take_text(&mut self, key: &str) -> Option<NamedText> {
        let name = self.name(key);
        match self.table.remove(key)? {
            Node::Text(text) => Some(NamedText { name, text }),
            // Environment files set a variable to the empty string for "not set".
            Node::Environment { variable, text } => (!text.is_empty()).then_some(NamedText {
                name: variable,
                text,
            }),
            _ => {
                self.add_error(key, "must be text in quotation marks");
                None
            }
        }
    }
}
