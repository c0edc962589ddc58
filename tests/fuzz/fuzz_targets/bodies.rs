//! Request bodies, parsed as the API parses them. Nothing panics. An accepted body has the value
//! that `serde_json` reads from the same bytes, contains no NUL and is not nested too deeply. A
//! rejected body has only the known fault codes.
//!
//! The parser is compiled from its two source files, so that the database and the server need not
//! be built here.
#![no_main]

extern crate self as service;

use serde_json::Value;

/// Replaces `service::Fault`.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub pointer: String,
    pub code: String,
    pub message: String,
}

impl Fault {
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}

/// Replaces the part of `web::problem` that the parser uses.
mod problem {
    /// Maximum number of faults in a problem document.
    pub(crate) const MAX_FAULTS: usize = 100;
}

#[allow(dead_code)]
#[path = "../../../crates/web/src/body/pointer.rs"]
mod pointer;
#[path = "../../../crates/web/src/body/strict.rs"]
mod strict;

use strict::{JsonError, MAX_DEPTH, parse};

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
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let reference = serde_json::from_slice::<Value>(data);
    match parse(data) {
        Ok(value) => {
            assert_eq!(
                reference.expect("a body that the API accepts is JSON"),
                value
            );
            assert!(depth(&value) <= MAX_DEPTH && !has_nul(&value));
        }
        Err(JsonError::Malformed(faults)) => {
            assert!(!faults.is_empty());
            let codes = ["not_json", "not_utf8", "duplicate_member", "too_deep"];
            assert!(
                faults
                    .iter()
                    .all(|fault| codes.contains(&fault.code.as_str()))
            );
        }
        Err(JsonError::ForbiddenCharacters(faults)) => {
            assert!(faults.iter().all(|fault| fault.code == "nul_character"));
            assert!(
                has_nul(&reference.expect("a body with forbidden characters is JSON"))
                    || !faults.is_empty()
            );
        }
    }
});
