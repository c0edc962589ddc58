//! Parses request bodies: from bytes to a validated value, or to a problem that lists every fault.

pub(crate) mod fields;
pub(crate) mod pointer;
mod schema;
pub(crate) mod strict;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use service::Fault;
use utoipa::ToSchema;
use validator::Validate;

pub use schema::BodySchemas;

use crate::problem::{Problem, table};
use strict::JsonError;

/// A type that a request body can be parsed into.
pub trait Body: DeserializeOwned + Validate + ToSchema {}

impl<T: DeserializeOwned + Validate + ToSchema> Body for T {}

/// Parses a body in three steps: strict JSON, the OpenAPI schema, then the type with its field
/// rules.
///
/// # Errors
/// `malformed` when the bytes are not strict JSON, otherwise `invalid` with every fault.
pub(crate) fn parse<T: Body>(bytes: &[u8], schemas: &BodySchemas) -> Result<T, Problem> {
    let value = parse_json(bytes)?;
    let mut faults = schemas.faults(&T::name(), &value);
    match deserialize::<T>(&value) {
        Ok(body) => {
            merge_faults(
                &mut faults,
                body.validate()
                    .err()
                    .map(|errors| fields::validation_faults(&errors))
                    .unwrap_or_default(),
            );
            if faults.is_empty() {
                Ok(body)
            } else {
                Err(invalid(faults))
            }
        }
        Err(fault) => {
            if faults.is_empty() {
                faults.push(fault);
            }
            Err(invalid(faults))
        }
    }
}

/// Checks that a route without a body got none, or an empty object.
///
/// # Errors
/// `malformed` when the bytes are not strict JSON, `invalid` when they hold anything else.
pub(crate) fn require_empty(bytes: &[u8]) -> Result<(), Problem> {
    if bytes.is_empty() {
        return Ok(());
    }
    match parse_json(bytes)? {
        Value::Object(members) if members.is_empty() => Ok(()),
        Value::Object(members) => {
            let unknown = |name: &String| {
                Fault::new(
                    format!("/{}", pointer::escape_segment(name)),
                    "unknown_property",
                    "there is no such property",
                )
            };
            Err(invalid(members.keys().map(unknown).collect()))
        }
        _ => Err(invalid(vec![Fault::new(
            "",
            "wrong_type",
            "send no body here",
        )])),
    }
}

fn parse_json(bytes: &[u8]) -> Result<Value, Problem> {
    strict::parse(bytes).map_err(|error| match error {
        JsonError::Malformed(faults) => Problem::new(&table::MALFORMED).with_faults(faults),
        JsonError::ForbiddenCharacters(faults) => invalid(faults),
    })
}

fn invalid(faults: Vec<Fault>) -> Problem {
    Problem::new(&table::INVALID).with_faults(faults)
}

/// Adds faults at pointers that have none yet: a second fault at the same pointer would only repeat
/// the first.
fn merge_faults(faults: &mut Vec<Fault>, more: Vec<Fault>) {
    for fault in more {
        if !faults.iter().any(|known| known.pointer == fault.pointer) {
            faults.push(fault);
        }
    }
}

/// The typed value, or a fault at the place that could not be read. Serde's own message may quote
/// the value and is not used.
fn deserialize<T: DeserializeOwned>(value: &Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer: String = error.path().iter().map(pointer_segment).collect();
        Fault::new(pointer, "invalid_value", "the value has the wrong form")
    })
}

fn pointer_segment(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", pointer::escape_segment(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    }
}

#[cfg(test)]
mod tests;
