//! The facts that an agency sends about a person, before the person is identified.

use std::hash::{Hash as _, Hasher as _};

use domain::{BirthDate, PersonDetails, PersonKind, PersonName, RelationshipKind, Sensitive, Sex};
use time::Date;

use super::prepared::Fnv;

/// An address with the first and last day there, where known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressFacts {
    /// Lines of the address without the postcode.
    pub lines: Sensitive<String>,
    /// Postcode as given.
    pub postcode: Option<Sensitive<String>>,
    /// First day there.
    pub from: Option<Date>,
    /// Last day there.
    pub until: Option<Date>,
}

/// Another person named on this person's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationFacts {
    /// The relationship of the other person to this person: `MotherOf` for the mother.
    pub kind: RelationshipKind,
    /// The other person's name; empty when the record only refers to another record.
    pub name: PersonName,
    /// The other person's date of birth.
    pub birth: Option<Date>,
    /// The other person's NHS number, as given.
    pub nhs_number: Option<Sensitive<String>>,
    /// The key of the other person's own record, or the same agency's reference for it.
    pub reference: Option<String>,
}

/// The facts of one agency about one person. Everything except the key may be missing, and
/// identifiers may be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// The record's key: unique among the records compared, and the same whenever the record is
    /// sent again. It breaks ties.
    pub key: String,
    /// The agency that sent it; empty when unknown.
    pub agency: String,
    /// The agency's own reference for the person.
    pub reference: Option<String>,
    /// The reference of the form, case or family under which the agency sends several people.
    pub family_reference: Option<String>,
    /// Child or adult.
    pub kind: PersonKind,
    /// NHS number as given, valid or not.
    pub nhs_number: Option<Sensitive<String>>,
    /// Unique pupil number as given, valid or not.
    pub upn: Option<Sensitive<String>>,
    /// Names: the one in use first, then known-as and former names.
    pub names: Vec<PersonName>,
    /// Date of birth, or the expected date.
    pub birth: Option<BirthDate>,
    /// Sex as recorded.
    pub sex: Sex,
    /// Addresses, newest first.
    pub addresses: Vec<AddressFacts>,
    /// Parents, siblings and other people.
    pub relations: Vec<RelationFacts>,
    /// School or nursery.
    pub school: Option<String>,
    /// General practice.
    pub gp: Option<String>,
}

impl PersonFacts {
    /// A child's record without facts.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            agency: String::new(),
            reference: None,
            family_reference: None,
            kind: PersonKind::Child,
            nhs_number: None,
            upn: None,
            names: Vec::new(),
            birth: None,
            sex: Sex::NotKnown,
            addresses: Vec::new(),
            relations: Vec::new(),
            school: None,
            gp: None,
        }
    }

    /// A hash of all facts except the key.
    pub(super) fn content_hash(&self) -> u64 {
        let mut hasher = Fnv::default();
        let text = |value: &Option<Sensitive<String>>| {
            value.as_ref().map(|value| value.as_str().to_owned())
        };
        let name = |name: &PersonName| (name.given.as_str().to_owned(), text(&name.family));
        let birth = self.birth.map(|birth| (birth.date, birth.expected));
        (
            &self.agency,
            &self.reference,
            &self.family_reference,
            &self.school,
            &self.gp,
        )
            .hash(&mut hasher);
        (
            self.kind as u8,
            self.sex as u8,
            birth,
            text(&self.nhs_number),
            text(&self.upn),
        )
            .hash(&mut hasher);
        self.names
            .iter()
            .for_each(|own_name| name(own_name).hash(&mut hasher));
        for address in &self.addresses {
            (
                address.lines.as_str(),
                text(&address.postcode),
                address.from,
                address.until,
            )
                .hash(&mut hasher);
        }
        for relation in &self.relations {
            (
                relation.kind as u8,
                relation.birth,
                name(&relation.name),
                text(&relation.nhs_number),
            )
                .hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Converts the details that the service holds of a person. Inexact days at an address are
    /// widened to their first and last possible day.
    #[must_use]
    pub fn from_details(key: impl Into<String>, details: &PersonDetails) -> Self {
        Self {
            kind: details.kind,
            nhs_number: details
                .nhs_number
                .as_ref()
                .map(|number| number.as_str().into()),
            upn: details.upn.as_ref().map(|upn| upn.as_str().into()),
            names: std::iter::once(&details.name)
                .chain(&details.other_names)
                .cloned()
                .collect(),
            birth: details.birth,
            sex: details.sex,
            addresses: details
                .addresses
                .iter()
                .map(AddressFacts::from_address)
                .collect(),
            ..Self::new(key)
        }
    }
}

impl AddressFacts {
    fn from_address(address: &domain::Address) -> Self {
        let day = |edtf: &Option<String>| {
            edtf.as_deref()
                .and_then(|edtf| domain::EventDate::from_edtf(edtf).ok())
        };
        Self {
            lines: address.lines.clone(),
            postcode: address.postcode.clone(),
            from: day(&address.from).map(|date| date.earliest()),
            until: day(&address.until).map(|date| date.latest()),
        }
    }
}
