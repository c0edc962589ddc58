//! Use cases that read deletion certificates. An agency reads the certificates that cover data of
//! its own, with the proofs for that data alone.

use contract::{DeletionCertificateOut, DeletionCertificateSummary, Page, PageQuery};
use domain::{
    AccessFacts, CertificateScope, DeletionCertificateId, ObjectKind, Operation, certificate_scope,
};
use kernel::{AuditContext, CallContext, ServiceError, ServiceResult, UnitOfWork};
use store::{CertificateRow, ManifestRow};
use uuid::Uuid;
use vault::certificate::{Certificate, Proof};

use crate::retention::Retention;
use crate::retention::certificates::manifest_tree;

/// The most proofs in one response; a client asks for more object by object.
pub(crate) const MAX_PROOFS: usize = 500;

impl Retention {
    /// Lists the certificates that cover data of the caller, oldest first; an auditor sees all of
    /// them.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors).
    pub fn list_deletion_certificates(
        &self,
        call: &CallContext,
        query: PageQuery,
    ) -> ServiceResult<Page<DeletionCertificateSummary>> {
        self.kernel.read(
            call,
            Operation::CertificateList,
            AuditContext::of(ObjectKind::Certificate),
            |uow| {
                let permit = uow.authorize_collection(Operation::CertificateList)?;
                let bounds = self
                    .kernel
                    .parse_page_query(uow, "deletion_certificates", &query)?;
                let rows =
                    store::certificates::page(uow.tx, &permit, bounds.after, bounds.limit + 1)?;
                let key = |row: &CertificateRow| (row.issued_at, row.id.0);
                self.kernel
                    .build_page(uow, "deletion_certificates", &bounds, rows, key, |row| {
                        Ok(DeletionCertificateSummary {
                            id: row.id,
                            key_kind: row.kind,
                            key_id: row.key_id,
                            issued_at: row.issued_at,
                        })
                    })
            },
        )
    }

    /// Reads one certificate with the proofs for the caller's own objects: for `object` if given,
    /// otherwise for the first 500 by identifier.
    ///
    /// # Errors
    /// The [errors common to reads](crate#errors); [`ServiceError::NotFound`] when it covers no
    /// data of the caller.
    pub fn get_deletion_certificate(
        &self,
        call: &CallContext,
        id: DeletionCertificateId,
        object: Option<Uuid>,
    ) -> ServiceResult<DeletionCertificateOut> {
        self.kernel.read(
            call,
            Operation::CertificateRead,
            AuditContext::about(id),
            |uow| {
                let permit =
                    uow.authorize(Operation::CertificateRead, &AccessFacts::collection())?;
                let row = store::certificates::find(uow.tx, &permit, id)?
                    .ok_or(ServiceError::NotFound)?;
                let covered = store::destruction_manifest::list_for_key(
                    uow.tx,
                    row.partnership_id,
                    &row.kind,
                    &row.key_id,
                )?;
                let scope = certificate_scope(&permit);
                let own_rows: Vec<&ManifestRow> = covered
                    .iter()
                    .filter(|row| {
                        is_own(row, scope) && object.is_none_or(|object| row.object_id == object)
                    })
                    .collect();
                let tree = manifest_tree(row.seed.as_slice(), &covered);
                let proofs: Vec<Proof> = own_rows
                    .iter()
                    .take(MAX_PROOFS)
                    .filter_map(|row| tree.proof(&row.object_kind, row.object_id))
                    .collect();
                let omitted = own_rows.len().saturating_sub(MAX_PROOFS);
                to_certificate_out(&row, proofs, omitted)
            },
        )
    }

    /// Lists the certificates that cover an object and that the caller may read.
    pub(crate) fn readable_certificate_ids(
        &self,
        uow: &mut UnitOfWork<'_, '_>,
        object: Uuid,
    ) -> ServiceResult<Vec<DeletionCertificateId>> {
        let partnership = uow.actor().partnership;
        let Ok(permit) = domain::decide_access(
            uow.actor(),
            Operation::CertificateRead,
            &AccessFacts::collection(),
        ) else {
            return Ok(Vec::new());
        };
        let mut readable = Vec::new();
        for id in store::certificates::list_for_object(uow.tx, partnership, object)? {
            readable.extend(store::certificates::find(uow.tx, &permit, id)?.map(|row| row.id));
        }
        Ok(readable)
    }
}

/// Whether a covered object is the reader's own.
pub(crate) fn is_own(row: &ManifestRow, scope: CertificateScope) -> bool {
    match scope {
        CertificateScope::Partnership => false,
        CertificateScope::Agency(agency) => {
            row.agency_id == agency || row.runs_agency_id == Some(agency)
        }
        CertificateScope::Own(practitioner) => row.owner_id == practitioner,
    }
}

pub(crate) fn to_certificate_out(
    row: &CertificateRow,
    proofs: Vec<Proof>,
    omitted: usize,
) -> ServiceResult<DeletionCertificateOut> {
    let certificate: Certificate = kernel::from_json_bytes(row.document.as_bytes())?;
    Ok(DeletionCertificateOut {
        id: row.id,
        issued_at: row.issued_at,
        certificate,
        proofs,
        proofs_left: i64::try_from(omitted).unwrap_or(i64::MAX),
        public_key: kernel::encode_base64(row.public_key.as_slice()),
        signature: kernel::encode_base64(row.signature.as_slice()),
    })
}
