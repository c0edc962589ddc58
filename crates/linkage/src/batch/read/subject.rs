//! The subject of a submission: names, identifiers, addresses, relations.

use std::collections::BTreeSet;

use domain::{NhsNumber, PersonKind, PersonName, RelationshipKind, Sensitive, Sex, TestNumbers, Upn};
use serde_json::Value;

use super::fields::{Fields, plain};
use super::{when, words};
use crate::batch::finding::FindingCode as C;
use crate::batch::submission::Subject;
use crate::person::{AddressFacts, PersonFacts, RelationFacts};

/// Reads the subject.
pub(super) fn read(mut from: Fields<'_>, agency: &str) -> Subject {
    let (id, reference) = (from.text("id"), from.text("reference"));
    let mut facts = PersonFacts::new(String::new());
    agency.clone_into(&mut facts.agency);
    facts.family_reference = from.text("family_reference");
    facts.kind = kind(&mut from);
    facts.nhs_number = identifier(&mut from, "nhs_number", |text| {
        // Files for tests and demonstrations are made up, and nothing is kept of what is read here.
        NhsNumber::parse_issued(text, TestNumbers::Accepted).err()
    });
    facts.upn = identifier(&mut from, "upn", |text| Upn::parse(text).err());
    facts.names = names(&mut from);
    facts.birth = when::birth(&mut from);
    facts.sex = sex(&mut from);
    let addresses = from.list("addresses").into_iter().enumerate();
    facts.addresses = addresses.filter_map(|(place, value)| address(&from, place, value)).collect();
    let relations = from.list("relations").into_iter().enumerate();
    facts.relations = relations.filter_map(|(place, value)| relation(&from, place, value)).collect();
    (facts.school, facts.gp) = (from.text("school"), from.text("gp"));
    let known = !facts.names.is_empty() || facts.birth.is_some() || facts.nhs_number.is_some() || facts.upn.is_some();
    if !known {
        from.notes.add(from.path(), C::SubjectUnnamed);
    }
    from.finish();
    Subject { id, reference, facts }
}

fn kind(from: &mut Fields<'_>) -> PersonKind {
    let Some(word) = from.text("kind") else { return PersonKind::Child };
    words::kind(&word).unwrap_or_else(|| {
        from.note("kind", C::KindUnknown);
        PersonKind::Child
    })
}

fn sex(from: &mut Fields<'_>) -> Sex {
    let Some(word) = from.text("sex") else { return Sex::NotKnown };
    words::sex(&word).unwrap_or_else(|| {
        from.note("sex", C::SexUnknown);
        Sex::NotKnown
    })
}

/// An identifier as given: a wrong one still says something, but is noted; one that is never issued is
/// noted and left out.
fn identifier(
    from: &mut Fields<'_>,
    key: &str,
    fault: impl Fn(&str) -> Option<domain::IdentifierError>,
) -> Option<Sensitive<String>> {
    let text = from.text(key)?;
    match fault(&text) {
        Some(domain::IdentifierError::Shape) => from.note(key, C::IdentifierShape),
        Some(domain::IdentifierError::CheckDigit) => from.note(key, C::IdentifierCheckDigit),
        Some(domain::IdentifierError::NeverIssued) => {
            from.note(key, C::IdentifierNeverIssued);
            return None;
        }
        None => {}
    }
    Some(text.into())
}

/// The name in use first; with middle names second; then full names, then those the person is known as.
fn names(from: &mut Fields<'_>) -> Vec<PersonName> {
    let (given, middle, family) = (from.text("given"), from.text("middle"), from.text("family"));
    let mut names = Vec::new();
    names.extend(name(given.as_deref(), family.as_deref()));
    if let (Some(given), Some(middle)) = (&given, &middle) {
        names.extend(name(Some(&format!("{given} {middle}")), family.as_deref()));
    }
    for (place, value) in from.list("names").into_iter().enumerate() {
        let read = another(from, "names", place, value, &full);
        names.extend(read);
    }
    let known_as = |text: &str| known_as(text, given.as_deref(), family.as_deref());
    for (place, value) in from.list("known_as").into_iter().enumerate() {
        let read = another(from, "known_as", place, value, &known_as);
        names.extend(read);
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert((name.given.clone(), name.family.clone())));
    names
}

/// A name that is an object, or text that `read` understands.
fn another(
    from: &Fields<'_>,
    key: &str,
    place: usize,
    value: Value,
    read: &dyn Fn(&str) -> Option<PersonName>,
) -> Option<PersonName> {
    let path = format!("{}[{place}]", from.name(key));
    match value {
        Value::Null => None,
        Value::Object(object) => {
            let mut fields = Fields::new(path, object, from.notes);
            let (given, family) = (fields.text("given"), fields.text("family"));
            fields.finish();
            name(given.as_deref(), family.as_deref())
        }
        other => match plain(&other) {
            Some(text) => read(&text),
            None => {
                from.notes.add(path, C::WrongType);
                None
            }
        },
    }
}

fn name(given: Option<&str>, family: Option<&str>) -> Option<PersonName> {
    let filled = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(Sensitive::from);
    let (given, family) = (filled(given), filled(family));
    (given.is_some() || family.is_some()).then(|| PersonName { given: given.unwrap_or_default(), family })
}

/// A whole name: "RAHMANI, Aisha" or "Aisha Rahmani".
fn full(text: &str) -> Option<PersonName> {
    if let Some((family, given)) = text.split_once(',') {
        return name(Some(given), Some(family));
    }
    match text.trim().rsplit_once(char::is_whitespace) {
        Some((given, family)) => name(Some(given), Some(family)),
        None => name(Some(text), None),
    }
}

/// A known-as name is a given name, unless it repeats the given name and goes on with another family name, or ends with
/// the same one.
fn known_as(text: &str, given: Option<&str>, family: Option<&str>) -> Option<PersonName> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    if let [first, .., last] = words.as_slice() {
        let repeats = given.is_some_and(|given| given.split_whitespace().any(|word| same(word, first)));
        let whole = family.is_some_and(|family| same(family, last));
        if repeats || whole {
            return full(text);
        }
    }
    name(Some(text), family)
}

fn address(from: &Fields<'_>, place: usize, value: Value) -> Option<AddressFacts> {
    let path = format!("{}[{place}]", from.name("addresses"));
    match value {
        Value::Null => None,
        Value::String(lines) => Some(AddressFacts { lines: lines.trim().into(), ..AddressFacts::default() }),
        Value::Object(object) => {
            let mut fields = Fields::new(path, object, from.notes);
            let lines: Vec<String> = fields.list("lines").iter().filter_map(plain).collect();
            let postcode = fields.text("postcode").map(Sensitive::from);
            let (from, until) = when::stay(&mut fields);
            fields.finish();
            Some(AddressFacts { lines: lines.join(", ").into(), postcode, from, until })
        }
        _ => {
            from.notes.add(path, C::WrongType);
            None
        }
    }
}

fn relation(from: &Fields<'_>, place: usize, value: Value) -> Option<RelationFacts> {
    let path = format!("{}[{place}]", from.name("relations"));
    let object = match value {
        Value::Null => return None,
        Value::Object(object) => object,
        _ => {
            from.notes.add(path, C::WrongType);
            return None;
        }
    };
    let mut fields = Fields::new(path, object, from.notes);
    let kind = relation_kind(&mut fields);
    let (given, family) = (fields.text("given"), fields.text("family"));
    let known = name(given.as_deref(), family.as_deref());
    let facts = RelationFacts {
        kind,
        name: known.unwrap_or_else(|| PersonName { given: Sensitive::default(), family: None }),
        birth: when::day(&mut fields, "born_on"),
        nhs_number: identifier(&mut fields, "nhs_number", |text| NhsNumber::parse(text).err()),
        reference: fields.text("id").or_else(|| fields.text("reference")),
    };
    fields.finish();
    Some(facts)
}

/// A child of the subject is any other relation to linkage: it is looked up by name when adults find their families.
fn relation_kind(from: &mut Fields<'_>) -> RelationshipKind {
    let word = from.text("kind").unwrap_or_default();
    match words::relation(&word) {
        Some(words::Related::By(kind)) => kind,
        Some(words::Related::Child) => RelationshipKind::OtherTo,
        None => {
            from.note("kind", C::RelationUnknown);
            RelationshipKind::OtherTo
        }
    }
}
