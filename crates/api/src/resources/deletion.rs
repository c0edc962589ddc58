//! Early destruction, deletion certificates, and expired objects that are not deleted yet.

use actix_web::{get, post};
use domain::permission::{
    CertificateList, CertificateRead, ChronologyDestroy, DestructionRead, UnpurgedList,
};
use service::{
    DeletionCertificateOut, DeletionCertificateSummary, DestructionIn, DestructionOut, Page,
    UnpurgedOut,
};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

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
/// Destroys text, frozen views, links and keys at once and irreversibly, before the chronology expires. Requires a signed-off view, or a reason why no copy is kept; a legal hold prevents it. Where the partnership requires two people (the default), the first call only requests the destruction; another team manager confirms it within seven days by sending `confirms` with the request's id. Repeating the call returns the same result.
#[utoipa::path(
    tag = "Deletion", request_body = DestructionIn,
    responses((status = 200, description = "The chronology is destroyed, or its destruction is requested: see `state`", body = DestructionOut)),
    extensions(("x-audit-event" = json!(ChronologyDestroy::OPERATION_NAME)))
)]
#[post("/v1/chronologies/{chronology_id}/destruction")]
pub(crate) async fn destroy_chronology(request: Authorized<ChronologyDestroy>) -> HandlerResult {
    request
        .perform(|context| {
            let id = context.path_id("chronology_id")?;
            Ok(context.service.chronologies.destroy_chronology(
                &context.call,
                id,
                context.body()?,
            )?)
        })
        .await
}

/// Read the destruction of a chronology
///
/// The request that awaits a second person, or the decision.
#[utoipa::path(
    tag = "Deletion",
    responses((status = 200, description = "The request or the decision", body = DestructionOut)),
    extensions(("x-audit-event" = json!(DestructionRead::OPERATION_NAME)))
)]
#[get("/v1/chronologies/{chronology_id}/destruction")]
pub(crate) async fn get_destruction(request: Authorized<DestructionRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .chronologies
                .get_destruction(&context.call, context.path_id("chronology_id")?)?)
        })
        .await
}

/// List deletion certificates
///
/// The certificates that cover something your agency contributed or ran, or that you wrote; for an auditor, all certificates. Oldest first.
#[utoipa::path(
    tag = "Deletion",
    responses((status = 200, description = "A page of certificates", body = Page<DeletionCertificateSummary>)),
    extensions(("x-audit-event" = json!(CertificateList::OPERATION_NAME)))
)]
#[get("/v1/deletion-certificates")]
pub(crate) async fn list_deletion_certificates(
    request: Authorized<CertificateList>,
) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .retention
                .list_deletion_certificates(&context.call, context.page_query()?)?)
        })
        .await
}

/// Read a deletion certificate
///
/// The certificate with proofs that it covers your own objects: the first 500 of them, or only `object`. Save the response as a file and check it with `chronology verify-deletion`.
#[utoipa::path(
    tag = "Deletion",
    responses((status = 200, description = "The certificate", body = DeletionCertificateOut)),
    extensions(("x-audit-event" = json!(CertificateRead::OPERATION_NAME)))
)]
#[get("/v1/deletion-certificates/{certificate_id}")]
pub(crate) async fn get_deletion_certificate(
    request: Authorized<CertificateRead>,
) -> HandlerResult {
    request
        .read(|context| {
            let id = context.path_id("certificate_id")?;
            Ok(context.service.retention.get_deletion_certificate(
                &context.call,
                id,
                context.certificate_object()?,
            )?)
        })
        .await
}

/// List expired objects that are not deleted
///
/// Identifiers and times of objects that have expired but are not deleted yet, and why: a legal hold, another object that refers to them, or a failure. Their content is not served.
#[utoipa::path(
    tag = "Deletion",
    responses((status = 200, description = "A page of expired objects", body = Page<UnpurgedOut>)),
    extensions(("x-audit-event" = json!(UnpurgedList::OPERATION_NAME)))
)]
#[get("/v1/unpurged")]
pub(crate) async fn list_unpurged(request: Authorized<UnpurgedList>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .retention
                .list_unpurged(&context.call, context.page_query()?)?)
        })
        .await
}
