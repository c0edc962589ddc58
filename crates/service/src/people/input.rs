//! Parsing and validation of a person's submitted details.

use contract::PersonIn;
use domain::{
    IdentifierError, Instant, NhsNumber, PersonDetails, PersonKind, TestNumberPolicy, Upn,
};
use kernel::{Fault, ServiceError, ServiceResult};

use crate::input::edtf_fault;
use crate::people::persons::identifier_fault;

/// Validates and parses the submitted details of a person.
///
/// # Errors
/// [`ServiceError::Invalid`] with every fault.
pub(crate) fn parse_person_details(
    input: &PersonIn,
    now: Instant,
    tests: TestNumberPolicy,
) -> ServiceResult<PersonDetails> {
    let mut faults = Vec::new();
    let number = |text: &str| NhsNumber::parse_issued(text, tests);
    let nhs_number = parse_identifier(
        input.nhs_number.as_deref(),
        "/nhs_number",
        &mut faults,
        number,
    );
    let upn = parse_identifier(input.upn.as_deref(), "/upn", &mut faults, Upn::parse);
    let is_child = input.kind == PersonKind::Child;
    if is_child && input.nhs_number.is_none() && input.no_nhs_number_reason.is_none() {
        let message = "give the NHS number, or the reason why there is none";
        faults.push(Fault::new("/no_nhs_number_reason", "required", message));
    }
    if nhs_number.is_some() && input.no_nhs_number_reason.is_some() {
        let message = "give either an NHS number or the reason for having none";
        faults.push(Fault::new("/no_nhs_number_reason", "contradicts", message));
    }
    if let Some(birth) = input.birth
        && !birth.expected
        && birth.date > domain::uk_date_at(now)
    {
        faults.push(Fault::new(
            "/birth/date",
            "future_date",
            "a date of birth is not in the future; set `expected`",
        ));
    }
    check_names(input, &mut faults);
    for (at, address) in input.addresses.iter().enumerate() {
        for (field, day) in [("from", &address.from), ("until", &address.until)] {
            faults.extend(edtf_fault(format!("/addresses/{at}/{field}"), day));
        }
    }
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    Ok(PersonDetails {
        kind: input.kind,
        name: input.name.clone(),
        other_names: input.other_names.clone(),
        birth: input.birth,
        sex: input.sex,
        nhs_number,
        no_nhs_number_reason: input.no_nhs_number_reason,
        upn,
        addresses: input.addresses.clone(),
    })
}

fn check_names(input: &PersonIn, faults: &mut Vec<Fault>) {
    let names = input
        .other_names
        .iter()
        .enumerate()
        .map(|(at, name)| (format!("/other_names/{at}"), name));
    for (pointer, name) in std::iter::once(("/name".to_owned(), &input.name)).chain(names) {
        if name.given.as_str().trim().is_empty() {
            faults.push(Fault::new(
                format!("{pointer}/given"),
                "required",
                "a given name or a placeholder is needed",
            ));
        }
    }
}

/// Parses an optional identifier and adds a fault when it is invalid.
pub(crate) fn parse_identifier<T>(
    text: Option<&str>,
    pointer: &str,
    faults: &mut Vec<Fault>,
    parse: impl Fn(&str) -> Result<T, IdentifierError>,
) -> Option<T> {
    match text.map(parse)? {
        Ok(value) => Some(value),
        Err(error) => {
            faults.push(identifier_fault(pointer, error));
            None
        }
    }
}
