//! From bytes to a checked value, or to a problem that names every fault.

pub(crate) mod fields;
pub(crate) mod pointer;
pub(crate) mod schema;
pub(crate) mod strict;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use service::Fault;
use utoipa::ToSchema;
use validator::Validate;

use crate::problem::{Problem, table};
use strict::NotJson;

/// What a body can become.
pub(crate) trait Body: DeserializeOwned + Validate + ToSchema {}

impl<T: DeserializeOwned + Validate + ToSchema> Body for T {}

/// Reads a body: its bytes, its shape by the document's schema, then its type and field rules.
///
/// # Errors
/// `malformed` when the bytes are not strict JSON, `invalid` with every fault otherwise.
pub(crate) fn read<T: Body>(bytes: &[u8]) -> Result<T, Problem> {
    let value = json(bytes)?;
    let mut faults = schema::faults(&T::name(), &value);
    match typed::<T>(&value) {
        Ok(body) => {
            merge(&mut faults, body.validate().err().map(|errors| fields::faults(&errors)).unwrap_or_default());
            if faults.is_empty() { Ok(body) } else { Err(invalid(faults)) }
        }
        Err(fault) => {
            if faults.is_empty() {
                faults.push(fault);
            }
            Err(invalid(faults))
        }
    }
}

/// A body where none is wanted: nothing at all, or an empty object.
pub(crate) fn none(bytes: &[u8]) -> Result<(), Problem> {
    if bytes.is_empty() {
        return Ok(());
    }
    match json(bytes)? {
        Value::Object(members) if members.is_empty() => Ok(()),
        Value::Object(members) => {
            let unknown = |name: &String| {
                Fault::new(format!("/{}", pointer::part(name)), "unknown_property", "there is no such property")
            };
            Err(invalid(members.keys().map(unknown).collect()))
        }
        _ => Err(invalid(vec![Fault::new("", "wrong_type", "send no body here")])),
    }
}

fn json(bytes: &[u8]) -> Result<Value, Problem> {
    strict::parse(bytes).map_err(|error| match error {
        NotJson::Malformed(faults) => Problem::new(&table::MALFORMED).faults(faults),
        NotJson::Unfit(faults) => invalid(faults),
    })
}

fn invalid(faults: Vec<Fault>) -> Problem {
    Problem::new(&table::INVALID).faults(faults)
}

/// The second finding at a pointer adds nothing to the first.
fn merge(faults: &mut Vec<Fault>, more: Vec<Fault>) {
    for fault in more {
        if !faults.iter().any(|known| known.pointer == fault.pointer) {
            faults.push(fault);
        }
    }
}

/// The typed value, or where it could not be read. The reader's own words may quote the value, so they are not used.
fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer: String = error.path().iter().map(segment).collect();
        Fault::new(pointer, "invalid_value", "this cannot be read as what it should be")
    })
}

fn segment(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", pointer::part(key)),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    }
}

#[cfg(test)]
mod tests;
