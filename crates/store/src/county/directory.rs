//! The partnership, its agencies and their practitioners.

use domain::AgencyKind;

use super::{AGENCIES, SyntheticCounty, noise, practitioner_count};
use crate::{
    AgencyRow, PartnershipRow, PractitionerRow, StoreError, Token, Tx, agencies, partnerships,
    practitioners,
};

impl SyntheticCounty {
    pub(super) fn insert_directory(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let row = PartnershipRow {
            id: self.partnership,
            code: "county".into(),
            name: "A county".into(),
            created_at: self.before(999),
        };
        partnerships::upsert(tx, &row)?;
        for number in 0..AGENCIES {
            let row = AgencyRow {
                id: self.agency(number),
                partnership_id: self.partnership,
                code: format!("agency-{number}"),
                name: format!("Agency {number}"),
                kind: if number == 0 {
                    AgencyKind::SocialCare
                } else {
                    AgencyKind::Education
                },
                has_access: true,
                active: true,
                version: 1,
                created_at: self.before(999),
                updated_at: self.before(999),
            };
            agencies::insert(tx, &row)?;
        }
        Ok(())
    }

    pub(super) fn insert_practitioners(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        for agency in 0..self.agency_count() {
            (0..practitioner_count(agency))
                .try_for_each(|number| self.insert_practitioner(tx, agency, number))?;
        }
        Ok(())
    }

    fn insert_practitioner(
        &self,
        tx: &mut Tx<'_>,
        agency: u128,
        number: u128,
    ) -> Result<(), StoreError> {
        let id = self.practitioner(agency, number);
        let row = PractitionerRow {
            id,
            partnership_id: self.partnership,
            agency_id: self.agency(agency),
            subject_index: Token(id.0.as_bytes().to_vec()),
            wrapped_key: noise(number, 60),
            sealed: noise(number, 80),
            active: true,
            version: 1,
            created_at: self.before(900 - number),
            updated_at: self.before(900 - number),
            provisional_until: None,
        };
        practitioners::insert(tx, &row)
    }
}
