//! A JSON object whose properties are taken out by name; what is left over, or of the wrong type, is noted.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::batch::finding::FindingCode as C;

/// What was noticed on a line: where, and what.
#[derive(Default)]
pub(crate) struct Notes {
    found: RefCell<Vec<(String, C)>>,
    /// Unknown properties by place without numbers, so that each is noted once for a line.
    unknown: RefCell<BTreeSet<String>>,
}

impl Notes {
    pub(crate) fn add(&self, field: impl Into<String>, code: C) {
        self.found.borrow_mut().push((field.into(), code));
    }

    fn add_unknown(&self, field: String) {
        let place: String = field.chars().filter(|c| !c.is_ascii_digit()).collect();
        if self.unknown.borrow_mut().insert(place) {
            self.add(field, C::UnknownProperty);
        }
    }

    pub(crate) fn into_found(self) -> Vec<(String, C)> {
        self.found.into_inner()
    }
}

/// One object of a line.
pub(crate) struct Fields<'n> {
    path: String,
    object: Map<String, Value>,
    pub(crate) notes: &'n Notes,
}

impl<'n> Fields<'n> {
    pub(crate) const fn new(path: String, object: Map<String, Value>, notes: &'n Notes) -> Self {
        Self { path, object, notes }
    }

    /// Where a property stands in the line.
    pub(crate) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub(crate) fn note(&self, key: &str, code: C) {
        self.notes.add(self.name(key), code);
    }

    /// The path of the object itself.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The value as it is; null is none.
    pub(crate) fn value(&mut self, key: &str) -> Option<Value> {
        self.object.remove(key).filter(|value| !value.is_null())
    }

    /// Text, trimmed; null and blank are none. A number is its digits, because exports often write ids as numbers.
    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        let value = self.value(key)?;
        let read = plain(&value);
        if read.is_none() {
            self.note(key, C::WrongType);
        }
        read.filter(|text| !text.is_empty())
    }

    /// A list; null is empty, and one value that is no list stands for a list of one.
    pub(crate) fn list(&mut self, key: &str) -> Vec<Value> {
        match self.value(key) {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(Value::String(text)) if text.trim().is_empty() => Vec::new(),
            Some(one) => vec![one],
        }
    }

    /// An object inside, or none.
    pub(crate) fn object(&mut self, key: &str) -> Option<Fields<'n>> {
        match self.value(key)? {
            Value::Object(object) => Some(Fields::new(self.name(key), object, self.notes)),
            _ => {
                self.note(key, C::WrongType);
                None
            }
        }
    }

    /// Notes everything that nobody asked for.
    pub(crate) fn finish(self) {
        for key in self.object.keys() {
            self.notes.add_unknown(self.name(key));
        }
    }
}

/// Text or a number as trimmed text.
pub(crate) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
