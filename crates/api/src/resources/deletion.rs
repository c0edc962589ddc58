//! Destruction before its time, certificates, and what is still there.

use actix_web::{get, post};
use service::{DeletionCertificateOut, DeletionCertificateSummary, DestructionIn, DestructionOut, Page, UnpurgedOut};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{CertificateList, CertificateRead, ChronologyDestroy, DestructionRead, UnpurgedList};
use crate::reply::Reply;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(destroy_chronology)
        .service(get_destruction)
        .service(list_deletion_certificates)
        .service(get_deletion_certificate)
        .service(list_unpurged);
}

/// Destroy a chronology
///
/// Before its time and for good: text, frozen views, links and keys, at once. Needs a signed-off view or a reason why no copy is kept; a legal hold forbids it. Where the partnership asks for two people (it does unless configured otherwise), the first call asks for it and nothing is destroyed; another team manager confirms it by sending `confirms` with the request's id, within seven days. Asked again it answers the same.
#[utoipa::path(
    tag = "Deletion", request_body = DestructionIn,
    responses((status = 200, description = "The chronology is destroyed, or its destruction is requested: see `state`", body = DestructionOut)),
    extensions(("x-audit-event" = json!(ChronologyDestroy::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/destruction")]
pub(crate) async fn destroy_chronology(asked: Asked<ChronologyDestroy>) -> Reply {
    asked
        .step(|ask| {
            let id = ask.id("chronology_id")?;
            Ok(ask.service.destroy_chronology(&ask.call, id, ask.body()?)?)
        })
        .await
}

/// Read whether a chronology is to be destroyed
///
/// A request that waits for a second person, or what was decided.
#[utoipa::path(
    tag = "Deletion",
    responses((status = 200, description = "The request or the decision", body = DestructionOut)),
    extensions(("x-audit-event" = json!(DestructionRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/destruction")]
pub(crate) async fn get_destruction(asked: Asked<DestructionRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.destruction(&ask.call, ask.id("chronology_id")?)?)).await
}

/// List deletion certificates
///
/// Those that cover something your agency contributed or ran, or that you wrote; all of them for an auditor. Oldest first.
#[utoipa::path(
    tag = "Deletion",
    responses((status = 200, description = "A page of certificates", body = Page<DeletionCertificateSummary>)),
    extensions(("x-audit-event" = json!(CertificateList::WORD)))
)]
#[get("/v1/deletion-certificates")]
pub(crate) async fn list_deletion_certificates(asked: Asked<CertificateList>) -> Reply {
    asked.read(|ask| Ok(ask.service.deletion_certificates(&ask.call, ask.page()?)?)).await
}

/// Read a deletion certificate
///
/// With the proofs that your own objects are among what it covers: the first 500, or that of `object`. Save the answer as a file and check it with `chronology verify-deletion`.
#[utoipa::path(
    tag = "Deletion",
    responses((status = 200, description = "The certificate", body = DeletionCertificateOut)),
    extensions(("x-audit-event" = json!(CertificateRead::WORD)))
)]
#[get("/v1/deletion-certificates/{certificate_id}")]
pub(crate) async fn get_deletion_certificate(asked: Asked<CertificateRead>) -> Reply {
    asked
        .read(|ask| {
            let id = ask.id("certificate_id")?;
            Ok(ask.service.deletion_certificate(&ask.call, id, ask.certificate_object()?)?)
        })
        .await
}

/// List what is over and still there
///
/// Identifiers and times of what has expired and is not deleted, and why: a legal hold, something that refers to it, or a failure. Nobody is served its content.
#[utoipa::path(
    tag = "Deletion",
    responses((status = 200, description = "A page of what is still there", body = Page<UnpurgedOut>)),
    extensions(("x-audit-event" = json!(UnpurgedList::WORD)))
)]
#[get("/v1/unpurged")]
pub(crate) async fn list_unpurged(asked: Asked<UnpurgedList>) -> Reply {
    asked.read(|ask| Ok(ask.service.unpurged(&ask.call, ask.page()?)?)).await
}
