//! Emergency (break-glass) access, its alerts and its review.

use actix_web::{get, post};
use domain::permission::{AlertList, EmergencyEnd, EmergencyOpen, EmergencyRead, EmergencyReview};
use service::{AlertOut, EmergencyAccessIn, EmergencyAccessOut, EmergencyReviewIn, Page};
use utoipa_actix_web::service_config::ServiceConfig;
use web::extract::Authorized;
use web::response::HandlerResult;

use crate::response::JsonResponder as _;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(open_emergency_access)
        .service(get_emergency_access)
        .service(end_emergency_access)
        .service(review_emergency_access)
        .service(list_alerts);
}

/// Open an emergency access
///
/// Breaks the glass: grants read access, for a short time, to chronologies whose team you are not on: the chronology, its timeline, links, fragments, invitations and a frozen view. It permits no writes. Restricted entries and criminal-offence data stay hidden, whatever you may read otherwise. An access requested by a child's number is opened, recorded and reported in every case; when the number belongs to nobody or to several records, it covers no chronology. While more of your accesses than the partnership allows (3) await review, you cannot open another (`reviews_outstanding`). Everything read under the access carries a notice that is to be shown in red; the owner and the data protection officer are notified; another person reviews the access.
#[utoipa::path(
    tag = "Emergency access", request_body = EmergencyAccessIn,
    responses((status = 201, description = "The access", body = EmergencyAccessOut)),
    extensions(("x-audit-event" = json!(EmergencyOpen::OPERATION_NAME)))
)]
#[post("/v1/emergency-accesses")]
pub(crate) async fn open_emergency_access(request: Authorized<EmergencyOpen>) -> HandlerResult {
    request
        .create(|context| {
            Ok(context
                .service
                .emergency_access
                .open_emergency_access(&context.call, context.body()?)?)
        })
        .await
}

/// Read an emergency access
///
/// The access with the stated reason and the outcome of its review.
#[utoipa::path(
    tag = "Emergency access",
    responses((status = 200, description = "The access", body = EmergencyAccessOut)),
    extensions(("x-audit-event" = json!(EmergencyRead::OPERATION_NAME)))
)]
#[get("/v1/emergency-accesses/{emergency_access_id}")]
pub(crate) async fn get_emergency_access(request: Authorized<EmergencyRead>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .emergency_access
                .get_emergency_access(&context.call, context.path_id("emergency_access_id")?)?)
        })
        .await
}

/// End an emergency access
///
/// Ends the access before its expiry. Nothing more can be read under it.
#[utoipa::path(
    tag = "Emergency access",
    responses((status = 200, description = "The ended access", body = EmergencyAccessOut)),
    extensions(("x-audit-event" = json!(EmergencyEnd::OPERATION_NAME)))
)]
#[post("/v1/emergency-accesses/{emergency_access_id}/end")]
pub(crate) async fn end_emergency_access(request: Authorized<EmergencyEnd>) -> HandlerResult {
    request
        .perform(|context| {
            context.require_empty_body()?;
            Ok(context
                .service
                .emergency_access
                .end_emergency_access(&context.call, context.path_id("emergency_access_id")?)?)
        })
        .await
}

/// Review an emergency access
///
/// An access is reviewed once, and never by the person who opened it. An access found unjustified ends at once; any other finding requires that the access has ended.
#[utoipa::path(
    tag = "Emergency access", request_body = EmergencyReviewIn,
    responses((status = 200, description = "The reviewed access", body = EmergencyAccessOut)),
    extensions(("x-audit-event" = json!(EmergencyReview::OPERATION_NAME)))
)]
#[post("/v1/emergency-accesses/{emergency_access_id}/review")]
pub(crate) async fn review_emergency_access(request: Authorized<EmergencyReview>) -> HandlerResult {
    request
        .perform(|context| {
            let id = context.path_id("emergency_access_id")?;
            Ok(context.service.emergency_access.review_emergency_access(
                &context.call,
                id,
                context.body()?,
            )?)
        })
        .await
}

/// List alerts
///
/// Emergency accesses, newest first, and whether they have been reviewed: ids, times and enum values, but no data about the family.
#[utoipa::path(
    tag = "Emergency access",
    responses((status = 200, description = "A page of alerts", body = Page<AlertOut>)),
    extensions(("x-audit-event" = json!(AlertList::OPERATION_NAME)))
)]
#[get("/v1/alerts")]
pub(crate) async fn list_alerts(request: Authorized<AlertList>) -> HandlerResult {
    request
        .read(|context| {
            Ok(context
                .service
                .emergency_access
                .list_alerts(&context.call, context.page_query()?)?)
        })
        .await
}
