//! The audit.

use actix_web::get;
use service::{AuditCheckpointOut, AuditConsistencyOut, AuditOut, AuditProofOut, AuditTileOut, Page};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{AuditCheckpointRead, AuditProve, AuditRead};
use crate::reply::Reply;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_audit).service(get_audit_checkpoint).service(get_audit_consistency);
    config.service(get_audit_tile).service(prove_audit_record);
}

/// Read the audit
///
/// Who did or tried what, to what, when, and why it was allowed; oldest first, `from` and `until` narrow it down. Reading it is itself audited.
#[utoipa::path(
    tag = "Audit",
    responses((status = 200, description = "A page of records", body = Page<AuditOut>)),
    extensions(("x-audit-event" = json!(AuditRead::WORD)))
)]
#[get("/v1/audit")]
pub(crate) async fn list_audit(asked: Asked<AuditRead>) -> Reply {
    asked
        .read(|ask| {
            let (filter, page) = ask.audit_filter()?;
            Ok(ask.service.audit(&ask.call, filter, page)?)
        })
        .await
}

/// See where the audit stands
///
/// The records of the partnership are the leaves of a Merkle tree (RFC 6962); its size and root are signed as a C2SP checkpoint. Whoever keeps one can prove later that nothing was taken out or changed.
#[utoipa::path(
    tag = "Audit",
    responses((status = 200, description = "The latest checkpoint", body = AuditCheckpointOut)),
    extensions(("x-audit-event" = json!(AuditCheckpointRead::WORD)))
)]
#[get("/v1/audit/checkpoint")]
pub(crate) async fn get_audit_checkpoint(asked: Asked<AuditCheckpointRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.audit_checkpoint(&ask.call)?)).await
}

/// Prove that the audit only grew
///
/// The proof of RFC 6962, section 2.1.2, that the tree of `to` records begins with that of `from`.
#[utoipa::path(
    tag = "Audit",
    responses((status = 200, description = "The proof", body = AuditConsistencyOut)),
    extensions(("x-audit-event" = json!(AuditCheckpointRead::WORD)))
)]
#[get("/v1/audit/consistency")]
pub(crate) async fn get_audit_consistency(asked: Asked<AuditCheckpointRead>) -> Reply {
    asked
        .read(|ask| {
            let (from, to) = ask.tree_sizes()?;
            Ok(ask.service.audit_consistency(&ask.call, from, to)?)
        })
        .await
}

/// Fetch hashes of the audit
///
/// Up to 256 hashes of one level of the tree. Level 0 holds the records' hashes, level 1 the roots of every 256 of them, and so on.
#[utoipa::path(
    tag = "Audit",
    responses((status = 200, description = "The hashes", body = AuditTileOut)),
    extensions(("x-audit-event" = json!(AuditCheckpointRead::WORD)))
)]
#[get("/v1/audit/tiles/{level}/{index}")]
pub(crate) async fn get_audit_tile(asked: Asked<AuditCheckpointRead>) -> Reply {
    asked
        .read(|ask| {
            let (level, index) = (ask.number("level")?, ask.number("index")?);
            Ok(ask.service.audit_tile(&ask.call, level, index)?)
        })
        .await
}

/// Prove a record
///
/// The record as it stands in the tree, and the proof of RFC 6962, section 2.1.1, that it is there: of the tree as it stands, or as it stood at `size`.
#[utoipa::path(
    tag = "Audit",
    responses((status = 200, description = "The proof", body = AuditProofOut)),
    extensions(("x-audit-event" = json!(AuditProve::WORD)))
)]
#[get("/v1/audit/records/{audit_id}/proof")]
pub(crate) async fn prove_audit_record(asked: Asked<AuditProve>) -> Reply {
    asked
        .read(|ask| {
            let (id, size) = (ask.id("audit_id")?, ask.tree_size()?);
            Ok(ask.service.audit_proof(&ask.call, id, size)?)
        })
        .await
}
