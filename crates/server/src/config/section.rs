//! Reads settings out of the tree, one table at a time, and notes every mistake instead of stopping at the first.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::tree::{Node, Table};

/// Every mistake found so far, one line each.
#[derive(Default)]
pub(crate) struct Problems(RefCell<Vec<String>>);

impl Problems {
    /// Notes one.
    pub(crate) fn add(&self, problem: impl Into<String>) {
        self.0.borrow_mut().push(problem.into());
    }

    /// Whether there is none yet.
    pub(crate) fn none(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// All of them.
    pub(crate) fn into_lines(self) -> Vec<String> {
        self.0.into_inner()
    }
}

/// One table of settings. Each setting is taken out by name; what is left when it is finished is unknown.
pub(crate) struct Section<'a> {
    path: String,
    table: Table,
    problems: &'a Problems,
}

/// A value as text, with the name under which a reader finds it.
struct Given {
    name: String,
    text: Zeroizing<String>,
}

impl<'a> Section<'a> {
    /// The section at `path`, empty for the whole file.
    pub(crate) fn new(path: &str, table: Table, problems: &'a Problems) -> Self {
        Self { path: path.to_owned(), table, problems }
    }

    /// The full name of one of its settings.
    pub(crate) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether the setting is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The names of all settings that are still there.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.table.keys().cloned().collect()
    }

    /// Notes a mistake of one of its settings.
    pub(crate) fn wrong(&self, key: &str, what: &str) {
        self.problems.add(format!("{}: {what}", self.name(key)));
    }

    /// A table inside; an empty one when absent.
    pub(crate) fn section(&mut self, key: &str) -> Section<'a> {
        let name = self.name(key);
        let table = match self.table.remove(key) {
            None => Table::new(),
            Some(Node::Table(table)) => table,
            Some(_) => {
                self.wrong(key, "must be a section");
                Table::new()
            }
        };
        Section::new(&name, table, self.problems)
    }

    /// A list of tables, `[[…]]`; empty when absent.
    pub(crate) fn sections(&mut self, key: &str) -> Vec<Section<'a>> {
        let items = match self.table.remove(key) {
            None => Vec::new(),
            Some(Node::List(items)) => items,
            Some(_) => {
                self.wrong(key, "must be a list of sections, [[…]]");
                Vec::new()
            }
        };
        let sections = items.into_iter().enumerate().filter_map(|(index, item)| {
            let name = format!("{}[{index}]", self.name(key));
            match item {
                Node::Table(table) => Some(Section::new(&name, table, self.problems)),
                _ => {
                    self.problems.add(format!("{name}: must be a section"));
                    None
                }
            }
        });
        sections.collect()
    }

    /// Text that may be absent.
    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        self.given(key).map(|given| given.text.to_string())
    }

    /// Text that must be there and not be blank.
    pub(crate) fn needed_text(&mut self, key: &str) -> String {
        match self.text(key) {
            Some(text) if !text.trim().is_empty() => text,
            Some(_) => {
                self.wrong(key, "must not be empty");
                String::new()
            }
            None => self.missing(key, String::new()),
        }
    }

    /// A path that may be absent.
    pub(crate) fn path(&mut self, key: &str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// A file that must exist when it is named.
    pub(crate) fn existing_file(&mut self, key: &str) -> Option<PathBuf> {
        let path = self.path(key)?;
        if !path.is_file() {
            self.wrong(key, &format!("there is no file {}", path.display()));
        }
        Some(path)
    }

    /// A secret: the setting itself, or the content of the file that `KEY_file` names.
    pub(crate) fn secret(&mut self, key: &str) -> Option<SecretString> {
        let file_key = format!("{key}_file");
        if self.has(key) && self.has(&file_key) {
            self.wrong(key, &format!("give either {key} or {file_key}, not both"));
        }
        let file = self.existing_file(&file_key);
        if let Some(given) = self.given(key) {
            return Some(SecretString::from(given.text.as_str()));
        }
        let path = file.filter(|path| path.is_file())?;
        match std::fs::read_to_string(&path).map(Zeroizing::new) {
            Ok(content) => Some(SecretString::from(content.trim())),
            Err(error) => {
                self.wrong(&file_key, &format!("cannot be read: {}", error.kind()));
                None
            }
        }
    }

    /// One of the words of a closed list, or anything else that parses from text.
    pub(crate) fn parsed<T: FromStr>(&mut self, key: &str, what: &str) -> Option<T> {
        let given = self.given(key)?;
        let parsed = given.text.parse().ok();
        if parsed.is_none() {
            self.problems.add(format!("{}: must be {what}", given.name));
        }
        parsed
    }

    /// As [`Section::parsed`], and must be there.
    pub(crate) fn needed<T: FromStr>(&mut self, key: &str, what: &str) -> Option<T> {
        if !self.has(key) {
            return self.missing(key, None);
        }
        self.parsed(key, what)
    }

    /// An address to listen on.
    pub(crate) fn address(&mut self, key: &str) -> Option<SocketAddr> {
        self.parsed(key, "an IP address and a port, such as 127.0.0.1:8443 or [::1]:8443")
    }

    /// A whole number within `range` that may be absent.
    pub(crate) fn optional_number(&mut self, key: &str, range: &RangeInclusive<u64>) -> Option<u64> {
        let (name, number) = match self.table.remove(key)? {
            Node::Integer(number) => (self.name(key), Some(i128::from(number))),
            Node::Environment { variable, text } => (variable, text.trim().parse::<i128>().ok()),
            _ => (self.name(key), None),
        };
        let fitting = number.and_then(|number| u64::try_from(number).ok()).filter(|number| range.contains(number));
        if fitting.is_none() {
            let shown = number.map_or_else(String::new, |number| format!(", is {number}"));
            let (start, end) = (range.start(), range.end());
            self.problems.add(format!("{name}: must be a whole number from {start} to {end}{shown}"));
        }
        fitting
    }

    /// A whole number within `range`.
    pub(crate) fn number(&mut self, key: &str, range: &RangeInclusive<u64>) -> u64 {
        if !self.has(key) {
            return self.missing(key, *range.start());
        }
        self.optional_number(key, range).unwrap_or(*range.start())
    }

    /// A whole number within `range`, as an index or a count in memory.
    pub(crate) fn count(&mut self, key: &str, range: &RangeInclusive<u64>) -> usize {
        usize::try_from(self.number(key, range)).unwrap_or(usize::MAX)
    }

    /// A number of seconds.
    pub(crate) fn seconds(&mut self, key: &str, range: &RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(key, range))
    }

    /// True or false, may be absent.
    pub(crate) fn flag(&mut self, key: &str) -> Option<bool> {
        let (name, flag) = match self.table.remove(key)? {
            Node::Flag(flag) => (self.name(key), Some(flag)),
            Node::Environment { variable, text } => (variable, text.trim().parse().ok()),
            _ => (self.name(key), None),
        };
        if flag.is_none() {
            self.problems.add(format!("{name}: must be true or false"));
        }
        flag
    }

    /// A list of texts; from the environment, separated by commas. Empty when absent.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<String> {
        let items = match self.table.remove(key) {
            None => return Vec::new(),
            Some(Node::Environment { text, .. }) => {
                return text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect();
            }
            Some(Node::List(items)) => items,
            Some(_) => {
                self.wrong(key, "must be a list of texts");
                return Vec::new();
            }
        };
        let wanted = items.len();
        let texts: Vec<String> = items
            .into_iter()
            .filter_map(|item| if let Node::Text(text) = item { Some(text.to_string()) } else { None })
            .collect();
        if texts.len() != wanted {
            self.wrong(key, "must be a list of texts");
        }
        texts
    }

    /// Whether the setting is there and says nothing; then it is taken out.
    pub(crate) fn take_blank(&mut self, key: &str) -> bool {
        let blank = match self.table.get(key) {
            Some(Node::Text(text) | Node::Environment { text, .. }) => text.trim().is_empty(),
            _ => false,
        };
        if blank {
            self.table.remove(key);
        }
        blank
    }

    /// Names everything that nobody asked for.
    pub(crate) fn finish(self) {
        for (key, node) in &self.table {
            match node {
                Node::Environment { variable, .. } => {
                    self.problems.add(format!("{variable}: there is no such setting"))
                }
                _ => self.wrong(key, "there is no such setting"),
            }
        }
    }

    fn missing<T>(&self, key: &str, stand_in: T) -> T {
        self.wrong(key, "is missing");
        stand_in
    }

    fn given(&mut self, key: &str) -> Option<Given> {
        let name = self.name(key);
        match self.table.remove(key)? {
            Node::Text(text) => Some(Given { name, text }),
            // An empty variable is how an environment file says "not set".
            Node::Environment { variable, text } => (!text.is_empty()).then_some(Given { name: variable, text }),
            _ => {
                self.wrong(key, "must be text in quotation marks");
                None
            }
        }
    }
}
