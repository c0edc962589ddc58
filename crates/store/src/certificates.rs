//! Deletion certificates, and who may read which.

use diesel::dsl::exists;
use diesel::prelude::*;
use domain::{CertificateReach, DeletionCertificateId, Instant, PartnershipId, Permit, certificate_reach};
use uuid::Uuid;

use crate::connection::MultiBackend;
use crate::page::{after, within};
use crate::rows::row;
use crate::schema::deletion_certificates::{self, dsl};
use crate::schema::deletion_covered;
use crate::statements::insert_new;
use crate::types::Bind;
use crate::{Keyset, StoreError, Token, Tx};

row! {
    /// A signed certificate.
    CertificateRow in deletion_certificates {
        /// The certificate.
        id: DeletionCertificateId,
        /// Its partnership.
        partnership_id: PartnershipId,
        /// The key's kind.
        kind: String,
        /// The key.
        key_id: String,
        /// When it was signed.
        issued_at: Instant,
        /// The bytes that are signed.
        document: String,
        /// The key that verifies them.
        public_key: Token,
        /// Their signature.
        signature: Token,
        /// What salts and fillers come from.
        seed: Token,
    }
}

/// Adds a certificate.
///
/// # Errors
/// [`StoreError::NotUnique`] when the key has one.
pub fn insert(tx: &mut Tx<'_>, row: &CertificateRow) -> Result<(), StoreError> {
    insert_new!(tx, deletion_certificates::table, row, "certificate")
}

/// At most `limit` certificates that the holder of `permit` may read, after a place, in the order of their making.
///
/// # Errors
/// When the database fails.
pub fn page(
    tx: &mut Tx<'_>,
    permit: &Permit,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<CertificateRow>, StoreError> {
    let query = after!(readable(permit), after, dsl::issued_at, dsl::id, DeletionCertificateId);
    let query = query.order((dsl::issued_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(CertificateRow::as_select()).load(c))
}

/// The certificate `id`, if the holder of `permit` may read it.
///
/// # Errors
/// When the database fails.
pub fn find(tx: &mut Tx<'_>, permit: &Permit, id: DeletionCertificateId) -> Result<Option<CertificateRow>, StoreError> {
    let query = readable(permit).filter(dsl::id.eq(Bind(id)));
    tx.run(|c| query.select(CertificateRow::as_select()).get_result(c).optional())
}

/// The certificates that cover an object, in the order of their making.
///
/// # Errors
/// When the database fails.
pub fn of_object(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    object: Uuid,
) -> Result<Vec<DeletionCertificateId>, StoreError> {
    use deletion_covered as covered;
    let keys = covered::table
        .filter(covered::object_id.eq(Bind(object)))
        .filter(within!(covered::partnership_id, partnership))
        .select((covered::kind, covered::key_id));
    let keys: Vec<(String, String)> = tx.run(|c| keys.load(c))?;
    let mut found: Vec<(Instant, DeletionCertificateId)> = Vec::new();
    for (kind, key_id) in keys {
        let of_key = dsl::deletion_certificates
            .filter(dsl::partnership_id.eq(Bind(partnership)))
            .filter(dsl::kind.eq(kind))
            .filter(dsl::key_id.eq(key_id))
            .select((dsl::issued_at, dsl::id));
        let certificate: Option<(Instant, DeletionCertificateId)> = tx.run(|c| of_key.get_result(c).optional())?;
        found.extend(certificate);
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

/// Certificates that cover something of the permit's holder; all of the partnership for an auditor.
fn readable(permit: &Permit) -> deletion_certificates::BoxedQuery<'static, MultiBackend> {
    use deletion_covered as covered;
    let query = dsl::deletion_certificates.filter(dsl::partnership_id.eq(Bind(permit.partnership()))).into_boxed();
    let covering = covered::table
        .filter(covered::partnership_id.eq(Bind(permit.partnership())))
        .filter(covered::kind.eq(deletion_certificates::kind))
        .filter(covered::key_id.eq(deletion_certificates::key_id));
    match certificate_reach(permit) {
        CertificateReach::Partnership => query,
        CertificateReach::Agency(agency) => {
            let runs = covered::runs_agency_id.eq(Some(Bind(agency))).assume_not_null();
            query.filter(exists(covering.filter(covered::agency_id.eq(Bind(agency)).or(runs))))
        }
        CertificateReach::Own(practitioner) => {
            query.filter(exists(covering.filter(covered::owner_id.eq(Bind(practitioner)))))
        }
    }
}
