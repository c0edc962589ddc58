//! Breaking the glass, and what follows from it.

use actix_web::{get, post};
use service::{AlertOut, EmergencyAccessIn, EmergencyAccessOut, EmergencyReviewIn, Page};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{AlertList, EmergencyEnd, EmergencyOpen, EmergencyRead, EmergencyReview};
use crate::reply::Reply;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(open_emergency_access)
        .service(get_emergency_access)
        .service(end_emergency_access)
        .service(review_emergency_access)
        .service(list_alerts);
}

/// Break the glass
///
/// Gives leave to read chronologies whose team you are not on, for a short time: timeline, links, chronology, fragments, invitations and a frozen view, and nothing that writes. Restricted entries and criminal-offence data stay hidden, whatever you may read otherwise. By a child's number an access is opened, on record and told whoever the number is of; when it is nobody's, or several records have it, the access is to no chronology. While more of your accesses than the partnership allows (3) await a review, you open no other (`reviews_outstanding`). Everything read under it bears a notice to be shown in red; the owner and the data protection officer are told; somebody else reviews it.
#[utoipa::path(
    tag = "Emergency access", request_body = EmergencyAccessIn,
    responses((status = 201, description = "The access", body = EmergencyAccessOut)),
    extensions(("x-audit-event" = json!(EmergencyOpen::WORD)))
)]
#[post("/v1/emergency-accesses")]
pub(crate) async fn open_emergency_access(asked: Asked<EmergencyOpen>) -> Reply {
    asked.create(|ask| Ok(ask.service.open_emergency_access(&ask.call, ask.body()?)?)).await
}

/// Read an emergency access
///
/// With the reason in words, and what its review found.
#[utoipa::path(
    tag = "Emergency access",
    responses((status = 200, description = "The access", body = EmergencyAccessOut)),
    extensions(("x-audit-event" = json!(EmergencyRead::WORD)))
)]
#[get("/v1/emergency-accesses/{emergency_access_id}")]
pub(crate) async fn get_emergency_access(asked: Asked<EmergencyRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.emergency_access(&ask.call, ask.id("emergency_access_id")?)?)).await
}

/// End an emergency access
///
/// Before its time. Nothing more is read under it.
#[utoipa::path(
    tag = "Emergency access",
    responses((status = 200, description = "The access, ended", body = EmergencyAccessOut)),
    extensions(("x-audit-event" = json!(EmergencyEnd::WORD)))
)]
#[post("/v1/emergency-accesses/{emergency_access_id}/end")]
pub(crate) async fn end_emergency_access(asked: Asked<EmergencyEnd>) -> Reply {
    asked
        .step(|ask| {
            ask.no_body()?;
            Ok(ask.service.end_emergency_access(&ask.call, ask.id("emergency_access_id")?)?)
        })
        .await
}

/// Review an emergency access
///
/// Once, and never by whoever broke the glass. An access that is found unjustified while it runs ends at once; for any other finding it has to be over.
#[utoipa::path(
    tag = "Emergency access", request_body = EmergencyReviewIn,
    responses((status = 200, description = "The access, reviewed", body = EmergencyAccessOut)),
    extensions(("x-audit-event" = json!(EmergencyReview::WORD)))
)]
#[post("/v1/emergency-accesses/{emergency_access_id}/review")]
pub(crate) async fn review_emergency_access(asked: Asked<EmergencyReview>) -> Reply {
    asked
        .step(|ask| {
            let id = ask.id("emergency_access_id")?;
            Ok(ask.service.review_emergency_access(&ask.call, id, ask.body()?)?)
        })
        .await
}

/// List alerts
///
/// Emergency accesses, newest first, with whether they were reviewed. Ids, times and words from closed lists; nothing of the family.
#[utoipa::path(
    tag = "Emergency access",
    responses((status = 200, description = "A page of alerts", body = Page<AlertOut>)),
    extensions(("x-audit-event" = json!(AlertList::WORD)))
)]
#[get("/v1/alerts")]
pub(crate) async fn list_alerts(asked: Asked<AlertList>) -> Reply {
    asked.read(|ask| Ok(ask.service.alerts(&ask.call, ask.page()?)?)).await
}
