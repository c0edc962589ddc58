//! Reads the subject of a submission: names, identifiers, addresses, relations.

use std::collections::BTreeSet;

use domain::{
    NhsNumber, PersonKind, PersonName, RelationshipKind, Sensitive, Sex, TestNumberPolicy, Upn,
};
use serde_json::Value;

use super::fields::{ObjectReader, scalar_text};
use super::{dates, terms};
use crate::batch::finding::FindingCode as C;
use crate::batch::submission::Subject;
use crate::person::{AddressFacts, PersonFacts, RelationFacts};

/// Reads the subject that `agency` sent.
pub(super) fn read_subject(mut reader: ObjectReader<'_>, agency: &str) -> Subject {
    let id = reader.take_text("id");
    let reference = reader.take_text("reference");
    let mut facts = PersonFacts::new(String::new());
    agency.clone_into(&mut facts.agency);
    facts.family_reference = reader.take_text("family_reference");
    facts.kind = read_kind(&mut reader);
    facts.nhs_number = read_identifier(&mut reader, "nhs_number", |text| {
        // Files for tests and demonstrations contain test numbers, and nothing that is read here is
        // stored.
        NhsNumber::parse_issued(text, TestNumberPolicy::Accepted).err()
    });
    facts.upn = read_identifier(&mut reader, "upn", |text| Upn::parse(text).err());
    facts.names = read_names(&mut reader);
    facts.birth = dates::read_birth(&mut reader);
    facts.sex = read_sex(&mut reader);
    let addresses = reader.take_list("addresses").into_iter().enumerate();
    facts.addresses = addresses
        .filter_map(|(index, value)| read_address(&reader, index, value))
        .collect();
    let relations = reader.take_list("relations").into_iter().enumerate();
    facts.relations = relations
        .filter_map(|(index, value)| read_relation(&reader, index, value))
        .collect();
    facts.school = reader.take_text("school");
    facts.gp = reader.take_text("gp");
    let is_identified = !facts.names.is_empty()
        || facts.birth.is_some()
        || facts.nhs_number.is_some()
        || facts.upn.is_some();
    if !is_identified {
        reader.findings.add(reader.path(), C::SubjectUnnamed);
    }
    reader.report_unknown_properties();
    Subject {
        id,
        reference,
        facts,
    }
}

fn read_kind(reader: &mut ObjectReader<'_>) -> PersonKind {
    let Some(word) = reader.take_text("kind") else {
        return PersonKind::Child;
    };
    terms::parse_person_kind(&word).unwrap_or_else(|| {
        reader.report("kind", C::KindUnknown);
        PersonKind::Child
    })
}

fn read_sex(reader: &mut ObjectReader<'_>) -> Sex {
    let Some(word) = reader.take_text("sex") else {
        return Sex::NotKnown;
    };
    terms::parse_sex(&word).unwrap_or_else(|| {
        reader.report("sex", C::SexUnknown);
        Sex::NotKnown
    })
}

/// Reads an identifier as given. A malformed one is recorded and kept, because it still is
/// evidence; one that is never issued is recorded and left out.
fn read_identifier(
    reader: &mut ObjectReader<'_>,
    key: &str,
    check: impl Fn(&str) -> Option<domain::IdentifierError>,
) -> Option<Sensitive<String>> {
    let text = reader.take_text(key)?;
    match check(&text) {
        Some(domain::IdentifierError::Shape) => reader.report(key, C::IdentifierShape),
        Some(domain::IdentifierError::CheckDigit) => reader.report(key, C::IdentifierCheckDigit),
        Some(domain::IdentifierError::NeverIssued) => {
            reader.report(key, C::IdentifierNeverIssued);
            return None;
        }
        None => {}
    }
    Some(text.into())
}

/// Reads all names, each once: first the name in use, then the same with middle names, then full
/// names, then known-as names.
fn read_names(reader: &mut ObjectReader<'_>) -> Vec<PersonName> {
    let given = reader.take_text("given");
    let middle = reader.take_text("middle");
    let family = reader.take_text("family");
    let mut names = Vec::new();
    names.extend(person_name(given.as_deref(), family.as_deref()));
    if let (Some(given), Some(middle)) = (&given, &middle) {
        names.extend(person_name(
            Some(&format!("{given} {middle}")),
            family.as_deref(),
        ));
    }
    for (index, value) in reader.take_list("names").into_iter().enumerate() {
        names.extend(read_listed_name(
            reader,
            "names",
            index,
            value,
            &parse_full_name,
        ));
    }
    let parse_known_as = |text: &str| parse_known_as(text, given.as_deref(), family.as_deref());
    for (index, value) in reader.take_list("known_as").into_iter().enumerate() {
        names.extend(read_listed_name(
            reader,
            "known_as",
            index,
            value,
            &parse_known_as,
        ));
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert((name.given.clone(), name.family.clone())));
    names
}

/// Reads one name of a list: an object, or a text that `parse_text` understands.
fn read_listed_name(
    reader: &ObjectReader<'_>,
    key: &str,
    index: usize,
    value: Value,
    parse_text: &dyn Fn(&str) -> Option<PersonName>,
) -> Option<PersonName> {
    let path = format!("{}[{index}]", reader.path_of(key));
    match value {
        Value::Null => None,
        Value::Object(object) => {
            let mut fields = ObjectReader::new(path, object, reader.findings);
            let given = fields.take_text("given");
            let family = fields.take_text("family");
            fields.report_unknown_properties();
            person_name(given.as_deref(), family.as_deref())
        }
        other => match scalar_text(&other) {
            Some(text) => parse_text(&text),
            None => {
                reader.findings.add(path, C::WrongType);
                None
            }
        },
    }
}

/// A name of which at least one part is given.
fn person_name(given: Option<&str>, family: Option<&str>) -> Option<PersonName> {
    let non_blank = |text: Option<&str>| {
        text.map(str::trim)
            .filter(|text| !text.is_empty())
            .map(Sensitive::from)
    };
    let given = non_blank(given);
    let family = non_blank(family);
    (given.is_some() || family.is_some()).then(|| PersonName {
        given: given.unwrap_or_default(),
        family,
    })
}

/// Parses a whole name: "RAHMANI, Aisha" or "Aisha Rahmani".
fn parse_full_name(text: &str) -> Option<PersonName> {
    if let Some((family, given)) = text.split_once(',') {
        return person_name(Some(given), Some(family));
    }
    match text.trim().rsplit_once(char::is_whitespace) {
        Some((given, family)) => person_name(Some(given), Some(family)),
        None => person_name(Some(text), None),
    }
}

/// Parses a known-as name: a whole name when it begins with one of the given names or ends with the
/// family name, otherwise a given name.
fn parse_known_as(text: &str, given: Option<&str>, family: Option<&str>) -> Option<PersonName> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    if let [first, .., last] = words.as_slice() {
        let begins_with_given_name =
            given.is_some_and(|given| given.split_whitespace().any(|word| same(word, first)));
        let ends_with_family_name = family.is_some_and(|family| same(family, last));
        if begins_with_given_name || ends_with_family_name {
            return parse_full_name(text);
        }
    }
    person_name(Some(text), family)
}

fn read_address(reader: &ObjectReader<'_>, index: usize, value: Value) -> Option<AddressFacts> {
    let path = format!("{}[{index}]", reader.path_of("addresses"));
    match value {
        Value::Null => None,
        Value::String(lines) => Some(AddressFacts {
            lines: lines.trim().into(),
            ..AddressFacts::default()
        }),
        Value::Object(object) => {
            let mut fields = ObjectReader::new(path, object, reader.findings);
            let lines: Vec<String> = fields
                .take_list("lines")
                .iter()
                .filter_map(scalar_text)
                .collect();
            let postcode = fields.take_text("postcode").map(Sensitive::from);
            let (from, until) = dates::read_residence_dates(&mut fields);
            fields.report_unknown_properties();
            Some(AddressFacts {
                lines: lines.join(", ").into(),
                postcode,
                from,
                until,
            })
        }
        _ => {
            reader.findings.add(path, C::WrongType);
            None
        }
    }
}

fn read_relation(reader: &ObjectReader<'_>, index: usize, value: Value) -> Option<RelationFacts> {
    let path = format!("{}[{index}]", reader.path_of("relations"));
    let object = match value {
        Value::Null => return None,
        Value::Object(object) => object,
        _ => {
            reader.findings.add(path, C::WrongType);
            return None;
        }
    };
    let mut fields = ObjectReader::new(path, object, reader.findings);
    let kind = read_relation_kind(&mut fields);
    let given = fields.take_text("given");
    let family = fields.take_text("family");
    let name = person_name(given.as_deref(), family.as_deref());
    let facts = RelationFacts {
        kind,
        name: name.unwrap_or_else(|| PersonName {
            given: Sensitive::default(),
            family: None,
        }),
        birth: dates::read_birth_date(&mut fields, "born_on"),
        nhs_number: read_identifier(&mut fields, "nhs_number", |text| {
            NhsNumber::parse(text).err()
        }),
        reference: fields
            .take_text("id")
            .or_else(|| fields.take_text("reference")),
    };
    fields.report_unknown_properties();
    Some(facts)
}

/// Reads the kind of a relation. A child of the subject becomes `OtherTo`: linkage looks it up by
/// name when it assigns adults to families.
fn read_relation_kind(reader: &mut ObjectReader<'_>) -> RelationshipKind {
    let word = reader.take_text("kind").unwrap_or_default();
    match terms::parse_relation(&word) {
        Some(terms::RelationTerm::Kind(kind)) => kind,
        Some(terms::RelationTerm::Child) => RelationshipKind::OtherTo,
        None => {
            reader.report("kind", C::RelationUnknown);
            RelationshipKind::OtherTo
        }
    }
}
