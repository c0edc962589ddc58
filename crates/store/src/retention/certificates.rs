//! Deletion certificates, and which of them a practitioner may read.

use diesel::dsl::exists;
use diesel::prelude::*;
use domain::{
    AccessPermit, CertificateScope, DeletionCertificateId, Instant, PartnershipId,
    certificate_scope,
};
use uuid::Uuid;

use crate::columns::Bind;
use crate::columns::row;
use crate::connection::MultiBackend;
use crate::connection::page::{rows_after, unindexed_eq};
use crate::connection::statements::insert_new;
use crate::schema::deletion_certificates::{self, dsl};
use crate::schema::deletion_covered;
use crate::{Keyset, StoreError, Token, Tx};

row! {
    /// A signed deletion certificate.
    CertificateRow in deletion_certificates {
        /// The identifier of the certificate.
        id: DeletionCertificateId,
        /// The partnership that the row belongs to.
        partnership_id: PartnershipId,
        /// The kind of the destroyed key.
        kind: String,
        /// The destroyed key.
        key_id: String,
        /// When the certificate was signed.
        issued_at: Instant,
        /// The signed document.
        document: String,
        /// The public key that verifies the signature.
        public_key: Token,
        /// The Ed25519 signature of the certificate.
        signature: Token,
        /// The seed of the salts and filler leaves.
        seed: Token,
    }
}

/// Adds a certificate.
///
/// # Errors
/// [`StoreError::NotUnique`] when the key has a certificate already.
pub fn insert(tx: &mut Tx<'_>, row: &CertificateRow) -> Result<(), StoreError> {
    insert_new!(tx, deletion_certificates::table, row, "certificate")
}

/// At most `limit` certificates that the holder of `permit` may read, after a cursor, in order of
/// issue.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn page(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    after: Option<Keyset>,
    limit: impl Into<i64>,
) -> Result<Vec<CertificateRow>, StoreError> {
    let query = rows_after(
        readable(permit),
        after,
        dsl::issued_at,
        dsl::id,
        DeletionCertificateId,
    );
    let query = query.order((dsl::issued_at, dsl::id)).limit(limit.into());
    tx.run(|c| query.select(CertificateRow::as_select()).load(c))
}

/// The certificate `id`, if the holder of `permit` may read it.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn find(
    tx: &mut Tx<'_>,
    permit: &AccessPermit,
    id: DeletionCertificateId,
) -> Result<Option<CertificateRow>, StoreError> {
    let query = readable(permit).filter(dsl::id.eq(Bind(id)));
    tx.run(|c| {
        query
            .select(CertificateRow::as_select())
            .get_result(c)
            .optional()
    })
}

/// The certificates that cover an object, in order of issue.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn list_for_object(
    tx: &mut Tx<'_>,
    partnership: PartnershipId,
    object: Uuid,
) -> Result<Vec<DeletionCertificateId>, StoreError> {
    use deletion_covered as manifest;
    let keys = manifest::table
        .filter(manifest::object_id.eq(Bind(object)))
        .filter(unindexed_eq(manifest::partnership_id, partnership))
        .select((manifest::kind, manifest::key_id));
    let keys: Vec<(String, String)> = tx.run(|c| keys.load(c))?;
    let mut found: Vec<(Instant, DeletionCertificateId)> = Vec::new();
    for (kind, key_id) in keys {
        let query = dsl::deletion_certificates
            .filter(dsl::partnership_id.eq(Bind(partnership)))
            .filter(dsl::kind.eq(kind))
            .filter(dsl::key_id.eq(key_id))
            .select((dsl::issued_at, dsl::id));
        let certificate: Option<(Instant, DeletionCertificateId)> =
            tx.run(|c| query.get_result(c).optional())?;
        found.extend(certificate);
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

/// The certificates that cover an object of the permit's holder; for an auditor, all of the
/// partnership.
fn readable(permit: &AccessPermit) -> deletion_certificates::BoxedQuery<'static, MultiBackend> {
    use deletion_covered as manifest;
    let query = dsl::deletion_certificates
        .filter(dsl::partnership_id.eq(Bind(permit.partnership())))
        .into_boxed();
    let covering = manifest::table
        .filter(manifest::partnership_id.eq(Bind(permit.partnership())))
        .filter(manifest::kind.eq(deletion_certificates::kind))
        .filter(manifest::key_id.eq(deletion_certificates::key_id));
    match certificate_scope(permit) {
        CertificateScope::Partnership => query,
        CertificateScope::Agency(agency) => {
            let owns_chronology = manifest::runs_agency_id
                .eq(Some(Bind(agency)))
                .assume_not_null();
            query.filter(exists(
                covering.filter(manifest::agency_id.eq(Bind(agency)).or(owns_chronology)),
            ))
        }
        CertificateScope::Own(practitioner) => query.filter(exists(
            covering.filter(manifest::owner_id.eq(Bind(practitioner))),
        )),
    }
}
