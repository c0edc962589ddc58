//! Reads one line. Forms in which exports differ (null, missing, empty, one value for a list,
//! numbers for ids) are accepted without a finding. A value that cannot be read is recorded with
//! its field, and the rest of the line is read.

mod dates;
mod fields;
mod json;
mod subject;
mod terms;

use std::collections::BTreeSet;

use domain::Sensitive;
use serde_json::{Map, Value};

use super::finding::{Finding, FindingCode as C};
use super::submission::{Subject, Submission, SubmittedEvent};
use crate::person::PersonFacts;
use fields::{FieldFindings, ObjectReader, scalar_text};

/// Reads the line with the given number and returns its submission with the findings about it.
///
/// # Errors
/// A finding with `NotJson`, `NotAnObject` or `PropertyTwice` when the line is not a JSON object
/// without duplicate properties, or with `WrongType` when `subject` or `events` has a type from
/// which nothing could be kept.
pub fn read_line(line: &str, number: u64) -> Result<(Submission, Vec<Finding>), Finding> {
    let finding = |field: &str, code| Finding::new(number, field, code);
    let value = match serde_json::from_str::<json::StrictJson>(line.trim_start_matches('\u{feff}'))
    {
        Ok(json::StrictJson(value)) => value,
        Err(error) if error.to_string().starts_with(json::DUPLICATE_PROPERTY) => {
            return Err(finding("", C::PropertyTwice));
        }
        Err(_) => return Err(finding("", C::NotJson)),
    };
    let Value::Object(object) = value else {
        return Err(finding("", C::NotAnObject));
    };
    // With another type in place of the subject or the events, none of their content could be kept.
    let unreadable = |key: &str| {
        object
            .get(key)
            .is_some_and(|value| !(is_blank(value) || has_expected_type(key, value)))
    };
    if let Some(key) = ["subject", "events"]
        .into_iter()
        .find(|key| unreadable(key))
    {
        return Err(finding(key, C::WrongType));
    }
    let field_findings = FieldFindings::default();
    let submission = read_submission(object, &field_findings);
    let findings = field_findings
        .into_findings()
        .into_iter()
        .map(|(field, code)| finding(&field, code));
    Ok((submission, findings.collect()))
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn has_expected_type(key: &str, value: &Value) -> bool {
    value.is_object() || key == "events" && value.is_array()
}

fn read_submission(object: Map<String, Value>, findings: &FieldFindings) -> Submission {
    let mut reader = ObjectReader::new(String::new(), object, findings);
    let id = reader.take_text("submission");
    if id.is_none() {
        reader.report("submission", C::SubmissionMissing);
    }
    let agency = reader
        .take_text("agency")
        .unwrap_or_default()
        .to_lowercase();
    if agency.is_empty() {
        reader.report("agency", C::AgencyMissing);
    }
    let agency_kind = reader.take_text("agency_kind");
    let subject = match reader.take_object("subject") {
        Some(subject) => subject::read_subject(subject, &agency),
        None => unnamed_subject(&reader, &agency),
    };
    let events = reader.take_list("events").into_iter().enumerate();
    let events: Vec<SubmittedEvent> = events
        .filter_map(|(index, value)| read_event(&reader, index, value))
        .collect();
    report_repeated_ids(&reader, &events);
    reader.report_unknown_properties();
    Submission {
        id,
        agency,
        agency_kind,
        subject,
        events,
    }
}

/// The subject of a line without one.
fn unnamed_subject(reader: &ObjectReader<'_>, agency: &str) -> Subject {
    reader.report("subject", C::SubjectUnnamed);
    let mut facts = PersonFacts::new(String::new());
    agency.clone_into(&mut facts.agency);
    Subject {
        id: None,
        reference: None,
        facts,
    }
}

/// Reads one event of any JSON type: a value that is not an object becomes the text of the event.
fn read_event(reader: &ObjectReader<'_>, index: usize, value: Value) -> Option<SubmittedEvent> {
    let path = format!("events[{index}]");
    let object = match value {
        Value::Object(object) => object,
        other => {
            reader.findings.add(&path, C::WrongType);
            let text = scalar_text(&other).unwrap_or_default();
            Map::from_iter([("text".to_owned(), Value::String(text))])
        }
    };
    let mut fields = ObjectReader::new(path, object, reader.findings);
    let id = fields.take_text("id");
    if id.is_none() {
        fields.report("id", C::EventMissing);
    }
    let when = dates::read_event_date(&mut fields)?;
    let text = fields.take_text("text");
    if text.is_none() {
        fields.report("text", C::TextMissing);
    }
    let also_about = read_also_about(&mut fields);
    let kind = fields.take_text("type").unwrap_or_default();
    let reference = fields.take_text("reference");
    fields.report_unknown_properties();
    Some(SubmittedEvent {
        id,
        when,
        kind,
        text: text.unwrap_or_default().into(),
        reference,
        also_about,
    })
}

/// Reads the names or record ids of the other children whom an event concerns.
fn read_also_about(event: &mut ObjectReader<'_>) -> Vec<Sensitive<String>> {
    let mut named = Vec::new();
    for (index, value) in event.take_list("also_about").into_iter().enumerate() {
        match scalar_text(&value) {
            Some(name) if name.is_empty() => {}
            Some(name) => named.push(name.into()),
            None if value.is_null() => {}
            None => event.findings.add(
                format!("{}[{index}]", event.path_of("also_about")),
                C::WrongType,
            ),
        }
    }
    named
}

fn report_repeated_ids(reader: &ObjectReader<'_>, events: &[SubmittedEvent]) {
    let mut seen = BTreeSet::new();
    for (index, event) in events.iter().enumerate() {
        if event.id.as_ref().is_some_and(|id| !seen.insert(id)) {
            reader
                .findings
                .add(format!("events[{index}].id"), C::EventRepeated);
        }
    }
}
