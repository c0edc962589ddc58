//! Reads the properties of a JSON object by name, and records the unknown ones and those of a wrong
//! type.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::batch::finding::FindingCode as C;

/// The findings about the fields of one line: the place within the line, and the code.
#[derive(Default)]
pub(crate) struct FieldFindings {
    findings: RefCell<Vec<(String, C)>>,
    /// Paths of unknown properties without list indexes, so that each property is recorded once for
    /// a line.
    unknown: RefCell<BTreeSet<String>>,
}

impl FieldFindings {
    pub(crate) fn add(&self, field: impl Into<String>, code: C) {
        self.findings.borrow_mut().push((field.into(), code));
    }

    fn add_unknown_property(&self, field: String) {
        let path_without_indexes: String = field.chars().filter(|c| !c.is_ascii_digit()).collect();
        if self.unknown.borrow_mut().insert(path_without_indexes) {
            self.add(field, C::UnknownProperty);
        }
    }

    pub(crate) fn into_findings(self) -> Vec<(String, C)> {
        self.findings.into_inner()
    }
}

/// Reads one object of a line. Each `take_…` method removes a property; what remains is unknown.
pub(crate) struct ObjectReader<'f> {
    path: String,
    object: Map<String, Value>,
    pub(crate) findings: &'f FieldFindings,
}

impl<'f> ObjectReader<'f> {
    pub(crate) const fn new(
        path: String,
        object: Map<String, Value>,
        findings: &'f FieldFindings,
    ) -> Self {
        Self {
            path,
            object,
            findings,
        }
    }

    /// The path of a property within the line.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Records a finding about a property.
    pub(crate) fn report(&self, key: &str, code: C) {
        self.findings.add(self.path_of(key), code);
    }

    /// The path of the object itself.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Takes a value; `None` for null.
    pub(crate) fn take_value(&mut self, key: &str) -> Option<Value> {
        self.object.remove(key).filter(|value| !value.is_null())
    }

    /// Takes a text, trimmed; `None` for null and blank. A number is read as its digits, because
    /// exports often write ids as numbers.
    pub(crate) fn take_text(&mut self, key: &str) -> Option<String> {
        let value = self.take_value(key)?;
        let text = scalar_text(&value);
        if text.is_none() {
            self.report(key, C::WrongType);
        }
        text.filter(|text| !text.is_empty())
    }

    /// Takes a list; null is an empty list, and a value that is not a list is read as a list of
    /// that value.
    pub(crate) fn take_list(&mut self, key: &str) -> Vec<Value> {
        match self.take_value(key) {
            None => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(Value::String(text)) if text.trim().is_empty() => Vec::new(),
            Some(value) => vec![value],
        }
    }

    /// Takes a nested object.
    pub(crate) fn take_object(&mut self, key: &str) -> Option<ObjectReader<'f>> {
        match self.take_value(key)? {
            Value::Object(object) => {
                Some(ObjectReader::new(self.path_of(key), object, self.findings))
            }
            _ => {
                self.report(key, C::WrongType);
                None
            }
        }
    }

    /// Records every property that was not taken.
    pub(crate) fn report_unknown_properties(self) {
        for key in self.object.keys() {
            self.findings.add_unknown_property(self.path_of(key));
        }
    }
}

/// A string or number as trimmed text; `None` for other values.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
