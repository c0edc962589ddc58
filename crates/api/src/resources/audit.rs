//! The audit.

use actix_web::get;
use domain::permission::{AuditCheckpointRead, AuditProve, AuditRead};
use service::{
    AuditCheckpointOut, AuditConsistencyOut, AuditOut, AuditProofOut, AuditTileOut, Page,
};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_audit)
        .service(get_audit_checkpoint)
        .service(get_audit_consistency);
    config.service(get_audit_tile).service(prove_audit_record);
}

/// Read the audit
///
/// Who did or attempted what, on which object, when, and why it was allowed; oldest first. `from` and `until` restrict the period. Reading the audit is itself audited.
#[utoipa::path(
    tag = "Audit",
    responses((status = 200, description = "A page of records", body = Page<AuditOut>)),
    extensions(("x-audit-event" = json!(AuditRead::OPERATION_NAME)))
)]
#[get("/v1/audit")]
pub(crate) async fn list_audit(request: Authorized<AuditRead>) -> HandlerResult {
    request
        .read(|context| {
            let (filter, page) = context.audit_filter()?;
            Ok(context
                .service
                .audit_log
                .list_audit_records(&context.call, filter, page)?)
        })
        .await
}

/// Read the latest audit checkpoint
///
/// The audit records of the partnership are the leaves of a Merkle tree (RFC 6962), whose size and root are signed as a C2SP checkpoint. A stored checkpoint allows a later proof that no record was removed or changed.
#[utoipa::path(
    tag = "Audit",
    responses((status = 200, description = "The latest checkpoint", body = AuditCheckpointOut)),
    extensions(("x-audit-event" = json!(AuditCheckpointRead::OPERATION_NAME)))
)]
#[get("/v1/audit/checkpoint")]
pub(crate) async fn get_audit_checkpoint(
    request: Authorized<AuditCheckpointRead>,
) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .audit_log
                .get_audit_checkpoint(&context.call)?)
        })
        .await
}

/// Prove that the audit is append-only
///
/// The consistency proof of RFC 6962, section 2.1.2, that the tree of `from` records is a prefix of the tree of `to` records.
#[utoipa::path(
    tag = "Audit",
    responses((status = 200, description = "The proof", body = AuditConsistencyOut)),
    extensions(("x-audit-event" = json!(AuditCheckpointRead::OPERATION_NAME)))
)]
#[get("/v1/audit/consistency")]
pub(crate) async fn get_audit_consistency(
    request: Authorized<AuditCheckpointRead>,
) -> HandlerResult {
    request
        .read(|context| {
            let (from, to) = context.tree_sizes()?;
            Ok(context
                .service
                .audit_log
                .get_audit_consistency_proof(&context.call, from, to)?)
        })
        .await
}

/// Read hashes of the audit tree
///
/// Up to 256 hashes of one level of the tree. Level 0 holds the hashes of the records, level 1 the roots of every 256 of them, and so on.
#[utoipa::path(
    tag = "Audit",
    responses((status = 200, description = "The hashes", body = AuditTileOut)),
    extensions(("x-audit-event" = json!(AuditCheckpointRead::OPERATION_NAME)))
)]
#[get("/v1/audit/tiles/{level}/{index}")]
pub(crate) async fn get_audit_tile(request: Authorized<AuditCheckpointRead>) -> HandlerResult {
    request
        .read(|context| {
            let level = context.path_number("level")?;
            let index = context.path_number("index")?;
            Ok(context
                .service
                .audit_log
                .get_audit_tile(&context.call, level, index)?)
        })
        .await
}

/// Prove that the audit contains a record
///
/// The record as it is in the tree, and the inclusion proof of RFC 6962, section 2.1.1, for the current tree or for the tree of `size` records.
#[utoipa::path(
    tag = "Audit",
    responses((status = 200, description = "The proof", body = AuditProofOut)),
    extensions(("x-audit-event" = json!(AuditProve::OPERATION_NAME)))
)]
#[get("/v1/audit/records/{audit_id}/proof")]
pub(crate) async fn prove_audit_record(request: Authorized<AuditProve>) -> HandlerResult {
    request
        .read(|context| {
            let id = context.path_id("audit_id")?;
            let size = context.tree_size()?;
            Ok(context
                .service
                .audit_log
                .get_audit_proof(&context.call, id, size)?)
        })
        .await
}
