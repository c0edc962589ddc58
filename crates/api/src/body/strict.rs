//! JSON read without charity: every member once, no depth without end, no NUL, nothing after the value. Faults are
//! gathered with their pointers, so that a sender hears of all of them at once, but of no more than a problem document names.
//! What is kept of a body is bounded by what the document allows at most, whatever its bytes are.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use service::Fault;

use super::pointer::Pointer;
use crate::problem::MOST_FAULTS;

/// Deepest nesting taken.
pub(crate) const MAX_DEPTH: usize = 32;
/// Items of a list that are kept: more than any list of the document may have, so that what is left out changes no answer.
pub(crate) const MAX_ITEMS: usize = 501;
/// Members of an object that are kept: more than any object of the document has.
pub(crate) const MAX_MEMBERS: usize = 100;
/// Values that are kept of a body: three times what the largest fragment can have.
pub(crate) const MAX_VALUES: usize = 100_000;

/// Why bytes are not a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotJson {
    /// Not to be read: 400.
    Malformed(Vec<Fault>),
    /// Read, but with characters no text of ours may have: 422.
    Unfit(Vec<Fault>),
}

/// Reads one JSON value and nothing after it.
///
/// # Errors
/// [`NotJson`] with every fault found. Bytes that are not UTF-8 or not JSON have one fault, because nothing after it
/// can be told.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, NotJson> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("", "not_utf8", "the body is not UTF-8"))?;
    let found = Found::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = Seed { found: &found, at: Pointer::root(), depth: 0 };
    let value = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    let Found { malformed: mut faults, unfit, stopped, .. } = found;
    if let Some(why) = stopped.into_inner() {
        return Err(NotJson::Malformed(vec![why]));
    }
    let value = value.map_err(|error| NotJson::Malformed(vec![syntax(&error)]))?;
    let faults = faults.get_mut();
    if !faults.is_empty() {
        return Err(NotJson::Malformed(std::mem::take(faults)));
    }
    let unfit = unfit.into_inner();
    if unfit.is_empty() { Ok(value) } else { Err(NotJson::Unfit(unfit)) }
}

fn malformed(pointer: &str, code: &str, message: &str) -> NotJson {
    NotJson::Malformed(vec![Fault::new(pointer, code, message)])
}

/// Line and column only: the parser's own words may quote what was sent.
fn syntax(error: &serde_json::Error) -> Fault {
    let place = format!("not well-formed JSON at line {}, column {}", error.line(), error.column());
    Fault::new("", "not_json", place)
}

#[derive(Default)]
struct Found {
    malformed: RefCell<Vec<Fault>>,
    unfit: RefCell<Vec<Fault>>,
    /// Why reading was stopped.
    stopped: RefCell<Option<Fault>>,
    values: Cell<usize>,
}

/// Adds a fault unless there are more than are named already.
fn note(faults: &RefCell<Vec<Fault>>, fault: impl FnOnce() -> Fault) {
    let mut faults = faults.borrow_mut();
    if faults.len() <= MOST_FAULTS {
        faults.push(fault());
    }
}

/// Where the reader stands.
struct Seed<'a> {
    found: &'a Found,
    at: Pointer<'a>,
    depth: usize,
}

impl Seed<'_> {
    /// Refuses the next level when it is one too many.
    fn deeper<E: Error>(&self) -> Result<usize, E> {
        if self.depth < MAX_DEPTH {
            return Ok(self.depth + 1);
        }
        let message = format!("nested more than {MAX_DEPTH} levels deep");
        Err(self.stop("too_deep", message))
    }

    /// Counts one more value that is kept.
    fn count<E: Error>(&self) -> Result<(), E> {
        self.found.values.set(self.found.values.get() + 1);
        if self.found.values.get() <= MAX_VALUES {
            return Ok(());
        }
        Err(self.stop("too_many_values", format!("more than {MAX_VALUES} values in one body")))
    }

    fn stop<E: Error>(&self, code: &str, message: String) -> E {
        *self.found.stopped.borrow_mut() = Some(Fault::new(self.at.to_string(), code, message));
        E::custom(code)
    }

    fn check(&self, text: &str) {
        if text.contains('\0') {
            note(&self.found.unfit, || Fault::new(self.at.to_string(), "nul_character", "take out the NUL characters"));
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
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
        self.check(value);
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        self.check(&value);
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) =
            seq.next_element_seed(Seed { found: self.found, at: self.at.item(items.len()), depth })?
        {
            items.push(item);
            if items.len() == MAX_ITEMS {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let at = self.at.member(&name);
            if members.contains_key(&name) {
                note(&self.found.malformed, || Fault::new(at.to_string(), "duplicate_member", "name each member once"));
            }
            let seed = Seed { found: self.found, at, depth };
            seed.check(&name);
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
        let (NotJson::Malformed(faults) | NotJson::Unfit(faults)) = parse(bytes).unwrap_err();
        faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
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
    fn each_fault_is_named(#[case] bytes: &[u8], #[case] pointer: &str, #[case] code: &str) {
        assert_eq!(codes(bytes), [(pointer.to_owned(), code.to_owned())]);
    }

    #[test]
    fn all_duplicates_are_named_at_once() {
        let found = codes(br#"{"a":1,"a":2,"b":[{"c":1,"c":2}]}"#);
        assert_eq!(found.into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>(), ["/a", "/b/0/c"]);
    }

    #[test]
    fn depth_has_a_limit_and_the_limit_itself_is_taken() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(codes(nested(MAX_DEPTH + 1).as_bytes())[0].1, "too_deep");
        assert_eq!(codes("[".repeat(100_000).as_bytes())[0].1, "too_deep");
    }

    #[test]
    fn what_is_kept_is_bounded_whatever_comes() {
        let list = format!("[{}]", vec!["{}"; 300_000].join(","));
        assert_eq!(parse(list.as_bytes()).unwrap().as_array().unwrap().len(), MAX_ITEMS);
        let object: Vec<String> = (0..50_000).map(|name| format!("\"n{name}\":1")).collect();
        let object = format!("{{{}}}", object.join(","));
        assert_eq!(parse(object.as_bytes()).unwrap().as_object().unwrap().len(), MAX_MEMBERS);
        let lists = format!("[{}]", vec![format!("[{}]", vec!["1"; 400].join(",")); 300].join(","));
        assert_eq!(codes(lists.as_bytes())[0].1, "too_many_values");
        let repeated = format!("{{{}}}", vec!["\"a\":1"; 50_000].join(","));
        assert_eq!(codes(repeated.as_bytes()).len(), MOST_FAULTS + 1);
    }

    #[test]
    fn syntax_faults_do_not_quote_what_was_sent() {
        let found = parse(br#"{"a": Orla}"#).unwrap_err();
        assert!(!format!("{found:?}").contains("Orla"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
