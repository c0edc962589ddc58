//! What an agency says of a person, before anybody has decided who that person is.

use std::hash::{Hash as _, Hasher as _};

use domain::{BirthDate, PersonDetails, PersonKind, PersonName, RelationshipKind, Sensitive, Sex};
use time::Date;

use super::prepared::Fnv;

/// An address with the days it was lived at, when they are known.
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

/// Another person, as this person's record names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationFacts {
    /// What the other is to this person: `MotherOf` names the mother.
    pub kind: RelationshipKind,
    /// The other's name; empty when the record only points at another record.
    pub name: PersonName,
    /// The other's date of birth.
    pub birth: Option<Date>,
    /// The other's NHS number, as given.
    pub nhs_number: Option<Sensitive<String>>,
    /// The key of the other's own record, or the same agency's reference for it.
    pub reference: Option<String>,
}

/// What one agency sends about one person. Everything but the key may be missing; identifiers may be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// What the record is called among those compared: unique, and the same whenever it is sent again. It settles ties.
    pub key: String,
    /// Who sends it; empty when that is unknown.
    pub agency: String,
    /// The agency's own reference for the person.
    pub reference: Option<String>,
    /// The form, case or family on which the agency sends several people together.
    pub family_reference: Option<String>,
    /// Child or adult.
    pub kind: PersonKind,
    /// NHS number as given, right or wrong.
    pub nhs_number: Option<Sensitive<String>>,
    /// Unique pupil number as given, right or wrong.
    pub upn: Option<Sensitive<String>>,
    /// Names, the one in use first; then known-as and former ones.
    pub names: Vec<PersonName>,
    /// Born or expected on.
    pub birth: Option<BirthDate>,
    /// Sex as recorded.
    pub sex: Sex,
    /// Addresses, newest first.
    pub addresses: Vec<AddressFacts>,
    /// Parents, siblings and others.
    pub relations: Vec<RelationFacts>,
    /// School or nursery.
    pub school: Option<String>,
    /// General practice.
    pub gp: Option<String>,
}

impl PersonFacts {
    /// A child of whom nothing is known but the key.
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

    /// A number for everything the record says, its key left out.
    pub(super) fn content(&self) -> u64 {
        let mut hasher = Fnv::default();
        let text = |value: &Option<Sensitive<String>>| value.as_ref().map(|value| value.as_str().to_owned());
        let name = |name: &PersonName| (name.given.as_str().to_owned(), text(&name.family));
        let birth = self.birth.map(|birth| (birth.date, birth.expected));
        (&self.agency, &self.reference, &self.family_reference, &self.school, &self.gp).hash(&mut hasher);
        (self.kind as u8, self.sex as u8, birth, text(&self.nhs_number), text(&self.upn)).hash(&mut hasher);
        self.names.iter().for_each(|one| name(one).hash(&mut hasher));
        for address in &self.addresses {
            (address.lines.as_str(), text(&address.postcode), address.from, address.until).hash(&mut hasher);
        }
        for relation in &self.relations {
            (relation.kind as u8, relation.birth, name(&relation.name), text(&relation.nhs_number)).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// What the service holds of a person, as facts. Days of addresses are taken where they are exact.
    #[must_use]
    pub fn of(key: impl Into<String>, details: &PersonDetails) -> Self {
        Self {
            kind: details.kind,
            nhs_number: details.nhs_number.as_ref().map(|number| number.as_str().into()),
            upn: details.upn.as_ref().map(|upn| upn.as_str().into()),
            names: std::iter::once(&details.name).chain(&details.other_names).cloned().collect(),
            birth: details.birth,
            sex: details.sex,
            addresses: details.addresses.iter().map(AddressFacts::of).collect(),
            ..Self::new(key)
        }
    }
}

impl AddressFacts {
    fn of(address: &domain::Address) -> Self {
        let day = |edtf: &Option<String>| edtf.as_deref().and_then(|edtf| domain::EventDate::from_edtf(edtf).ok());
        Self {
            lines: address.lines.clone(),
            postcode: address.postcode.clone(),
            from: day(&address.from).map(|date| date.earliest()),
            until: day(&address.until).map(|date| date.latest()),
        }
    }
}
