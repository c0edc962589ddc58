//! Reading one line. What exports vary in (null, missing, empty, one value for a list, numbers for ids) is read without a
//! word; what cannot be read is noted with its place; the line goes on.

mod fields;
mod json;
mod subject;
mod when;
mod words;

use std::collections::BTreeSet;

use domain::Sensitive;
use serde_json::{Map, Value};

use super::finding::{Finding, FindingCode as C};
use super::submission::{Event, Subject, Submission};
use crate::person::PersonFacts;
use fields::{Fields, Notes, plain};

/// Reads one line, which is `number` in its file, with what was noticed.
///
/// # Errors
/// What makes the line as a whole unreadable.
pub fn read_line(line: &str, number: u64) -> Result<(Submission, Vec<Finding>), Finding> {
    let fault = |field: &str, code| Finding::new(number, field, code);
    let value = match serde_json::from_str::<json::Strict>(line.trim_start_matches('\u{feff}')) {
        Ok(json::Strict(value)) => value,
        Err(error) if error.to_string().starts_with(json::TWICE) => return Err(fault("", C::PropertyTwice)),
        Err(_) => return Err(fault("", C::NotJson)),
    };
    let Value::Object(object) = value else { return Err(fault("", C::NotAnObject)) };
    // What should hold the person or the events and does not: nothing of them could be kept.
    let unreadable = |key: &str| object.get(key).is_some_and(|value| !(is_missing(value) || holds(key, value)));
    if let Some(key) = ["subject", "events"].into_iter().find(|key| unreadable(key)) {
        return Err(fault(key, C::WrongType));
    }
    let notes = Notes::default();
    let submission = read(object, &notes);
    let found = notes.into_found().into_iter().map(|(field, code)| fault(&field, code));
    Ok((submission, found.collect()))
}

fn is_missing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn holds(key: &str, value: &Value) -> bool {
    value.is_object() || key == "events" && value.is_array()
}

fn read(object: Map<String, Value>, notes: &Notes) -> Submission {
    let mut from = Fields::new(String::new(), object, notes);
    let id = from.text("submission");
    if id.is_none() {
        from.note("submission", C::SubmissionMissing);
    }
    let agency = from.text("agency").unwrap_or_default().to_lowercase();
    if agency.is_empty() {
        from.note("agency", C::AgencyMissing);
    }
    let agency_kind = from.text("agency_kind");
    let subject = match from.object("subject") {
        Some(subject) => subject::read(subject, &agency),
        None => nobody(&from, &agency),
    };
    let events: Vec<Event> =
        from.list("events").into_iter().enumerate().filter_map(|(place, value)| event(&from, place, value)).collect();
    note_repeated(&from, &events);
    from.finish();
    Submission { id, agency, agency_kind, subject, events }
}

fn nobody(from: &Fields<'_>, agency: &str) -> Subject {
    from.note("subject", C::SubjectUnnamed);
    let mut facts = PersonFacts::new(String::new());
    agency.clone_into(&mut facts.agency);
    Subject { id: None, reference: None, facts }
}

/// One event, whatever it is: one that is bare text is its text.
fn event(from: &Fields<'_>, place: usize, value: Value) -> Option<Event> {
    let path = format!("events[{place}]");
    let object = match value {
        Value::Object(object) => object,
        other => {
            from.notes.add(&path, C::WrongType);
            let text = plain(&other).unwrap_or_default();
            Map::from_iter([("text".to_owned(), Value::String(text))])
        }
    };
    let mut fields = Fields::new(path, object, from.notes);
    let id = fields.text("id");
    if id.is_none() {
        fields.note("id", C::EventMissing);
    }
    let when = when::event_date(&mut fields)?;
    let text = fields.text("text");
    if text.is_none() {
        fields.note("text", C::TextMissing);
    }
    let also_about = also_about(&mut fields);
    let (kind, reference) = (fields.text("type").unwrap_or_default(), fields.text("reference"));
    fields.finish();
    Some(Event { id, when, kind, text: text.unwrap_or_default().into(), reference, also_about })
}

/// Names or record ids.
fn also_about(event: &mut Fields<'_>) -> Vec<Sensitive<String>> {
    let mut named = Vec::new();
    for (place, value) in event.list("also_about").into_iter().enumerate() {
        match plain(&value) {
            Some(name) if name.is_empty() => {}
            Some(name) => named.push(name.into()),
            None if value.is_null() => {}
            None => event.notes.add(format!("{}[{place}]", event.name("also_about")), C::WrongType),
        }
    }
    named
}

fn note_repeated(from: &Fields<'_>, events: &[Event]) {
    let mut seen = BTreeSet::new();
    for (place, event) in events.iter().enumerate() {
        if event.id.as_ref().is_some_and(|id| !seen.insert(id)) {
            from.notes.add(format!("events[{place}].id"), C::EventRepeated);
        }
    }
}
