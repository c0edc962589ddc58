//! Bodies of requests, read as the API reads them: nothing panics; what is taken is what any other JSON reader makes of
//! the same bytes, with no member twice, no NUL and no nesting without end; and a fault quotes nothing.
//!
//! The reader is compiled in from its own two files, so that neither the database nor the server has to be built here.
#![no_main]

extern crate self as service;

use serde_json::Value;

/// Stands for `service::Fault`.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub pointer: String,
    pub code: String,
    pub message: String,
}

impl Fault {
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), message: message.into() }
    }
}

/// Stands for the part of `api::problem` that the reader needs.
mod problem {
    /// Most faults that a problem document names.
    pub(crate) const MOST_FAULTS: usize = 100;
}

#[allow(dead_code)]
#[path = "../../../crates/api/src/body/pointer.rs"]
mod pointer;
#[path = "../../../crates/api/src/body/strict.rs"]
mod strict;

use strict::{MAX_DEPTH, NotJson, parse};

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let plain = serde_json::from_slice::<Value>(data);
    match parse(data) {
        Ok(value) => {
            assert_eq!(plain.expect("taken by us alone"), value);
            assert!(depth(&value) <= MAX_DEPTH && !has_nul(&value));
        }
        Err(NotJson::Malformed(faults)) => {
            assert!(!faults.is_empty());
            let ours = ["not_json", "not_utf8", "duplicate_member", "too_deep"];
            assert!(faults.iter().all(|fault| ours.contains(&fault.code.as_str())));
        }
        Err(NotJson::Unfit(faults)) => {
            assert!(faults.iter().all(|fault| fault.code == "nul_character"));
            assert!(has_nul(&plain.expect("read, but unfit")) || !faults.is_empty());
        }
    }
});
