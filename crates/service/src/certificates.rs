//! Reading deletion certificates: each agency those that cover something of its own, with the proofs for that alone.

use domain::{CertificateReach, DeletionCertificateId, Facts, Operation, certificate_reach};
use store::{CertificateRow, CoveredRow};
use uuid::Uuid;
use vault::certificate::{Certificate, Proof};

use crate::session::{Call, Scene, Trail};
use crate::upkeep::covering;
use crate::{Answer, DeletionCertificateOut, DeletionCertificateSummary, Page, PageQuery, Service, ServiceError};

/// Proofs in one answer; more are asked for object by object.
const MOST_PROOFS: usize = 500;

impl Service {
    /// The certificates that cover something of the caller's, in the order of their making; all for an auditor.
    ///
    /// # Errors
    /// As every read.
    pub fn deletion_certificates(&self, call: &Call, query: PageQuery) -> Answer<Page<DeletionCertificateSummary>> {
        self.read(call, Operation::CertificateList, Trail::of("certificate"), |scene| {
            let permit = scene.permit_collection(Operation::CertificateList)?;
            let slice = self.slice(scene, "deletion_certificates", &query)?;
            let rows = store::certificates::page(scene.tx, &permit, slice.after, slice.limit + 1)?;
            let key = |row: &CertificateRow| (row.issued_at, row.id.0);
            self.page(scene, "deletion_certificates", &slice, rows, key, |row| {
                Ok(DeletionCertificateSummary {
                    id: row.id,
                    key_kind: row.kind,
                    key_id: row.key_id,
                    issued_at: row.issued_at,
                })
            })
        })
    }

    /// One certificate, with the proofs for the caller's own objects: for one of them, or the first 500 by identifier.
    ///
    /// # Errors
    /// As every read; [`ServiceError::NotFound`] when it covers nothing of the caller's.
    pub fn deletion_certificate(
        &self,
        call: &Call,
        id: DeletionCertificateId,
        object: Option<Uuid>,
    ) -> Answer<DeletionCertificateOut> {
        self.read(call, Operation::CertificateRead, Trail::about("certificate", id), |scene| {
            let permit = scene.permit(Operation::CertificateRead, &Facts::collection())?;
            let row = store::certificates::find(scene.tx, &permit, id)?.ok_or(ServiceError::NotFound)?;
            let covered = store::covered::of_key(scene.tx, row.partnership_id, &row.kind, &row.key_id)?;
            let reach = certificate_reach(&permit);
            let own: Vec<&CoveredRow> = covered
                .iter()
                .filter(|one| belongs(one, reach) && object.is_none_or(|object| one.object_id == object))
                .collect();
            let tree = covering(row.seed.as_slice(), &covered);
            let proofs: Vec<Proof> =
                own.iter().take(MOST_PROOFS).filter_map(|one| tree.proof(&one.object_kind, one.object_id)).collect();
            let left = own.len().saturating_sub(MOST_PROOFS);
            certificate_out(&row, proofs, left)
        })
    }

    /// The certificates that cover an object, those that the caller may read.
    pub(crate) fn certificates_of(
        &self,
        scene: &mut Scene<'_, '_>,
        object: Uuid,
    ) -> Answer<Vec<DeletionCertificateId>> {
        let partnership = scene.actor().partnership;
        let Ok(permit) = domain::decide(scene.actor(), Operation::CertificateRead, &Facts::collection()) else {
            return Ok(Vec::new());
        };
        let mut readable = Vec::new();
        for id in store::certificates::of_object(scene.tx, partnership, object)? {
            readable.extend(store::certificates::find(scene.tx, &permit, id)?.map(|row| row.id));
        }
        Ok(readable)
    }
}

/// Whether something covered is the reader's own.
fn belongs(row: &CoveredRow, reach: CertificateReach) -> bool {
    match reach {
        CertificateReach::Partnership => false,
        CertificateReach::Agency(agency) => row.agency_id == agency || row.runs_agency_id == Some(agency),
        CertificateReach::Own(practitioner) => row.owner_id == practitioner,
    }
}

fn certificate_out(row: &CertificateRow, proofs: Vec<Proof>, left: usize) -> Answer<DeletionCertificateOut> {
    let certificate: Certificate = crate::sealing::from_bytes(row.document.as_bytes())?;
    Ok(DeletionCertificateOut {
        id: row.id,
        issued_at: row.issued_at,
        certificate,
        proofs,
        proofs_left: i64::try_from(left).unwrap_or(i64::MAX),
        public_key: crate::model::base64(row.public_key.as_slice()),
        signature: crate::model::base64(row.signature.as_slice()),
    })
}
