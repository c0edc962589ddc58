//! The consolidated timeline and its frozen views.

use actix_web::{get, post};
use service::{ConsolidationOut, Page, SnapshotOut, TimelineOut};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ask::Asked;
use crate::permission::{ChronologyConsolidate, ConsolidationList, ConsolidationRead, SnapshotRead, TimelineRead};
use crate::reply::Reply;

/// Adds the routes of this file.
pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(get_timeline)
        .service(list_consolidations)
        .service(create_consolidation)
        .service(get_consolidation)
        .service(get_snapshot);
}

/// Read the timeline
///
/// Every live entry in order, each event once with every account and its source, under a header that says who has answered. The whole of it unless a limit is asked for or it is longer than 3 MiB; `next` then leads to the rest, so follow it until there is none. Rows that may be one event point to each other (`may_be_same`) and stay two until somebody decides; a row that a filter leaves out may still be pointed to.
#[utoipa::path(
    tag = "Timeline",
    responses((status = 200, description = "The timeline", body = TimelineOut)),
    extensions(("x-audit-event" = json!(TimelineRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/timeline")]
pub(crate) async fn get_timeline(asked: Asked<TimelineRead>) -> Reply {
    asked
        .read(|ask| {
            let (id, query) = (ask.id("chronology_id")?, ask.timeline_query()?);
            Ok(ask.service.timeline(&ask.call, id, query)?)
        })
        .await
}

/// List frozen views
///
/// Views frozen for meetings, without the views themselves.
#[utoipa::path(
    tag = "Timeline",
    responses((status = 200, description = "A page of frozen views", body = Page<ConsolidationOut>)),
    extensions(("x-audit-event" = json!(ConsolidationList::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/consolidations")]
pub(crate) async fn list_consolidations(asked: Asked<ConsolidationList>) -> Reply {
    asked
        .read(|ask| {
            let (id, page) = (ask.id("chronology_id")?, ask.page()?);
            Ok(ask.service.consolidations(&ask.call, id, page)?)
        })
        .await
}

/// Freeze the timeline
///
/// Keeps the timeline as it is now for a meeting.
#[utoipa::path(
    tag = "Timeline",
    responses((status = 201, description = "The frozen view", body = ConsolidationOut)),
    extensions(("x-audit-event" = json!(ChronologyConsolidate::WORD)))
)]
#[post("/v1/chronologies/{chronology_id}/consolidations")]
pub(crate) async fn create_consolidation(asked: Asked<ChronologyConsolidate>) -> Reply {
    asked
        .create(|ask| {
            ask.no_body()?;
            Ok(ask.service.consolidate(&ask.call, ask.id("chronology_id")?)?)
        })
        .await
}

/// Read a frozen view
///
/// The timeline as it was when it was frozen.
#[utoipa::path(
    tag = "Timeline",
    responses((status = 200, description = "The frozen view", body = ConsolidationOut)),
    extensions(("x-audit-event" = json!(ConsolidationRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/consolidations/{consolidation_id}")]
pub(crate) async fn get_consolidation(asked: Asked<ConsolidationRead>) -> Reply {
    asked
        .read(|ask| {
            let (id, view) = (ask.id("chronology_id")?, ask.id("consolidation_id")?);
            Ok(ask.service.consolidation(&ask.call, id, view)?)
        })
        .await
}

/// Export the snapshot
///
/// The view that was signed off, for the social-care record.
#[utoipa::path(
    tag = "Timeline",
    responses((status = 200, description = "The snapshot", body = SnapshotOut)),
    extensions(("x-audit-event" = json!(SnapshotRead::WORD)))
)]
#[get("/v1/chronologies/{chronology_id}/snapshot")]
pub(crate) async fn get_snapshot(asked: Asked<SnapshotRead>) -> Reply {
    asked.read(|ask| Ok(ask.service.snapshot(&ask.call, ask.id("chronology_id")?)?)).await
}
