//! Strict JSON parsing: duplicate members, NUL characters, trailing data and excessive nesting are
//! faults. Faults are collected with their pointers, so that the sender learns all of them at once,
//! up to the number a problem document lists. Memory use is bounded by what the OpenAPI document
//! allows, whatever the bytes are.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use service::Fault;

use super::pointer::Pointer;
use crate::problem::MAX_FAULTS;

/// Deepest nesting accepted.
pub(crate) const MAX_DEPTH: usize = 32;
/// List items retained: more than any list of the document may have, so that dropping the rest
/// changes no fault.
pub(crate) const MAX_ITEMS: usize = 501;
/// Object members retained: more than any object of the document has.
pub(crate) const MAX_MEMBERS: usize = 100;
/// Values retained per body: three times what the largest fragment can have.
pub(crate) const MAX_VALUES: usize = 100_000;

/// Why a body was rejected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// Not strict JSON: status 400.
    Malformed(Vec<Fault>),
    /// Well-formed, but with NUL characters, which PostgreSQL cannot store: status 422.
    ForbiddenCharacters(Vec<Fault>),
}

/// Parses exactly one JSON value.
///
/// # Errors
/// [`JsonError`] with every fault found. Bytes that are not UTF-8 or not JSON have only one,
/// because parsing stops there.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| malformed("", "not_utf8", "the body is not UTF-8"))?;
    let state = ParseState::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = ValueSeed {
        state: &state,
        pointer: Pointer::root(),
        depth: 0,
    };
    let value = seed
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    let ParseState {
        malformed: mut faults,
        forbidden,
        aborted,
        ..
    } = state;
    if let Some(fault) = aborted.into_inner() {
        return Err(JsonError::Malformed(vec![fault]));
    }
    let value = value.map_err(|error| JsonError::Malformed(vec![syntax_fault(&error)]))?;
    let faults = faults.get_mut();
    if !faults.is_empty() {
        return Err(JsonError::Malformed(std::mem::take(faults)));
    }
    let forbidden = forbidden.into_inner();
    if forbidden.is_empty() {
        Ok(value)
    } else {
        Err(JsonError::ForbiddenCharacters(forbidden))
    }
}

fn malformed(pointer: &str, code: &str, message: &str) -> JsonError {
    JsonError::Malformed(vec![Fault::new(pointer, code, message)])
}

/// Line and column only: the parser's own message may quote the input.
fn syntax_fault(error: &serde_json::Error) -> Fault {
    let message = format!(
        "not well-formed JSON at line {}, column {}",
        error.line(),
        error.column()
    );
    Fault::new("", "not_json", message)
}

/// The faults found so far, and the number of values retained.
#[derive(Default)]
struct ParseState {
    malformed: RefCell<Vec<Fault>>,
    forbidden: RefCell<Vec<Fault>>,
    /// The fault that made parsing stop.
    aborted: RefCell<Option<Fault>>,
    value_count: Cell<usize>,
}

/// Records a fault unless there are already more than are listed.
fn record_fault(faults: &RefCell<Vec<Fault>>, fault: impl FnOnce() -> Fault) {
    let mut faults = faults.borrow_mut();
    if faults.len() <= MAX_FAULTS {
        faults.push(fault());
    }
}

/// Deserialises the value at one position.
struct ValueSeed<'a> {
    state: &'a ParseState,
    pointer: Pointer<'a>,
    depth: usize,
}

impl ValueSeed<'_> {
    /// The depth of the next level, or an error when that is too deep.
    fn next_depth<E: Error>(&self) -> Result<usize, E> {
        if self.depth < MAX_DEPTH {
            return Ok(self.depth + 1);
        }
        let message = format!("nested more than {MAX_DEPTH} levels deep");
        Err(self.abort("too_deep", message))
    }

    /// Counts one more retained value.
    fn count_value<E: Error>(&self) -> Result<(), E> {
        self.state.value_count.set(self.state.value_count.get() + 1);
        if self.state.value_count.get() <= MAX_VALUES {
            return Ok(());
        }
        Err(self.abort(
            "too_many_values",
            format!("more than {MAX_VALUES} values in one body"),
        ))
    }

    fn abort<E: Error>(&self, code: &str, message: String) -> E {
        *self.state.aborted.borrow_mut() =
            Some(Fault::new(self.pointer.to_string(), code, message));
        E::custom(code)
    }

    fn check_characters(&self, text: &str) {
        if text.contains('\0') {
            record_fault(&self.state.forbidden, || {
                Fault::new(
                    self.pointer.to_string(),
                    "nul_character",
                    "remove the NUL characters",
                )
            });
        }
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count_value()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        self.check_characters(value);
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        self.check_characters(&value);
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let depth = self.next_depth()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(ValueSeed {
            state: self.state,
            pointer: self.pointer.item(items.len()),
            depth,
        })? {
            items.push(item);
            if items.len() == MAX_ITEMS {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.next_depth()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let pointer = self.pointer.member(&name);
            if members.contains_key(&name) {
                record_fault(&self.state.malformed, || {
                    Fault::new(
                        pointer.to_string(),
                        "duplicate_member",
                        "name each member once",
                    )
                });
            }
            let seed = ValueSeed {
                state: self.state,
                pointer,
                depth,
            };
            seed.check_characters(&name);
            let value = map.next_value_seed(seed)?;
            members.insert(name, value);
            if members.len() == MAX_MEMBERS {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                break;
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn codes(bytes: &[u8]) -> Vec<(String, String)> {
        let (JsonError::Malformed(faults) | JsonError::ForbiddenCharacters(faults)) =
            parse(bytes).unwrap_err();
        faults
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect()
    }

    #[rstest]
    #[case(b"", "", "not_json")]
    #[case(b"{", "", "not_json")]
    #[case(b"{}x", "", "not_json")]
    #[case(b"{} {}", "", "not_json")]
    #[case(b"{'a':1}", "", "not_json")]
    #[case(b"{\"a\":NaN}", "", "not_json")]
    #[case(b"{\"a\":1e999}", "", "not_json")]
    #[case(b"{\"a\":\"\\ud800\"}", "", "not_json")]
    #[case(b"\xef\xbb\xbf{}", "", "not_json")]
    #[case(b"{\"a\":\"\xff\"}", "", "not_utf8")]
    #[case(b"{\"a\":1,\"\\u0061\":2}", "/a", "duplicate_member")]
    #[case(b"[{\"b\":{\"c/d\":1,\"c/d\":1}}]", "/0/b/c~1d", "duplicate_member")]
    #[case(b"{\"a\":[\"x\\u0000y\"]}", "/a/0", "nul_character")]
    fn names_each_fault(#[case] bytes: &[u8], #[case] pointer: &str, #[case] code: &str) {
        assert_eq!(codes(bytes), [(pointer.to_owned(), code.to_owned())]);
    }

    #[test]
    fn reports_all_duplicate_members() {
        let state = codes(br#"{"a":1,"a":2,"b":[{"c":1,"c":2}]}"#);
        assert_eq!(
            state
                .into_iter()
                .map(|(pointer, _)| pointer)
                .collect::<Vec<_>>(),
            ["/a", "/b/0/c"]
        );
    }

    #[test]
    fn accepts_maximum_depth_and_rejects_deeper() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(codes(nested(MAX_DEPTH + 1).as_bytes())[0].1, "too_deep");
        assert_eq!(codes("[".repeat(100_000).as_bytes())[0].1, "too_deep");
    }

    #[test]
    fn bounds_retained_values() {
        let list = format!("[{}]", vec!["{}"; 300_000].join(","));
        assert_eq!(
            parse(list.as_bytes()).unwrap().as_array().unwrap().len(),
            MAX_ITEMS
        );
        let object: Vec<String> = (0..50_000).map(|name| format!("\"n{name}\":1")).collect();
        let object = format!("{{{}}}", object.join(","));
        assert_eq!(
            parse(object.as_bytes()).unwrap().as_object().unwrap().len(),
            MAX_MEMBERS
        );
        let lists = format!(
            "[{}]",
            vec![format!("[{}]", vec!["1"; 400].join(",")); 300].join(",")
        );
        assert_eq!(codes(lists.as_bytes())[0].1, "too_many_values");
        let repeated = format!("{{{}}}", vec!["\"a\":1"; 50_000].join(","));
        assert_eq!(codes(repeated.as_bytes()).len(), MAX_FAULTS + 1);
    }

    #[test]
    fn syntax_faults_do_not_quote_input() {
        let state = parse(br#"{"a": Orla}"#).unwrap_err();
        assert!(!format!("{state:?}").contains("Orla"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
