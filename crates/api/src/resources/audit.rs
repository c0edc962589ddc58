//! The audit.

use actix_web::get;
use service::{AuditOut, Page};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::AuditRead;
use crate::reply::Reply;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_audit);
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
